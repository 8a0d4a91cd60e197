import { describe, expect, test } from 'vitest';
import { RarityOrder } from '../../../../Peer/Downloads/Picking/RarityOrder.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

describe('RarityOrder', () => {
  test.each(seeds(50))('is always sorted by holders, and holds what was added (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const size = random.int(1, 60);
    const order = new RarityOrder(size, random.next);
    const counts = Array<number>(size).fill(0);
    const inside = new Set<number>();
    for (let step = 0; step < 400; step++) {
      const chunk = random.int(0, size - 1);
      const change = random.int(0, 3);
      if (change === 0) {
        order.add(chunk);
        inside.add(chunk);
      } else if (change === 1) {
        order.remove(chunk);
        inside.delete(chunk);
      } else if (change === 2) {
        order.raise(chunk);
        counts[chunk] = (counts[chunk] ?? 0) + 1;
      } else {
        order.lower(chunk);
        counts[chunk] = Math.max(0, (counts[chunk] ?? 0) - 1);
      }
    }
    const listed = Array.from({ length: order.length }, (_, place) => order.at(place));
    expect(new Set(listed)).toEqual(inside);
    const rarities = listed.map((chunk) => counts[chunk] ?? 0);
    expect(rarities).toEqual([...rarities].sort((one, other) => one - other));
    expect(order.unheld).toBe(rarities.filter((count) => count === 0).length);
  });
});
