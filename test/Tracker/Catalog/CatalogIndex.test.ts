import { describe, expect, test } from 'vitest';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../../../Protocol/Limits.ts';
import { wordsOfPath, wordsOfQuery } from '../../../Protocol/SearchWords.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { CatalogIndex } from '../../../Tracker/Catalog/CatalogIndex.ts';
import type { SharedFile } from '../../../Tracker/Catalog/SharedFiles.ts';
import { seeds } from '../../Support/seeds.ts';

function contentOf(number: number): FileId {
  return number.toString(16).padStart(8, '0').padEnd(64, '5') as FileId;
}

function file(path: string, content: number): SharedFile {
  return { path, size: content * 1_000, fileId: contentOf(content) };
}

function indexOf(...shared: [owner: number, path: string, content: number][]): CatalogIndex {
  const index = new CatalogIndex([7, 8]);
  for (const [owner, path, content] of shared) index.put(owner, file(path, content), 0);
  return index;
}

function paths(index: CatalogIndex, query: string): string[] {
  return index.search(query).files.map((found) => found.path);
}

/** Owners of a folder, searched three entries at a time. */
function ownersOf(index: CatalogIndex, folder: string): number[] {
  const scan = index.scanFolder(folder);
  for (let steps = 0; !scan.step(3); steps++) if (steps > 1_000) throw new Error('no end');
  return [...scan.owners].sort((a, b) => a - b);
}

describe('search', () => {
  test('all words must match, the last one as a prefix, ignoring case and accents', () => {
    const index = indexOf([1, 'Élodie - Été.mp3', 1], [1, 'elodie hiver.mp3', 2], [2, 'melodie.mp3', 3]);
    expect(paths(index, 'ELODIE').sort()).toEqual(['elodie hiver.mp3', 'Élodie - Été.mp3']);
    expect(paths(index, 'elodie et')).toEqual(['Élodie - Été.mp3']);
    expect(paths(index, 'elod ete')).toEqual([]);
    expect(paths(index, 'ete élodie')).toEqual(['Élodie - Été.mp3']);
    expect(paths(index, 'nothing')).toEqual([]);
  });

  test('equal contents are one hit, under any names', () => {
    const index = indexOf([1, 'song.mp3', 1], [2, 'Song (copy).mp3', 1], [3, 'song.mp3', 2]);
    const { total, files } = index.search('song');
    expect(total).toBe(2);
    expect(files.map((found) => found.fileId).sort()).toEqual([contentOf(1), contentOf(2)]);
  });

  test('best first: the whole name, then in the name, then in a folder; more holders, then by path', () => {
    const index = indexOf(
      [1, 'noir/b.txt', 1],
      [1, 'film noir classics.mkv', 2],
      [1, 'noir z.mkv', 3],
      [1, 'noir a.mkv', 4],
      [1, 'noir.mkv', 5],
      [2, 'film noir classics.mkv', 2],
    );
    expect(paths(index, 'noir')).toEqual([
      'noir.mkv',
      'film noir classics.mkv',
      'noir a.mkv',
      'noir z.mkv',
      'noir/b.txt',
    ]);
  });

  test('at most 200 hits, 50 of them of one owner alone', () => {
    const index = new CatalogIndex([1, 2]);
    for (let number = 0; number < 400; number++) index.put(1, file(`flood ${number}`, number), 0);
    for (let number = 400; number < 420; number++) index.put(2, file(`flood ${number}`, number), 0);
    const { total, files } = index.search('flood');
    expect(total).toBe(420);
    expect(files.length).toBe(SEARCH_HITS_PER_PEER_MAX + 20);

    for (let owner = 3; owner < 20; owner++) {
      for (let number = 0; number < 40; number++)
        index.put(owner, file(`flood ${number}`, owner * 1_000 + number), 0);
    }
    expect(index.search('flood').files.length).toBe(SEARCH_HITS_MAX);
  });

  test.each([
    ['400 of ten owners', 400, 10, 1],
    ['3,000, ids all over the range', 3_000, 30, 1_400_000],
    ['3,000, ids close together', 3_000, 30, 1],
    ['3,000 of four owners: the quota takes what comes later', 3_000, 4, 1_400_000],
  ])('of too many equal hits those with the lowest ids: %s', (_title, count, owners, distance) => {
    const random = new SeededRandom(5);
    const files = Array.from({ length: count }, (_, at): [number, string, number] => {
      // The lowest ids belong to the first owner.
      const owner = owners === 4 && at < 2_000 ? 0 : at % owners;
      return [owner, `song ${9_999 - at} x`, at * distance];
    });
    const found = indexOf(...random.shuffle(files)).search('song');
    expect(found.total).toBe(count);
    const used = new Map<number, number>();
    const lowest = files.filter(([owner]) => {
      used.set(owner, (used.get(owner) ?? 0) + 1);
      return (used.get(owner) ?? 0) <= SEARCH_HITS_PER_PEER_MAX;
    });
    const expected = lowest.slice(0, SEARCH_HITS_MAX).map(([, , id]) => contentOf(id));
    expect(found.files.map(({ fileId }) => fileId)).toEqual(expected.toReversed());
  });

  test('a FileId, or eight digits of its start, finds the content', () => {
    const index = indexOf([1, 'one.txt', 1], [1, 'two.txt', 2]);
    expect(paths(index, contentOf(2))).toEqual(['two.txt']);
    expect(paths(index, contentOf(1).slice(0, 8).toUpperCase())).toEqual(['one.txt']);
    expect(paths(index, contentOf(3))).toEqual([]);
  });

  test('names of punctuation are found as one word', () => {
    expect(paths(indexOf([1, '♥♥', 1]), '♥♥')).toEqual(['♥♥']);
  });
});

