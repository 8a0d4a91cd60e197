import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { roomFor } from '../../../Tracker/Catalog/BlockSizes.ts';
import { HashTable } from '../../../Tracker/Catalog/HashTable.ts';
import { IntArena } from '../../../Tracker/Catalog/IntArena.ts';
import { KeyedHash } from '../../../Tracker/Catalog/KeyedHash.ts';
import { Rows } from '../../../Tracker/Catalog/Rows.ts';
import { SortedNumbers } from '../../../Tracker/Catalog/SortedNumbers.ts';
import { TextArena } from '../../../Tracker/Catalog/TextArena.ts';
import { WordIndex } from '../../../Tracker/Catalog/WordIndex.ts';
import { seeds } from '../../Support/seeds.ts';

test.each(seeds(10))('a hash table does what a map does, with many equal hashes (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const hashOf = (id: number) => id % 50;
  const table = new HashTable(hashOf);
  const known = new Set<number>();
  const [found, expected]: [number[], number[]] = [[], []];
  for (let step = 0; step < 5_000; step++) {
    const id = random.int(0, 400);
    found.push(table.find(hashOf(id), (other) => other === id));
    expected.push(known.has(id) ? id : -1);
    if (known.delete(id)) table.remove(id, hashOf(id));
    else if (known.size < 150) {
      table.add(id, hashOf(id));
      known.add(id);
    }
    found.push(table.size);
    expected.push(known.size);
  }
  expect(found).toEqual(expected);
});

describe('blocks of numbers', () => {
  test('waste a fifth of their memory at most', () => {
    const counts = Array.from({ length: 5_000 }, (_, index) => index + 1);
    expect(counts.filter((count) => roomFor(count) < count || roomFor(count) > count * 1.25)).toEqual([]);
  });

  test.each(seeds(10))('never overlap, and freed ones are used again (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const arena = new IntArena();
    const blocks = new Map<number, { count: number; mark: number }>();
    let overwritten = 0;
    for (let step = 0; step < 3_000; step++) {
      if (blocks.size > 40) {
        const block = random.pick([...blocks.keys()]);
        const { count = 0, mark = 0 } = blocks.get(block) ?? {};
        if (!arena.view(block, count).every((cell) => cell === mark)) overwritten++;
        if (count > 1 && random.chance(0.5)) {
          const less = random.int(1, count - 1);
          arena.shrink(block, count, less);
          blocks.set(block, { count: less, mark });
          continue;
        }
        arena.release(block, count);
        blocks.delete(block);
      }
      const count = random.chance(0.02) ? random.int(1_100, 5_000) : random.int(1, 60);
      const block = arena.take(count);
      arena.view(block, count).fill(step);
      blocks.set(block, { count, mark: step });
    }
    expect(overwritten).toBe(0);
    // 41 blocks live at a time; 3,000 were taken, among them about 60 large ones of 3,000 cells.
    const large = [...blocks.values()].filter(({ count }) => count > 1_000).length;
    expect(arena.capacity).toBeLessThan(2 * 16_384 + large * 6_000);
    for (const [block, { count }] of blocks) arena.release(block, count);
    expect(arena.capacity).toBeLessThan(2 * 16_384 + 1);
  });

  test.each(seeds(3))('lists that grow side by side leave no old blocks behind (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const index = new WordIndex({ isAlive: () => true, dropped: () => {} }, new KeyedHash([1, 2]));
    const lists = Array.from({ length: 1_000 }, (): number[] => []);
    let largestStep = 0;
    let before = index.capacity;
    for (let entry = 0; entry < 120_000; entry++) {
      const list = Math.floor(1_000 * random.next() ** 2);
      index.post(`word${list}`, entry);
      lists[list]?.push(entry);
      if (random.chance(0.1)) index.compact();
      largestStep = Math.max(largestStep, index.capacity - before);
      before = index.capacity;
    }
    for (const [list, entries] of lists.entries())
      expect([...index.entriesOf(index.find(`word${list}`))]).toEqual(entries);
    // Never the whole: the longest list, or a slab.
    expect(largestStep).toBeLessThanOrEqual(16_384);
    while (!index.isCompact) index.compact();
    // A tenth of each block is free, at most a fifth is in released blocks.
    expect(index.capacity).toBeLessThan(120_000 * 1.1 * 1.25 + 4 * 16_384);
  });

  test('memory is released after most lists have shrunk', () => {
    const alive = new Set<number>();
    const index = new WordIndex(
      { isAlive: (entry) => alive.has(entry), dropped: () => {} },
      new KeyedHash([1, 2]),
    );
    for (let entry = 0; entry < 200_000; entry++) index.post(`word${entry % 2_000}`, entry);
    for (let entry = 0; entry < 200_000; entry++) {
      if (entry % 20 >= 1 || entry % 2_000 < 40) alive.delete(entry);
      else alive.add(entry);
    }
    for (let entry = 0; entry < 200_000; entry++)
      if (!alive.has(entry)) index.unpost(index.find(`word${entry % 2_000}`));
    while (!index.isCompact) index.compact();
    expect(index.capacity).toBeLessThan(100_000);
    expect([...index.entriesOf(index.find('word40'))]).toHaveLength(100);
  });
});

