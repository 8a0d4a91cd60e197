import { expect, test, vi } from 'vitest';
import { FileTable, SHARED } from '../../../../Peer/Files/Catalog/FileTable.ts';
import { PathText } from '../../../../Peer/Files/Catalog/PathText.ts';
import { SortedRows } from '../../../../Peer/Files/Catalog/SortedRows.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { wordsOfQuery } from '../../../../Protocol/SearchWords.ts';
import { matchOfPath, NO_MATCH } from '../../../../Protocol/WordMatch.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { sharedState } from '../../../Support/FileStates.ts';
import { seeds } from '../../../Support/seeds.ts';

const PARTS = [
  'song',
  'Söng',
  'songs',
  'a',
  'fi',
  'film',
  'ﬁlm 2',
  '東京',
  'x'.repeat(60),
  '!!!',
  'résumé',
  '007',
];
const QUERIES = [
  'song',
  'son',
  'film song',
  'fi a',
  'soeng',
  '東',
  '京 film',
  'x'.repeat(50),
  '!!!',
  'resume 0',
  '7',
];
const ID = 'ab'.repeat(32) as FileId;
const STATE = sharedState({ size: 1, modifiedMs: 1 });

/** A table with its text and its order, changed as by a catalog. */
function desk() {
  const table = new FileTable();
  const text = new PathText(table);
  const sorted = new SortedRows(table);
  const changed = (row: number) => {
    sorted.changed(row);
    text.changed(row);
  };
  return {
    table,
    text,
    sorted,
    share: (path: string) => {
      const row = table.put(path, STATE, ID);
      table.mark(row, SHARED);
      changed(row);
    },
    remove: (path: string) => {
      const row = table.rowOf(path);
      if (row === undefined) return;
      changed(row);
      table.remove(row);
    },
  };
}

test.each(seeds(40))('every matching path is found, whatever changes between searches (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const { table, text, sorted, share, remove } = desk();
  const paths = new Set<string>();
  const name = () =>
    Array.from({ length: random.int(1, 3) }, () => random.pick(PARTS)).join(
      random.pick([' ', '-', '_', '', '/']),
    );
  for (let round = 0; round < 8; round++) {
    for (let n = 0; n < 12; n++) {
      const path = random.chance(0.8) ? name() : (random.pick([...paths, 'none']) ?? 'none');
      if (random.chance(0.7)) {
        share(path);
        paths.add(path);
      } else {
        remove(path);
        paths.delete(path);
      }
    }
    for (const query of QUERIES) {
      const words = wordsOfQuery(query);
      const matches = (path: string) => matchOfPath(words, path) !== NO_MATCH;
      const found = Array.from(text.rowsWith(words), (row) => table.path(row));
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter(matches).sort()).toEqual([...paths].filter(matches).sort());
    }
    expect(Array.from(sorted.below(''), (row) => table.path(row))).toEqual(
      [...paths].sort((one, other) => (one < other ? -1 : 1)),
    );
  }
});

test('candidates contain every word, rare ones included, and not only the beginning of a word', () => {
  const { text, share } = desk();
  for (let n = 0; n < 10_000; n++) share(`holiday/picture ${n}.jpg`);
  const candidates = (query: string) => [...text.rowsWith(wordsOfQuery(query))].length;
  expect(candidates('holiday picture 9999')).toBe(1);
  expect(candidates('holi picture')).toBe(0); // "holi" is no word.
  expect(candidates('oliday')).toBe(0);
  expect(candidates('holiday pict')).toBe(10_000);
});

test('the text is built block by block; a change makes its block missing again', () => {
  const { table, text, share } = desk();
  for (let n = 0; n < 10_000; n++) share(`song ${n}`);
  const built = () => {
    let blocks = 1;
    while (text.buildNext()) blocks++;
    return blocks;
  };
  expect(built()).toBe(3);
  expect(text.buildNext()).toBe(false);
  const reads = vi.spyOn(table, 'path');
  expect([...text.rowsWith(['9999'])]).toHaveLength(1);
  expect(reads).not.toHaveBeenCalled();
  share('film');
  expect([...text.rowsWith(['film'])]).toHaveLength(1);
  expect(reads.mock.calls.length).toBe(10_001 - 8_192);
});
