import { expect, test } from 'vitest';
import { UnderWay } from '../../../Shared/Async/UnderWay.ts';

test('waits end with the last task, and at once without a task', async () => {
  const underWay = new UnderWay();
  const told: string[] = [];
  await underWay.settled();
  underWay.begin();
  underWay.begin();
  const waiting = ['first', 'second'].map((name) => underWay.settled().then(() => told.push(name)));
  underWay.end();
  await Promise.resolve();
  expect([underWay.any, told]).toEqual([true, []]);
  underWay.end();
  expect(underWay.any).toBe(false);
  await Promise.all(waiting);
  expect(told).toEqual(['first', 'second']);
});

test('a task started after the end is awaited by later waits', async () => {
  const underWay = new UnderWay();
  underWay.begin();
  const before = underWay.settled();
  underWay.end();
  underWay.begin();
  await before;
  let told = false;
  const after = underWay.settled().then(() => {
    told = true;
  });
  await Promise.resolve();
  expect(told).toBe(false);
  underWay.end();
  await after;
});
