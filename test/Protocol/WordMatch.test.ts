import { expect, test } from 'vitest';
import { rankHits } from '../../Protocol/HitOrder.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { wordsOfQuery } from '../../Protocol/SearchWords.ts';
import { answers, matchOfPath, NO_MATCH } from '../../Protocol/WordMatch.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { CatalogIndex } from '../../Tracker/Catalog/CatalogIndex.ts';
import { seeds } from '../Support/seeds.ts';

const id = 'ab'.repeat(32) as FileId;

test.each([
  ['böse film', 'Films/Der BOSE Filmabend.mkv', true],
  ['film bose', 'Films/Der BOSE Filmabend.mkv', false], // only the last word may be a start
  ['films der', 'Films/Der Abend.mkv', true],
  ['abend', 'Films/Der Filmabend.mkv', false],
  ['', 'a', false],
])('"%s" matches "%s": %s', (query, path, matches) => {
  expect(matchOfPath(wordsOfQuery(query), path) !== NO_MATCH).toBe(matches);
});

test('whole names come before names, names before folders', () => {
  const scores = ['x/y film.mkv', 'x/film.mkv', 'film/y.mkv', 'y'].map((path) => matchOfPath(['film'], path));
  expect(scores).toEqual([1, 2, 0, NO_MATCH]);
});

test.each([
  ['x/film', 'film', 2],
  ['film', 'film', 2],
  ['film.film', 'film', 2],
  ['a film', 'film', 1],
  ['films', 'film', 1],
  ['a.film/b', 'film', 0],
  ['film b.mkv', 'mkv', 1],
  ['film/!!', '!!', 2],
])('quality of "%s" for "%s": %i', (path, query, match) => {
  expect(matchOfPath(wordsOfQuery(query), path)).toBe(match);
});

test('a file matches a question by words, by a prefix of its id, or by the id', () => {
  const file = { fileId: id, size: 1, path: 'a song', complete: true };
  const fits = (words: string, fileId?: FileId) => answers({ words, fileId }, file);
  expect([fits('song'), fits('ABABABAB'), fits('', id), fits('ababab')]).toEqual([true, true, true, false]);
  expect(fits('song', 'cd'.repeat(32) as FileId)).toBe(false);
});

test.each(seeds(200))('finds what the index of the tracker finds (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const parts = ['a', 'ab', 'abc', 'Film', 'fílm', 'x.y', '2024', '日本', '!', 'straße', 'b-c'];
  const text = (max: number, glue: string) =>
    Array.from({ length: random.int(1, max) }, () => parts[random.int(0, parts.length - 1)] ?? '').join(glue);
  const index = new CatalogIndex([1, 2]);
  const paths = new Set(Array.from({ length: 12 }, () => `${text(3, '/')}/${text(3, ' ')}`));
  for (const [at, path] of [...paths].entries()) {
    const fileId = at.toString(16).padStart(64, '0') as FileId;
    index.put(1, { path, size: 1, fileId }, 1);
  }
  const query = text(3, ' ');
  const { files } = index.search(query);
  const found = files.map(({ path }) => path);
  const matching = [...paths].filter((path) => matchOfPath(wordsOfQuery(query), path) !== NO_MATCH);
  expect(matching.toSorted()).toEqual(found.toSorted());
  // With the same quality of each match.
  expect(
    rankHits(
      query,
      files.map((file) => ({ ...file, holderCount: 1 })),
    ).map(({ path }) => path),
  ).toEqual(found);
});
