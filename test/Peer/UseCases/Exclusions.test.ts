import { expect, test } from 'vitest';
import { readSearch } from '../../../Peer/UseCases/Exclusions.ts';
import { wordsOfQuery } from '../../../Protocol/SearchWords.ts';

test.each([
  ['film -mkv', ['film'], ['a.mkv', 'MKV/film.mp4'], ['film.mp4', 'mkvs/film']],
  ['-LIVE song', ['song'], ['song (live).mp3', 'Líve/song'], ['alive song']],
  ['-extended -mix song', ['song'], ['extended song', 'song mix'], ['song']],
  ['song -b-side', ['song'], ['song b side', 'b/side'], ['song b', 'side']], // all words of one exclusion
  ['film -日本', ['film'], ['film 日本'], ['film 日']],
  ['song -a/b', ['song'], ['a/b'], ['a/c']],
])('%j asks for %j', (text, words, left, kept) => {
  const search = readSearch(text);
  expect(wordsOfQuery(search.words)).toEqual(words);
  expect(left.filter((path) => !search.excludes(path))).toEqual([]);
  expect(kept.filter((path) => search.excludes(path))).toEqual([]);
});

test.each(['song - live', 'b-side', 'song -', '-- song', '--live', 'song -!', '', '  '])(
  '%j excludes nothing',
  (text) => {
    const { words, excludes } = readSearch(text);
    expect(words).toBe(text);
    expect(excludes('b-side song live -!')).toBe(false);
  },
);

test('only exclusions ask for nothing', () => {
  expect(wordsOfQuery(readSearch('-mkv -mp4').words)).toEqual([]);
});
