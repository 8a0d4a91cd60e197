import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QUERY_BYTES_MAX } from '../../Protocol/Limits.ts';
import {
  fittingQuery,
  fold,
  isSearchable,
  wordsOf,
  wordsOfName,
  wordsOfPath,
  wordsOfQuery,
} from '../../Protocol/SearchWords.ts';

describe('folding', () => {
  test.each([
    ['ÉLODIE', 'elodie'],
    ['Ångström', 'angstrom'],
    ['Straße', 'strasse'],
    ['ﬁlm', 'film'],
    ['ＦＵＬＬ', 'full'],
    ['Łódź', 'lodz'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['Æther', 'aether'],
    ['x²', 'x2'],
  ])('%s is found as %s', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  test('composed and decomposed are the same', () => {
    expect(fold('Cafe\u0301')).toBe(fold('Café'));
  });

  test('folding is idempotent', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => wordsOf(fold(text)).join() === wordsOf(text).join(),
      ),
    );
  });
});

describe('words', () => {
  test('are split at everything that is neither letter nor digit', () => {
    expect(wordsOf('The_Film (2019)-[x264].mkv')).toEqual(['the', 'film', '2019', 'x264', 'mkv']);
  });

  test('scripts without blanks are found by each character', () => {
    expect(wordsOf('東京物語ost')).toEqual(['東', '京', '物', '語', 'ost']);
  });

  test('of a path: those of the name first, each once', () => {
    expect(wordsOfPath('Music/Elodie/elodie - Song.mp3')).toEqual({
      words: ['elodie', 'song', 'mp3', 'music'],
      nameWords: 3,
    });
  });

  test('a name of signs alone is one word', () => {
    expect(wordsOfPath('♥♥/---')).toEqual({ words: ['---', '♥♥'], nameWords: 1 });
  });

  test('a path of thousands of words gives a bounded number of them', () => {
    const long = Array.from({ length: 400 }, (_, index) => `w${index}`).join(' ');
    expect(wordsOfPath(long).words.length).toBe(64);
  });

  test('of the name of a path: the first ones of the path', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 90 }), { minLength: 1, maxLength: 4 }),
        (parts) => {
          const path = parts.join('/');
          const { words, nameWords } = wordsOfPath(path);
          expect(wordsOfName(path)).toEqual(words.slice(0, nameWords));
        },
      ),
    );
    const long = Array.from({ length: 400 }, (_, index) => `w${index}`).join(' ');
    expect(wordsOfName(`a/${long}`)).toEqual(wordsOfPath(long).words);
  });

  test('of a query: each once, in order', () => {
    expect(wordsOfQuery('Film  film NOIR')).toEqual(['film', 'noir']);
    expect(wordsOfQuery('  ')).toEqual([]);
  });
});

describe('a query that fits a message', () => {
  test('a short one stays as it is', () => {
    expect(fittingQuery('Holiday/The  Reef.mp4')).toBe('Holiday/The  Reef.mp4');
    expect(fittingQuery('x'.repeat(QUERY_BYTES_MAX))).toBe('x'.repeat(QUERY_BYTES_MAX));
  });

  test('words of 256 bytes together fit', () => {
    const words = [...'abcde'].map((letter) => letter.repeat(47));
    const whole = [...words, 'f'.repeat(16)].join(' ');
    expect(Buffer.byteLength(whole)).toBe(256);
    expect(fittingQuery(`other ${whole}`)).toBe(whole);
  });

  test('a search has two characters or more', () => {
    expect(['', 'a', '日', 'ab', '日本'].map(isSearchable)).toEqual([false, false, false, true, true]);
  });

  test('of a long path the words of the name are kept', () => {
    const path = `${'a very long folder/'.repeat(20)}The Reef.mp4`;
    expect(fittingQuery(path)).toMatch(/ the reef mp4$/);
    expect(fittingQuery(`${'y'.repeat(300)}/Reef`)).toBe(`${'y'.repeat(48)} reef`);
  });

  test('for any text, it fits, and finds every file that the text finds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600, size: 'max' }), (text) => {
        const fitting = fittingQuery(text);
        expect(Buffer.byteLength(fitting)).toBeLessThanOrEqual(QUERY_BYTES_MAX);
        if (fitting === text) return;
        expect(isSearchable(fitting) || !isSearchable(text)).toBe(true);
        const known = wordsOfQuery(text);
        expect(wordsOfQuery(fitting).filter((word) => !known.includes(word))).toEqual([]);
      }),
    );
  });
});
