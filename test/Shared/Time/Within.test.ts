import { expect, test } from 'vitest';
import { within } from '../../../Shared/Time/Within.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

/** Work that ends as soon as its signal aborts. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'));
  });

test('the signal of the work aborts after the time, with the given one, or never', async () => {
  const clock = new SimulatedClock();
  const late = within(clock, 100, undefined, untilAborted);
  clock.advance(100);
  expect(await late).toBe('aborted');
  const stop = new AbortController();
  const stopped = within(clock, 100, stop.signal, untilAborted);
  stop.abort();
  expect(await stopped).toBe('aborted');
  expect(await within(clock, 100, stop.signal, untilAborted)).toBe('aborted');
  const given = new AbortController();
  let limited: AbortSignal | undefined;
  const work = async (signal: AbortSignal) => {
    limited = signal;
    throw new Error('of the work');
  };
  await expect(within(clock, 100, given.signal, work)).rejects.toThrow('of the work');
  clock.advance(100);
  given.abort();
  expect(limited?.aborted).toBe(false); // The work is over.
});
