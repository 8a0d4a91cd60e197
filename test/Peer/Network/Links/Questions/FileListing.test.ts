import { expect, test } from 'vitest';
import { FileListing } from '../../../../../Peer/Network/Links/Questions/FileListing.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import { listedFileBytes } from '../../../../../Protocol/ListedFile.ts';

const fileId = 'a'.repeat(64) as FileId;
const file = (path: string, size = 1) => ({ path, size, modifiedMs: 0, fileId });
const number = (index: number) => index.toString().padStart(8, '0');
const BAD_FRAME = expect.objectContaining({ code: 'BAD_FRAME' });
const TOO_MUCH = expect.objectContaining({ code: 'REFUSED' });

test('consecutive pages are one list', () => {
  const listing = new FileListing('d', 0);
  expect(listing.add({ next: 2, files: [file('d/a'), file('d/b')] }, 0)).toHaveLength(2);
  expect([listing.cursor, listing.complete]).toEqual([2, false]);
  expect(listing.add({ next: 0, files: [file('d/c')] }, 0)).toHaveLength(1);
  expect(listing.complete).toBe(true);
});

test('an empty folder is one page without files', () => {
  const listing = new FileListing('d', 0);
  expect(listing.add({ next: 0, files: [] }, 0)).toEqual([]);
  expect(listing.complete).toBe(true);
});

test('repeated files, after a change of the share of the peer, are left out', () => {
  const listing = new FileListing('', 0);
  listing.add({ next: 2, files: [file('b'), file('c')] }, 0);
  expect(listing.add({ next: 0, files: [file('c'), file('d')] }, 0)).toEqual([file('d')]);
});

test.each([
  ['pages that do not follow each other', { next: 3, files: [file('d/a')] }],
  ['an empty page before the last', { next: 1, files: [] }],
  ['a path outside the folder', { next: 0, files: [file('e/a')] }],
  ['the folder itself', { next: 0, files: [file('d')] }],
  ['a neighbour with a longer name', { next: 0, files: [file('dd/a')] }],
  ['paths that do not ascend', { next: 0, files: [file('d/b'), file('d/a')] }],
  ['a path twice', { next: 0, files: [file('d/a'), file('d/a')] }],
  ['a file of impossible size', { next: 0, files: [file('d/a', 2 ** 52)] }],
])('%s: the list is invalid', (_, page) => {
  expect(() => new FileListing('d', 0).add(page, 0)).toThrow(BAD_FRAME);
});

test('a list beyond the maximum number of files is refused', () => {
  const listing = new FileListing('', 0);
  const page = (start: number, count: number) =>
    Array.from({ length: count }, (_, index) => file(number(start + index)));
  for (let start = 0; start < 1_000_000; start += 10_000)
    listing.add({ next: start + 10_000, files: page(start, 10_000) }, 0);
  expect(() => listing.add({ next: 1_000_001, files: page(1_000_000, 1) }, 0)).toThrow(TOO_MUCH);
});

test('a list of more than 128 MiB is refused', () => {
  const listing = new FileListing('', 0);
  const long = (index: number) => file(number(index) + 'n'.repeat(900));
  const add = (index: number) => listing.add({ next: index + 1, files: [long(index)] }, 0);
  const fit = Math.floor((128 * 1_048_576) / listedFileBytes(long(0)));
  for (let index = 0; index < fit; index++) add(index);
  expect(() => add(fit)).toThrow(TOO_MUCH);
});

test('a list that takes longer than four minutes is refused', () => {
  const listing = new FileListing('', 1_000);
  listing.add({ next: 1, files: [file('a')] }, 241_000);
  expect(() => listing.add({ next: 2, files: [file('b')] }, 241_001)).toThrow(TOO_MUCH);
});

test('a path too long for a message is refused before it is sent', () => {
  expect(() => new FileListing('\u00fc'.repeat(500), 0)).not.toThrow();
  expect(() => new FileListing('\u00fc'.repeat(501), 0)).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
});
