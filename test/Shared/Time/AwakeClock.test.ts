import { expect, test } from 'vitest';
import { awakeClock } from '../../../Shared/Time/AwakeClock.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

/** A clock that can jump ahead without timers, as after a stop of the process. */
function jumping() {
  const simulated = new SimulatedClock();
  let jumpedMs = 0;
  const base: Clock = {
    nowMs: () => simulated.nowMs() + jumpedMs,
    after: (delayMs, task) => simulated.after(delayMs, task),
  };
  const jump = (ms: number) => {
    jumpedMs += ms;
  };
  return { simulated, clock: awakeClock(base), jump };
}

test('while awake it equals the underlying clock', () => {
  const { simulated, clock } = jumping();
  const beganMs = clock.nowMs();
  const ran: number[] = [];
  for (const ms of [0, 10, 2_500, 60_000]) clock.after(ms, () => ran.push(clock.nowMs() - beganMs));
  clock.after(20, () => ran.push(-1))();
  simulated.advance(100_000);
  expect(ran).toEqual([0, 10, 2_500, 60_000]);
  expect(clock.nowMs() - beganMs).toBe(100_000);
});

test('time asleep does not pass: no timer becomes due by it', () => {
  const { simulated, clock, jump } = jumping();
  const beganMs = clock.nowMs();
  let ran: number | undefined;
  clock.after(10_000, () => {
    ran = clock.nowMs() - beganMs;
  });
  simulated.advance(4_000);
  jump(3_600_000);
  expect(clock.nowMs() - beganMs).toBe(4_000);
  simulated.advance(5_500);
  expect(ran).toBeUndefined();
  jump(50_000);
  simulated.advance(100_000);
  expect(ran).toBeGreaterThanOrEqual(9_998);
  expect(ran).toBeLessThan(14_000);
});

test('a pause of a second or two passes normally', () => {
  const { simulated, clock, jump } = jumping();
  const beganMs = clock.nowMs();
  simulated.advance(900);
  jump(2_000);
  expect(clock.nowMs() - beganMs).toBe(2_900);
});
