import { expect, test } from 'vitest';
import { PathReasons } from '../../../../Peer/Files/Watching/PathReasons.ts';

test('paths are counted by reason, the most frequent first', () => {
  const reasons = new PathReasons();
  expect(reasons.set('a', 'link')).toBe(true);
  expect(reasons.set('a', 'link')).toBe(false);
  reasons.set('d/b', 'hidden');
  reasons.set('d/c', 'hidden');
  expect(reasons.counts()).toEqual([
    { reason: 'hidden', count: 2 },
    { reason: 'link', count: 1 },
  ]);
  reasons.set('d/c', 'link');
  reasons.delete('a');
  reasons.delete('never there');
  expect(reasons.size).toBe(2);
  expect(reasons.counts()).toEqual([
    { reason: 'link', count: 1 },
    { reason: 'hidden', count: 1 },
  ]);
  reasons.delete('d/b');
  reasons.delete('d/c');
  expect([reasons.size, reasons.counts(), reasons.namesIn('d')]).toEqual([0, [], []]);
});

test('some of the paths are listed, the latest first', () => {
  const reasons = new PathReasons();
  for (const path of ['a', 'd/1', 'd/2', 'd/3']) reasons.set(path, 'x');
  expect(reasons.some(3).map(({ path }) => path)).toEqual(['d/3', 'd/2', 'd/1']);
  expect(reasons.some(9).at(-1)).toEqual({ path: 'a', reason: 'x' });
});
