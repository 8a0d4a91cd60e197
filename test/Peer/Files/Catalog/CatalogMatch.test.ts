import { expect, test } from 'vitest';
import { Catalog } from '../../../../Peer/Files/Catalog/Catalog.ts';
import { CatalogMatch } from '../../../../Peer/Files/Catalog/CatalogMatch.ts';
import type { Part } from '../../../../Peer/Storage.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SEARCH_HITS_PER_PEER_MAX } from '../../../../Protocol/Limits.ts';
import { sharedState } from '../../../Support/FileStates.ts';

function idOf(number: number): FileId {
  return number.toString(16).padStart(64, 'a') as FileId;
}

function catalogOf(...paths: string[]): Catalog {
  const catalog = new Catalog();
  for (const [number, path] of paths.entries()) {
    catalog.put(path, sharedState({ size: number, modifiedMs: 1 }), idOf(number));
  }
  return catalog;
}

/** The fields of a running download that a search reads. */
function partOf(number: number, path: string, size: number): Part {
  const description = { fileId: idOf(number), layout: chunkLayout(size), chunkHashes: [] };
  return { description, path } as unknown as Part;
}

const words = (text: string) => ({ words: text, fileId: undefined });

test('finds by words, the best match first, ignoring case and accents', () => {
  const catalog = catalogOf('song/notes.txt', 'a Söng here.mp3', 'SONG.mp3', 'film.mkv');
  const match = new CatalogMatch(catalog, () => []);
  expect(match.matching(words('söng')).map(({ path }) => path)).toEqual([
    'SONG.mp3',
    'a Söng here.mp3',
    'song/notes.txt',
  ]);
  catalog.remove('SONG.mp3');
  expect(match.matching(words('song mp'))).toHaveLength(1);
  expect(match.matching(words('nothing'))).toEqual([]);
  expect(match.matching(words('...'))).toEqual([]);
});

test('a word beyond 48 characters counts with these, also before another word', () => {
  const long = 'x'.repeat(60);
  const match = new CatalogMatch(catalogOf(`${long} film.mkv`), () => []);
  expect(match.matching(words(`${long} film`))).toHaveLength(1);
});

test('a running download is an incomplete hit, unless it has a single chunk', () => {
  const parts = [partOf(50, 'big song.mp3', 5_000_000), partOf(51, 'small song.mp3', 1_000)];
  const match = new CatalogMatch(catalogOf('film.mkv'), () => parts);
  expect(match.matching(words('song'))).toEqual([
    { fileId: idOf(50), size: 5_000_000, path: 'big song.mp3', complete: false },
  ]);
  expect(match.matching({ words: '', fileId: idOf(50) })).toMatchObject([{ complete: false }]);
  expect(match.matching({ words: '', fileId: idOf(51) })).toEqual([]);
});

test('a search by a prefix of an id reads 1,000 files at most, however many have this content', () => {
  const catalog = new Catalog();
  for (let n = 0; n < 1_500; n++) catalog.put(`empty ${n}`, sharedState({ size: 0, modifiedMs: 1 }), idOf(0));
  const all = catalog.withIdStart.bind(catalog);
  let looks = 0;
  catalog.withIdStart = function* counted(digits) {
    for (const entry of all(digits)) {
      looks++;
      yield entry;
    }
  };
  expect(new CatalogMatch(catalog, () => []).matching(words('aaaaaaaa'))).toHaveLength(1);
  expect(looks).toBe(1_000);
});

test('finds by id, and by a prefix of the id when no words match', () => {
  const match = new CatalogMatch(catalogOf('film.mkv', 'song'), () => []);
  expect(match.matching({ words: '', fileId: idOf(1) })).toMatchObject([{ path: 'song', complete: true }]);
  expect(match.matching(words('AAAAAAAA'))).toHaveLength(2);
  expect(match.matching(words('aaaaaaa'))).toEqual([]);
});

test('a search answers with a bounded number of hits', () => {
  const paths = Array.from({ length: SEARCH_HITS_PER_PEER_MAX + 10 }, (_, number) => `file ${number}.bin`);
  const match = new CatalogMatch(catalogOf(...paths), () => []);
  expect(match.matching(words('file'))).toHaveLength(SEARCH_HITS_PER_PEER_MAX);
});

test('an answer by a prefix of an id is bounded, for shared files and for running downloads', () => {
  const shared = new CatalogMatch(catalogOf(...Array.from({ length: 60 }, (_, n) => `${n}.bin`)), () => []);
  expect(shared.matching(words('aaaaaaaa'))).toHaveLength(SEARCH_HITS_PER_PEER_MAX);
  const parts = Array.from({ length: 60 }, (_, n) => partOf(n, `${n}.bin`, 5_000_000));
  const running = new CatalogMatch(catalogOf('z'), () => parts);
  expect(running.matching(words('aaaaaaaa'))).toHaveLength(SEARCH_HITS_PER_PEER_MAX);
});

test('a word that matches nearly everything is ranked among the first 1,000 matches only', () => {
  const weak = (length: number) => Array.from({ length }, (_, n) => `song/${n}.bin`);
  const best = (count: number) =>
    new CatalogMatch(catalogOf(...weak(count), 'song'), () => []).matching(words('song'))[0]?.path;
  expect(best(999)).toBe('song');
  expect(best(1_000)).toMatch(/^song\//);
});
