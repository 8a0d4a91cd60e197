import { expect, test } from 'vitest';
import { matchName } from '../../../Peer/Downloads/NameMatch.ts';
import type { SearchHit } from '../../../Peer/Model.ts';
import type { FileId } from '../../../Protocol/Ids.ts';

function hit(path: string, idStart: string): SearchHit {
  return { path, fileId: idStart.padEnd(64, '0') as FileId, size: 1, holders: [], holderCount: 1 };
}

const film = hit('Films/film.mkv', 'aaaaaaaa1');
const otherFilm = hit('film.mkv', 'bbbbbbbb2');
const shouted = hit('FILM.MKV', 'cccccccc3');
const trailer = hit('film.mkv.trailer.txt', 'dddddddd4');

test.each([
  [
    'a whole path wins over the last part of another',
    'film.mkv',
    [film, otherFilm, shouted],
    { kind: 'one', hit: otherFilm },
  ],
  ['the last part of a path is a name', 'film.mkv', [film, trailer], { kind: 'one', hit: film }],
  ['exact case wins', 'FILM.MKV', [film, shouted], { kind: 'one', hit: shouted }],
  ['case does not matter when nothing fits exactly', 'Film.mkv', [film, trailer], { kind: 'one', hit: film }],
  [
    'two contents of one name are a choice',
    'Film.MKV',
    [shouted, otherFilm],
    { kind: 'several', hits: [shouted, otherFilm] },
  ],
  ['the start of an id names one', 'AAAAAAAA', [film, trailer], { kind: 'one', hit: film }],
  ['seven digits are no id', 'aaaaaaa', [film], { kind: 'similar', hits: [film] }],
  ['other matches are similar', 'film', [film, trailer], { kind: 'similar', hits: [film, trailer] }],
  ['nothing is none', 'film', [], { kind: 'none' }],
] as const)('%s', (_, name, hits, expected) => {
  expect(matchName(name, hits)).toEqual(expected);
});

test('composed and decomposed letters are the same name', () => {
  expect(matchName('caf\u00e9.txt', [hit('cafe\u0301.txt', 'e')])).toEqual({
    kind: 'one',
    hit: hit('cafe\u0301.txt', 'e'),
  });
});

test.each(['', 'Class/'])(
  'of two Unicode forms of a name in "%s", the typed one is taken and the other named',
  (folder) => {
    const composed = hit(`${folder}caf\u00e9.txt`, 'c');
    const decomposed = hit(`${folder}cafe\u0301.txt`, 'd');
    const hits = [decomposed, composed];
    expect(matchName('caf\u00e9.txt', hits)).toEqual({ kind: 'one', hit: composed, twins: [decomposed] });
    expect(matchName('cafe\u0301.txt', hits)).toEqual({ kind: 'one', hit: decomposed, twins: [composed] });
    // Neither form is the typed one.
    expect(matchName('CAFE\u0301.TXT', hits)).toEqual({ kind: 'several', hits });
  },
);
