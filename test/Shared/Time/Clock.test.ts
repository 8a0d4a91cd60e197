import { expect, test } from 'vitest';
import { every, sleep, systemClock } from '../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

test('sleep ends after its time', async () => {
  const clock = new SimulatedClock();
  await clock.settle(sleep(clock, 500));
  expect(clock.nowMs()).toBe(500);
});

test('sleep ends early when aborted, also before it began, and leaves no timer', async () => {
  const clock = new SimulatedClock();
  const stop = new AbortController();
  const sleeping = sleep(clock, 500, stop.signal);
  clock.advance(100);
  stop.abort();
  await clock.settle(sleeping);
  await clock.settle(sleep(clock, 500, stop.signal));
  expect([clock.nowMs(), clock.pending]).toEqual([100, 0]);
});

test('many sleeps leave no listener on their signal', async () => {
  const clock = new SimulatedClock();
  const counts = { added: 0, removed: 0 };
  const signal = new AbortController().signal;
  const counted = Object.assign(signal, {
    addEventListener: () => counts.added++,
    removeEventListener: () => counts.removed++,
  });
  for (let round = 0; round < 20; round++) await clock.settle(sleep(clock, 1, counted));
  expect(counts).toEqual({ added: 20, removed: 20 });
});

test('every repeats until stopped, also from inside the task', () => {
  const clock = new SimulatedClock();
  const beats: number[] = [];
  const stop = every(clock, 10, () => beats.push(clock.nowMs()));
  clock.advance(35);
  stop();
  clock.advance(35);
  expect(beats).toEqual([10, 20, 30]);

  const stopInside = every(clock, 10, () => stopInside());
  clock.advance(100);
  expect(clock.pending).toBe(0);
});

test('the real clock does not run a timer of a month at once', async () => {
  let ran = false;
  const cancel = systemClock.after(2 ** 31 + 1_000, () => {
    ran = true;
  });
  const before = systemClock.nowMs();
  await new Promise<void>((resolve) => void setTimeout(resolve, 5));
  cancel();
  expect(ran).toBe(false);
  expect(systemClock.nowMs() - before).toBeGreaterThanOrEqual(4);
});
