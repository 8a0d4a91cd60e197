import { describe, expect, test } from 'vitest';
import { findDownload } from '../../../Peer/Downloads/FindDownload.ts';

describe('findDownload', () => {
  const downloads = [
    { number: 1, fileId: 'abcd1234', path: 'films/Film.mkv' },
    { number: 2, fileId: 'abcd9999', path: 'film two.mkv' },
    { number: 3, fileId: undefined, path: 'Photos/' },
    { number: 4, fileId: '9b1e0000', path: 'cafe.txt' },
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
    ['9b1e', 4],
  ])('%s is download %i', (text, number) => expect(findDownload(text, downloads).number).toBe(number));

  test('the hint lists several matches', () => {
    expect(() => findDownload('film', downloads)).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS', hint: expect.stringContaining('1 (films/Film.mkv)') }),
    );
    expect(() => findDownload('abcd', downloads)).toThrow(expect.objectContaining({ code: 'AMBIGUOUS' }));
  });

  test.each(['9', '9b1', 'nothing', ''])('"%s" matches none', (text) =>
    expect(() => findDownload(text, downloads)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' })),
  );
});