describe('holders', () => {
  test('of a removed content whose row was reused, there are none', () => {
    const index = indexOf([1, 'a song', 1], [2, 'b song', 2]);
    const [first] = index.search('song').files;
    if (first === undefined) throw new Error('nothing found');
    const holdersOf = () => index.holders(first.fileId, 9, first.row)?.holders.map(({ owner }) => owner);
    expect(holdersOf()).toEqual([1]);
    expect(index.holders(contentOf(2), 9, first.row)?.holders).toMatchObject([{ owner: 2 }]);
    index.remove(1, { path: 'a song', fileId: contentOf(1) });
    expect(holdersOf()).toBeUndefined();
    index.put(3, file('c song', 3), 0);
    expect(index.search('c song').files[0]?.row).toBe(first.row);
    expect(holdersOf()).toBeUndefined();
  });

  test('each owner once, complete ones first', () => {
    const index = indexOf([1, 'a', 1], [1, 'copy of a', 1], [2, 'a', 1]);
    index.put(3, { ...file('', 1), path: '' }, 0);
    index.put(2, { ...file('', 1), path: '' }, 0);
    const known = index.holders(contentOf(1));
    expect(known?.size).toBe(1_000);
    expect(known?.holders.map(({ owner, complete }) => [owner, complete])).toHaveLength(3);
    expect(known?.holders.at(-1)).toMatchObject({ owner: 3, complete: false });
    expect(index.holders(contentOf(9))).toBeUndefined();
  });

  test('sizes up to 16 TiB are kept exactly', () => {
    const index = new CatalogIndex([1, 2]);
    for (const size of [0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 44 - 1, Number.MAX_SAFE_INTEGER]) {
      index.put(1, { path: `f${size}`, size, fileId: contentOf(size % 1_000_003) }, 0);
      expect(index.holders(contentOf(size % 1_000_003))?.size).toBe(size);
    }
  });
});

describe('folders', () => {
  test('are found by exact path, with the owners below it', () => {
    const index = indexOf(
      [1, 'Music/Élodie/a.mp3', 1],
      [2, 'Music/Élodie/live/b.mp3', 2],
      [3, 'Music/Élodie 2/c.mp3', 3],
      [4, 'Music/elodie/d.mp3', 4],
      [5, 'Other/Music/Élodie/e.mp3', 5],
      [6, 'Music/Élodie', 6],
    );
    expect(ownersOf(index, 'Music/Élodie')).toEqual([1, 2]);
    expect(ownersOf(index, 'Music')).toEqual([1, 2, 3, 4, 6]);
    expect(ownersOf(index, 'Nothing')).toEqual([]);
  });

  test('with names of punctuation are found', () => {
    expect(ownersOf(indexOf([1, '---/a', 1], [2, '--/a', 1]), '---')).toEqual([1]);
  });
});

test('the entries of an owner that leaves are removed', () => {
  const index = indexOf([1, 'a b', 1], [1, 'c d', 2], [2, 'a b', 1]);
  index.forget(1);
  expect(index.size).toBe(1);
  expect(index.count(1)).toBe(0);
  expect(paths(index, 'c d')).toEqual([]);
  expect(index.holders(contentOf(1))?.holders).toMatchObject([{ owner: 2, complete: true }]);
});

/** Reference model of the index, slow and simple. */
class Model {
  readonly shared = new Map<string, { owner: number; file: SharedFile; generation: number }>();

  matches(query: string): Set<FileId> {
    const words = wordsOfQuery(query);
    const last = words.pop() ?? '';
    const all = [...this.shared.values()].filter(({ file: { path } }) => {
      const known = wordsOfPath(path).words;
      return words.every((word) => known.includes(word)) && known.some((word) => word.startsWith(last));
    });
    return new Set(all.map((one) => one.file.fileId));
  }

