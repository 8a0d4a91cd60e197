import { expect, test } from 'vitest';
import { SeededRandom } from '../../Shared/SeededRandom.ts';

test('one seed, one sequence; another seed, another one', () => {
  const draw = (seed: number) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 20 }, random.next);
  };
  expect(draw(7)).toEqual(draw(7));
  const all = new Set(Array.from({ length: 200 }, (_, seed) => draw(seed)).flat());
  expect(all.size).toBe(4_000);
});

test('numbers are spread evenly and stay inside their bounds', () => {
  const random = new SeededRandom(1);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 60_000; draw++) {
    const value = random.int(-2, 3);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('shuffle keeps every item and reorders them; pick refuses an empty list', () => {
  const random = new SeededRandom(3);
  const items = Array.from({ length: 50 }, (_, index) => index);
  const shuffled = random.shuffle(items);
  expect(shuffled).not.toEqual(items);
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  expect(() => random.pick([])).toThrow(RangeError);
  expect(new Set(random.bytes(4_099)).size).toBe(256);
});
