import { expect, test } from 'vitest';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { sleep } from '../../Shared/Time/Clock.ts';
import { SimulatedClock } from './SimulatedClock.ts';
import { seeds } from './seeds.ts';

test.each(seeds(50))(
  'timers run in order of moment, then of setting; cancelled ones never (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const clock = new SimulatedClock();
    const ran: { at: number; serial: number }[] = [];
    const expected: { at: number; serial: number }[] = [];
    for (let serial = 0; serial < 200; serial++) {
      const at = random.int(0, 40);
      const cancel = clock.after(at, () => ran.push({ at: clock.nowMs(), serial }));
      if (random.chance(0.2)) cancel();
      else expected.push({ at, serial });
    }
    expect(clock.pending).toBe(expected.length);
    clock.advance(40);
    expect(ran).toEqual(expected.toSorted((a, b) => a.at - b.at || a.serial - b.serial));
    expect(clock.pending).toBe(0);
  },
);

test('a timer set by a timer runs in the same advance if it is due within it', () => {
  const clock = new SimulatedClock();
  const ran: number[] = [];
  clock.after(10, () => clock.after(10, () => ran.push(clock.nowMs())));
  clock.advance(19);
  expect(ran).toEqual([]);
  clock.advance(1);
  expect(ran).toEqual([20]);
  expect(clock.nowMs()).toBe(20);
});

test('promises run between two timers', async () => {
  const clock = new SimulatedClock();
  const order: string[] = [];
  const walk = async () => {
    await sleep(clock, 10);
    for (let depth = 0; depth < 50; depth++) await Promise.resolve();
    order.push('promise');
  };
  const walking = walk();
  clock.after(11, () => order.push('timer'));
  await clock.advanceAsync(20);
  await walking;
  expect(order).toEqual(['promise', 'timer']);
});

test('settle returns the value, throws the reason, or throws if the promise cannot settle', async () => {
  const clock = new SimulatedClock();
  expect(await clock.settle(sleep(clock, 3_600_000).then(() => 'value'))).toBe('value');
  expect(clock.nowMs()).toBe(3_600_000);
  await expect(clock.settle(Promise.reject(new Error('failure')))).rejects.toThrow('failure');
  await expect(clock.settle(new Promise(() => {}))).rejects.toThrow('nothing is left to happen');
  const again = () => void clock.after(1_000, again);
  again();
  await expect(clock.settle(new Promise(() => {}), 60_000)).rejects.toThrow('60000 ms of simulated time');
  await expect(clock.runUntilIdle(60_000)).rejects.toThrow('still not idle');
});

test('an error in a timer is thrown by the call that advanced time', async () => {
  const clock = new SimulatedClock();
  clock.after(1, () => {
    throw new Error('from the timer');
  });
  await expect(clock.settle(sleep(clock, 2))).rejects.toThrow('from the timer');
});
