import { expect, test } from 'vitest';
import { inFolder } from '../../Web/Pages/Folders.ts';
import { chunkCells } from '../../Web/Parts/Chunks.ts';
import { folderOf, kindOf, nameOf, previewOf } from '../../Web/Parts/FileKind.ts';
import { nameParts } from '../../Web/Parts/FileName.tsx';
import { addRates, ratesOf, SAMPLES_MAX } from '../../Web/State/Rates.ts';

test('a cell of the chunk map is the fraction of its chunks that are here', () => {
  expect(chunkCells([], 3, 10)).toEqual([0, 0, 0]);
  expect(chunkCells([[0, 2]], 3, 10)).toEqual([1, 1, 1]);
  expect(chunkCells([[0, 0]], 4, 2)).toEqual([0.5, 0]);
  expect(chunkCells([[1, 2]], 4, 2)).toEqual([0.5, 0.5]);
  expect(chunkCells([[0, 1_000_000]], 4, 2)).toEqual([1, 1]); // More chunks than the file has.
  expect(chunkCells([], 0, 10)).toEqual([]);
});

test.each([7, 100, 999, 120])('the cells of %i chunks together are the chunks that are here', (chunks) => {
  const cells = chunkCells(
    [
      [1, 3],
      [5, chunks - 1],
    ],
    chunks,
    120,
  );
  const here = cells.reduce((sum, fraction) => sum + (fraction * chunks) / cells.length, 0);
  expect(here).toBeCloseTo(3 + chunks - 5, 6);
});

test('a folder lists its files, and its subfolders with their totals', () => {
  const files = ['a.txt', 'b/c.txt', 'b/d/e.txt', 'b10/x', 'b9/x'].map((path) => ({ path, size: 2 }));
  expect(inFolder(files, '')).toEqual({
    folders: [
      { name: 'b', files: 2, bytes: 4 },
      { name: 'b9', files: 1, bytes: 2 },
      { name: 'b10', files: 1, bytes: 2 },
    ],
    files: [{ path: 'a.txt', size: 2 }],
  });
  expect(inFolder(files, 'b').files).toEqual([{ path: 'b/c.txt', size: 2 }]);
  expect(inFolder([{ path: '__proto__/x', size: 1 }], '').folders).toEqual([
    { name: '__proto__', files: 1, bytes: 1 },
  ]);
});

test('kinds and names of files', () => {
  expect(['a/B.JPG', 'x.tar.gz', 'README', '.jpg', 'a.b/c'].map(kindOf)).toEqual([
    'image',
    'archive',
    'other',
    'image',
    'other',
  ]);
  expect(previewOf('x.mkv')).toBeUndefined();
  expect(previewOf('x.html')).toBe('text'); // Never shown as a page.
  expect([nameOf('a/b/c'), nameOf('c'), folderOf('a/b/c'), folderOf('c')]).toEqual(['c', 'c', 'a/b', '']);
});

test('the rates of a download are kept for a bounded time, from its first byte to its end', () => {
  const download = (state: string, bytesPerSecond: number) =>
    ({ number: 7, state, bytesPerSecond }) as Parameters<typeof addRates>[0][number];
  addRates([download('searching', 0)], 0);
  expect(ratesOf(7)).toBeUndefined();
  for (let second = 0; second < SAMPLES_MAX + 10; second++)
    addRates([download('fetching', second)], second * 1_000);
  addRates([download('done', 0)], 1e9);
  expect(ratesOf(7)?.times).toHaveLength(SAMPLES_MAX);
  expect(ratesOf(7)?.rates.at(-1)).toBe(SAMPLES_MAX + 9);
  expect(ratesOf(7)?.times[0]).toBe(10);
});

test('what a row may cut of a name is its start; no character is split', () => {
  expect(nameParts('short.jpg')).toEqual(['', 'short.jpg']);
  expect(nameParts('eighteen chars.jpg')).toEqual(['', 'eighteen chars.jpg']);
  expect(nameParts('Scan of the contract, page 7.pdf')).toEqual(['Scan of the co', 'ntract, page 7.pdf']);
  const end = '4567890123456.jpg';
  expect(nameParts(`Photo 12\u{1F420}${end}`)).toEqual(['Photo 12', `\u{1F420}${end}`]);
  expect(nameParts(`Photo 12e\u0301${end}`)).toEqual(['Photo 12', `e\u0301${end}`]);
  expect(nameParts(`Photo \u{1F468}\u200d\u{1F680}${end}`)).toEqual([
    'Photo ',
    `\u{1F468}\u200d\u{1F680}${end}`,
  ]);
  expect(nameParts('\u0301'.repeat(100))).toEqual(['', '\u0301'.repeat(100)]);
});
