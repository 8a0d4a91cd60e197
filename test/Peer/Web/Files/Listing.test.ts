import { expect, test } from 'vitest';
import { listingHtml, listingText } from '../../../../Peer/Web/Files/Listing.ts';

test('a listing has 5,000 rows, and counts the rest', () => {
  const rows = Array.from({ length: 5_003 }, (_, number) => ({
    name: `${number}.txt`,
    bytes: 1,
    modifiedMs: 0,
  }));
  const text = listingText(rows);
  expect(text.match(/\.txt$/gm)).toHaveLength(5_000);
  expect(text).toMatch(/… and 3 more\n$/);
  const page = String(listingHtml('', rows));
  expect(page.match(/<td><a /g)).toHaveLength(5_000);
  expect(page).toContain('… and 3 more');
});