test('rows are 0 until they are set, in any slab', () => {
  const rows = new Rows(3);
  expect(rows.get(5, 1)).toBe(0);
  rows.reach(20_000);
  for (const row of [0, 8_191, 8_192, 20_000]) {
    for (let field = 0; field < 3; field++) rows.set(row, field, row * 3 + field + 1);
  }
  for (const row of [0, 8_191, 8_192, 20_000]) {
    expect([0, 1, 2].map((field) => rows.get(row, field) - row * 3)).toEqual([1, 2, 3]);
    expect(rows.slab(row)?.[rows.offset(row) + 2]).toBe(row * 3 + 3);
    expect(rows.get(row - 1, 2)).toBe(row === 8_192 ? 8_191 * 3 + 3 : 0);
    expect(rows.get(row + 1, 0)).toBe(row === 8_191 ? 8_192 * 3 + 1 : 0);
  }
  expect(rows.slab(30_000)).toBeUndefined();
});

test('texts are read as stored, and freed space is reused', () => {
  const random = new SeededRandom(3);
  const arena = new TextArena();
  const places = new Map<number, string>();
  const wrong: string[] = [];
  let lastPlace = 0;
  for (let step = 0; step < 20_000; step++) {
    if (places.size > 100) {
      const place = random.pick([...places.keys()]);
      const text = places.get(place) ?? '';
      if (arena.text(place, Buffer.byteLength(text)) !== text) wrong.push(text);
      arena.release(place, Buffer.byteLength(text));
      places.delete(place);
    }
    const text = `${step}é`.repeat(random.int(1, 100));
    const place = arena.add(Buffer.from(text), Buffer.byteLength(text));
    places.set(place, text);
    lastPlace = Math.max(lastPlace, place);
  }
  expect(wrong).toEqual([]);
  // Without reuse it would be about 6 MiB.
  expect(lastPlace * 8).toBeLessThan(2 * 1_024 * 1_024);
});

test.each(seeds(5))('sorted numbers find all that begin alike, in order (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const words = Array.from({ length: 4_000 }, () => random.hex(3).slice(0, random.int(1, 6)));
  const distinct = [...new Set(words)];
  const sorted = new SortedNumbers((one, other) => (distinct[one] ?? '') < (distinct[other] ?? ''));
  const present = new Set<string>();
  for (let step = 0; step < 12_000; step++) {
    const id = random.int(0, distinct.length - 1);
    const word = distinct[id] ?? '';
    if (present.has(word) && random.chance(0.4)) {
      sorted.remove(id);
      present.delete(word);
    } else if (!present.has(word)) {
      sorted.add(id);
      present.add(word);
    }
  }
  expect(sorted.size).toBe(present.size);
  for (const prefix of ['', 'a', '0', '7f', 'c0f', 'zz']) {
    const expected = [...present].filter((word) => word.startsWith(prefix)).sort();
    const isBefore = (id: number) => (distinct[id] ?? '') < prefix;
    const belongs = (id: number) => (distinct[id] ?? '').startsWith(prefix);
    expect(sorted.from(isBefore, belongs, 10_000).map((id) => distinct[id])).toEqual(expected);
    expect(sorted.from(isBefore, belongs, 5)).toHaveLength(Math.min(5, expected.length));
    const first = [...present].filter((word) => word >= prefix).sort()[0];
    expect(distinct[sorted.first(isBefore)]).toBe(first);
  }
});

describe('a word index', () => {
  test.each(seeds(10))('drops each dead posting once, and words without entries (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const alive = new Map<number, number[]>();
    const pending = new Map<number, number>();
    const index = new WordIndex(
      {
        isAlive: (entry) => alive.has(entry),
        dropped: (entry) => pending.set(entry, (pending.get(entry) ?? 0) - 1),
      },
      new KeyedHash([1, 2]),
    );
    for (let entry = 0; entry < 1_000; entry++) {
      const words = random.sample(['a', 'b', 'c', 'd', `only${entry}`], random.int(1, 4));
      alive.set(
        entry,
        words.map((word) => index.post(word, entry)),
      );
      if (random.chance(0.7)) {
        const gone = random.pick([...alive.keys()]);
        const ids = alive.get(gone) ?? [];
        alive.delete(gone);
        pending.set(gone, ids.length);
        for (const id of ids) index.unpost(id);
      }
    }
    for (const [gone, ids] of [...alive]) {
      alive.delete(gone);
      pending.set(gone, ids.length);
      for (const id of ids) index.unpost(id);
    }
    expect([...pending.values()].every((left) => left === 0)).toBe(true);
    expect(pending.size).toBe(1_000);
    expect(index.size).toBe(0);
    expect(index.startingWith('', 10)).toEqual([]);
  });
});

test('the keyed hash is uniform, and depends on its key', () => {
  const one = new KeyedHash([1, 2]);
  const other = new KeyedHash([1, 3]);
  const hashes = new Set<number>();
  for (let number = 0; number < 20_000; number++)
    hashes.add(one.start(1).text(`song ${number}.mp3`).finish());
  expect(hashes.size).toBeGreaterThan(19_990);
  expect(one.start(1).text('same').finish()).not.toBe(other.start(1).text('same').finish());
  expect(one.start(1).text('same').finish()).not.toBe(one.start(2).text('same').finish());
  expect(one.start(1).bytes(Buffer.from('abcde'), 0, 5).finish()).not.toBe(
    one.start(1).bytes(Buffer.from('abcde\0'), 0, 6).finish(),
  );
});
