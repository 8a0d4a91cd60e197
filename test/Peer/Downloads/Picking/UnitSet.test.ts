import { describe, expect, test } from 'vitest';
import { UnitSet } from '../../../../Peer/Downloads/Picking/UnitSet.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

describe('UnitSet', () => {
  test.each(seeds(15))('does what a plain Set does (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const size = random.pick([1, 31, 32, 33, 1_024, 1_025, 5_000]);
    const chunks = new UnitSet(size);
    const plain = new Set<number>();
    for (let step = 0; step < 300; step++) {
      const chunk = random.int(0, size - 1);
      if (random.chance(0.6)) expect(chunks.add(chunk)).toBe(plain.size < plain.add(chunk).size);
      else expect(chunks.delete(chunk)).toBe(plain.delete(chunk));
      const from = random.int(-1, size);
      const after = [...plain].filter((each) => each >= from);
      expect(chunks.next(from)).toBe(after.length === 0 ? -1 : Math.min(...after));
      expect(chunks.count).toBe(plain.size);
    }
  });
});
