import { expect, test } from 'vitest';
import { listingHtml, listingText, rowsOf } from '../../../../Peer/Web/Files/Listing.ts';

function* files(count: number) {
  for (let n = 0; n < 3; n++) yield { path: `d/a/${n}`, size: 2, modifiedMs: n };
  for (let n = 0; n < count; n++) yield { path: `d/${n}.txt`, size: 1, modifiedMs: 0 };
}

test('a folder is one row with the sum of its files', () => {
  const { rows, more } = rowsOf('d', files(1));
  expect(rows).toEqual([
    { name: 'a/', bytes: 6, modifiedMs: 2 },
    { name: '0.txt', bytes: 1, modifiedMs: 0 },
  ]);
  expect(more).toBe(0);
});

test('a listing has 5,000 rows, and counts the rest', () => {
  const rows = rowsOf('d', files(5_002));
  const text = listingText(rows);
  expect(text.match(/(\.txt|a\/)$/gm)).toHaveLength(5_000);
  expect(text).toMatch(/… and 3 more\n$/);
  const page = String(listingHtml('', rows));
  expect(page.match(/<td><a /g)).toHaveLength(5_000);
  expect(page).toContain('… and 3 more');
});
