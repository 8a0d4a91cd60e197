import { expect, test } from 'vitest';
import { timelyAnswers } from '../../../Peer/UseCases/TimelyAnswers.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const NEVER = new Promise<never>(() => {});
const signal = new AbortController().signal;

test('equal peers are awaited one by one, without a review where none can be gone', async () => {
  const clock = new SimulatedClock();
  let timers = 0;
  const counting = {
    nowMs: clock.nowMs,
    after: (ms: number, task: () => void) => {
      timers++;
      return clock.after(ms, task);
    },
  };
  let asked = 0;
  const ask = () => (++asked === 1 ? Promise.resolve('list') : NEVER);
  const answer = timelyAnswers(['anna', 'anna'], ask, { clock: counting, signal, suffice: () => true });
  expect(await clock.settle(answer)).toEqual({ answers: ['list'], late: 1 });
  expect([clock.nowMs(), timers]).toEqual([3_000, 1]);
});

test('after 3 s the first answer ends the wait', async () => {
  const clock = new SimulatedClock();
  const ask = (atMs: number) => new Promise<number>((resolve) => void clock.after(atMs, () => resolve(atMs)));
  const suffice = (answers: readonly number[]) => answers.length > 0;
  const answer = timelyAnswers([9_000, 4_000], ask, { clock, signal, suffice, isGone: () => false });
  expect(await clock.settle(answer)).toEqual({ answers: [4_000], late: 1 });
  expect(clock.nowMs()).toBe(4_000);
});
