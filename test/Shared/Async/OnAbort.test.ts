import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';

test('many listeners of one signal are called once each, and removed ones leave nothing on it', () => {
  const { signal } = new AbortController();
  const ending = new AbortController();
  const stops = Array.from({ length: 20 }, () => onAbort(signal, () => {}));
  expect(getEventListeners(signal, 'abort')).toHaveLength(20);
  for (const stop of stops) stop();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);

  const told: number[] = [];
  const [first] = [0, 1, 2].map((number) => onAbort(ending.signal, () => told.push(number)));
  first?.();
  ending.abort();
  expect(told).toEqual([1, 2]);
});