  drop(unwanted: (one: { owner: number; generation: number }) => boolean): void {
    for (const [key, one] of this.shared) if (unwanted(one)) this.shared.delete(key);
  }
}

describe('claims of holders about one content', () => {
  const content = contentOf(5);
  const claim = (path: string, change: Partial<SharedFile> = {}): SharedFile => ({
    ...file(path, 5),
    ...change,
  });

  test('the size of most complete holders counts, and the other holders are returned', () => {
    const index = new CatalogIndex([7, 8]);
    index.put(1, claim('lie', { size: 5 }), 0);
    expect(index.holders(content)).toMatchObject({ size: 5 });
    index.put(2, claim('', { size: 7 }), 0); // Downloads it: does not count beside a complete holder.
    index.put(3, claim('true'), 0);
    expect(index.holders(content)).toMatchObject({ size: 5 });
    index.put(4, claim('true'), 0);
    expect(index.holders(content)?.size).toBe(5_000);
    const sizes = new Map(index.holders(content)?.holders.map(({ owner, size }) => [owner, size]));
    expect([1, 2, 3, 4].map((owner) => sizes.get(owner))).toEqual([5, 7, 5_000, 5_000]);

    index.forget(1);
    index.tidy(100);
    expect(index.holders(content)?.size).toBe(5_000);
    index.put(3, claim('true', { size: 9 }), 0); // The same entry, corrected.
    index.put(4, claim('true', { size: 9 }), 0);
    expect(index.holders(content)?.size).toBe(9);
  });

  test('the earliest time and the bit of most complete holders', () => {
    const index = new CatalogIndex([7, 8]);
    const late = 1_700_000_000_123;
    index.put(1, claim('a'), 0);
    expect(index.holders(content)).not.toHaveProperty('modifiedMs');
    index.put(2, claim('b', { modifiedMs: late, executable: true }), 0);
    index.put(3, claim('', { modifiedMs: 5, executable: true }), 0);
    expect(index.holders(content)).toMatchObject({ modifiedMs: late });
    expect(index.holders(content)).not.toHaveProperty('executable');
    index.put(1, claim('a', { modifiedMs: late - 1, executable: true }), 0);
    expect(index.holders(content)).toMatchObject({ modifiedMs: late - 1, executable: true });
    index.remove(1, claim('a'));
    expect(index.holders(content)).toMatchObject({ modifiedMs: late, executable: true });
    index.put(2, claim('b', { modifiedMs: 2 ** 44 + 5 }), 0);
    expect(index.holders(content)).not.toHaveProperty('modifiedMs');
    // The details leave the words and the path as they are.
    expect(paths(index, 'b')).toEqual(['b']);
  });
});

test.each([8, 9, 40, 63, 64])('the first %i digits of an id find it among many', (digits) => {
  const index = new CatalogIndex([7, 8]);
  const random = new SeededRandom(3);
  const ids = Array.from({ length: 3_000 }, () => random.hex(32) as FileId);
  // Ids that begin alike: an attacker chooses them.
  for (let at = 0; at < 30; at++) ids.push(`c0ffee00${random.hex(28)}` as FileId);
  for (const [at, fileId] of ids.entries()) index.put(at % 40, { path: `f ${at}`, size: 1, fileId }, 0);
  for (const fileId of ids.slice(0, 200)) {
    expect(index.search(fileId.slice(0, digits)).files.map((found) => found.fileId)).toEqual([fileId]);
  }
  expect(index.search('c0ffee00').files).toHaveLength(20);
  expect(index.search('c0ffee01').files).toEqual([]);
  index.remove(5, { path: 'f 5', fileId: ids[5] ?? ('' as FileId) });
  expect(index.search((ids[5] ?? '').slice(0, digits)).files).toEqual([]);
});

