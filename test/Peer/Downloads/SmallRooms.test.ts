import { describe, expect, test } from 'vitest';
import { findDownload } from '../../../Peer/Downloads/FindDownload.ts';
import { inParallel } from '../../../Peer/Downloads/Folder/InParallel.ts';
import { ChunkSet } from '../../../Peer/Downloads/Picking/ChunkSet.ts';
import { RarityOrder } from '../../../Peer/Downloads/Picking/RarityOrder.ts';
import { locateAtMs } from '../../../Peer/Downloads/Sources/LocateTimes.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';

describe('ChunkSet', () => {
  test.each(seeds(50))('does what a plain Set does (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const size = random.pick([1, 31, 32, 33, 1_024, 1_025, 5_000]);
    const chunks = new ChunkSet(size);
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

test('locate: at 0, 1, 2, 4, 8, 16 s, then every 30 s', () => {
  const asks = Array.from({ length: 9 }, (_, ask) => locateAtMs(ask) / 1_000);
  expect(asks).toEqual([0, 1, 2, 4, 8, 16, 46, 76, 106]);
});

describe('findDownload', () => {
  const downloads = [
    { number: 1, fileId: 'abcd1234', path: 'films/Film.mkv' },
    { number: 2, fileId: 'abcd9999', path: 'film two.mkv' },
    { number: 3, fileId: undefined, path: 'Photos/' },
  ];
  test.each([
    ['1', 1],
    ['#2', 2],
    ['film.mkv', 1],
    ['FILMS/FILM.MKV', 1],
    ['abcd9', 2],
    ['photos', 3],
    ['photos/', 3],
    ['two', 2],
  ])('%s is download %i', (text, number) => expect(findDownload(text, downloads).number).toBe(number));

  test('several fit: the hint lists them', () => {
    expect(() => findDownload('film', downloads)).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS', hint: expect.stringContaining('1 (films/Film.mkv)') }),
    );
    expect(() => findDownload('abcd', downloads)).toThrow(expect.objectContaining({ code: 'AMBIGUOUS' }));
  });

  test.each(['9', 'nothing', ''])('"%s" is none', (text) =>
    expect(() => findDownload(text, downloads)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' })),
  );
});

test('inParallel: never more at once than allowed, and nothing new after a failure', async () => {
  let active = 0;
  let most = 0;
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    most = Math.max(most, ++active);
    await Promise.resolve();
    active--;
    if (item === 5) throw new Error('five');
  };
  await expect(inParallel([...Array(20).keys()], 3, work)).rejects.toThrow('five');
  expect(most).toBe(3);
  expect(begun.length).toBeLessThan(10);
});
