import { expect, test } from 'vitest';
import { ShareProblems } from '../../../../Peer/Files/Catalog/ShareProblems.ts';

function desk() {
  const told: string[] = [];
  return { told, problems: new ShareProblems((text) => told.push(text)) };
}

test('a problem is reported once, however often it comes and goes', () => {
  const { told, problems } = desk();
  for (let n = 0; n < 3; n++) {
    problems.problem('log', 'is being written');
    problems.problem('log', 'is being written');
    problems.resolved('log');
  }
  problems.problem('log', 'cannot be read (EACCES)');
  problems.problem('', 'the folder cannot be read (EACCES)');
  expect(told).toEqual([
    'log: is being written',
    'log: cannot be read (EACCES)',
    'the folder cannot be read (EACCES)',
  ]);
});

test('beyond 50 problems one summary is reported; all are counted, 20 listed', () => {
  const { told, problems } = desk();
  for (let n = 0; n < 200; n++) problems.problem(`f${n}`, 'is a link');
  expect(told).toHaveLength(51);
  expect(told.at(-1)).toContain('status');
  expect(problems.facts.notShared).toEqual([{ reason: 'is a link', count: 200 }]);
  expect(problems.facts.problems).toHaveLength(20);
  expect(problems.facts.problems[0]).toEqual({ path: 'f199', reason: 'is a link' });
});

test('of 1,000 reports it is remembered that they were made', () => {
  const { told, problems } = desk();
  const comesAndGoes = (n: number) => {
    problems.problem(`f${n}`, 'is a link');
    problems.resolved(`f${n}`);
  };
  for (let n = 0; n < 1_000; n++) comesAndGoes(n);
  comesAndGoes(0);
  expect(told).toHaveLength(1_000);
  comesAndGoes(1_000);
  comesAndGoes(0);
  expect(told).toHaveLength(1_002);
});

test('removed names are no longer counted', () => {
  const { problems } = desk();
  problems.problem('d/link', 'is a link');
  problems.problem('d/e/link', 'is a link');
  problems.ignored('d/.x', 'hidden');
  problems.ignored('d/.y', 'hidden');
  problems.listed('d', () => new Set(['.y', 'e']));
  expect(problems.facts.notShared).toEqual([{ reason: 'is a link', count: 1 }]);
  expect(problems.facts.ignored).toEqual([{ reason: 'hidden', count: 1 }]);
});

test('a path has one reason: ignored, not shared, or none', () => {
  const { problems } = desk();
  problems.ignored('x', 'pipe');
  problems.problem('x', 'is a link');
  expect(problems.facts).toMatchObject({ ignored: [], notShared: [{ count: 1 }] });
  problems.ignored('x', 'pipe');
  expect(problems.facts).toMatchObject({ ignored: [{ count: 1 }], notShared: [], problems: [] });
  problems.resolved('x');
  expect(problems.facts).toMatchObject({ ignored: [], notShared: [] });
});