describe('a large catalog is removed in steps', () => {
  const large = (generation: number, from = 0) => {
    const index = new CatalogIndex([7, 8], 0);
    for (let at = from; at < from + 100; at++) index.put(1, file(`old/song ${at}.mp3`, at), generation);
    return index;
  };

  test('a removed catalog is not found from that moment on, and its number can be reused', () => {
    const index = large(0);
    index.put(2, file('song 5.mp3', 5), 0);
    index.forget(1);

    expect(index.isTidy).toBe(false);
    expect(index.count(1)).toBe(0);
    expect(paths(index, 'song')).toEqual(['song 5.mp3']);
    expect(index.holders(contentOf(7))).toBeUndefined();
    expect(index.holders(contentOf(5))?.holders).toMatchObject([{ owner: 2, complete: true }]);
    expect(index.search(contentOf(7)).files.map((found) => index.holders(found.fileId))).toEqual([undefined]);
    expect(ownersOf(index, 'old')).toEqual([]);

    index.put(1, file('old/song 7.mp3', 7), 0);
    expect(index.count(1)).toBe(1);
    expect(index.holders(contentOf(7))?.holders).toMatchObject([{ owner: 1, complete: true }]);
    for (let piece = 0; piece < 10; piece++) index.tidy(9);
    expect(index.isTidy).toBe(false);
    index.tidy(10);
    expect(index.isTidy).toBe(true);
    expect(index.size).toBe(2);
    expect(paths(index, 'song').sort()).toEqual(['old/song 7.mp3', 'song 5.mp3']);
  });

  test('a replaced catalog loses files that the new one does not name, also during changes', () => {
    const index = large(0);
    for (let at = 50; at < 60; at++) index.put(1, file(`old/song ${at}.mp3`, at), 1);
    index.sweep(1, 1);
    for (let at = 99; at > 52; at -= 2) {
      index.tidy(1);
      index.remove(1, file(`old/song ${at - 1}.mp3`, at - 1)); // the next one of the sweep
    }
    index.tidy(1_000);

    expect(index.isTidy).toBe(true);
    expect(index.size).toBe(6);
    expect(index.count(1)).toBe(6);
    expect(paths(index, 'song').sort()).toEqual([50, 51, 53, 55, 57, 59].map((at) => `old/song ${at}.mp3`));
  });

  test('a newer catalog replaces an unfinished sweep', () => {
    const index = large(0);
    index.put(1, file('old/song 0.mp3', 0), 1);
    index.sweep(1, 1);
    for (let at = 0; at < 20; at++) index.put(1, file(`old/song ${at}.mp3`, at), 2);
    index.tidy(1_000);
    expect(index.count(1)).toBe(100);

    index.sweep(1, 2);
    index.tidy(1_000);
    expect(index.count(1)).toBe(20);
  });
});

test.each(seeds(40))('finds the same as a scan of all entries, after any changes (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const words = ['ab', 'abc', 'abcd', 'b', 'bc', 'xé', 'xe', 'x1', '物', 'ß'];
  // Every other seed removes in steps.
  const atOnce = seed % 2 === 0 ? Number.POSITIVE_INFINITY : 0;
  const index = new CatalogIndex([random.int(0, 2 ** 31), random.int(0, 2 ** 31)], atOnce);
  const model = new Model();
  const somePath = () =>
    Array.from({ length: random.int(1, 3) }, () => random.sample(words, random.int(1, 3)).join(' ')).join(
      '/',
    );
  for (let step = 0; step < 600; step++) {
    const owner = random.int(0, 7);
    const generation = random.int(0, 2);
    const some = file(somePath(), random.int(0, 30));
    if (random.chance(0.6)) {
      index.put(owner, some, generation);
      model.shared.set(`${owner} ${some.path}`, { owner, file: some, generation });
    } else if (random.chance(0.7)) {
      const known = [...model.shared.values()].filter((one) => one.owner === owner);
      const gone = known.length > 0 && random.chance(0.9) ? random.pick(known).file : some;
      index.remove(owner, gone);
      model.shared.delete(`${owner} ${gone.path}`);
    } else if (random.chance(0.5)) {
      index.sweep(owner, generation);
      index.tidy(Number.POSITIVE_INFINITY);
      model.drop((one) => one.owner === owner && one.generation !== generation);
    } else if (random.chance(0.3)) {
      index.forget(owner);
      model.drop((one) => one.owner === owner);
    }
    index.tidy(random.int(0, 2));
    if (step % 10 !== 0) continue;
    const query = random.sample(words, random.int(1, 2)).join(' ');
    const expected = model.matches(query);
    const found = index.search(query);
    expect(new Set(found.files.map((one) => one.fileId))).toEqual(expected);
    expect(found.total).toBe(expected.size);
    if (index.isTidy) expect(index.size).toBe(model.shared.size);
    else expect(index.size).toBeGreaterThanOrEqual(model.shared.size);
    for (const fileId of [contentOf(random.int(0, 30))]) {
      const holders = [...model.shared.values()].filter((one) => one.file.fileId === fileId);
      expect(new Set(index.holders(fileId)?.holders.map((one) => one.owner))).toEqual(
        new Set(holders.map((one) => one.owner)),
      );
    }
    const [folder = ''] = somePath().split('/');
    const below = [...model.shared.values()].filter((one) => one.file.path.startsWith(`${folder}/`));
    expect(new Set(ownersOf(index, folder))).toEqual(new Set(below.map((one) => one.owner)));
  }
});
