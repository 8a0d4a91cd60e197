import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const pages = ['reference/security.md', 'contributing/security-tests.md'].map((path) =>
  readFileSync(new URL(`../docs/${path}`, import.meta.url), 'utf8'),
);
const named = pages.flatMap((page) => [...page.matchAll(/`([A-Za-z/]+\.test\.ts)`: "([^"]+)"/g)]);

test.each(pages)('every row names a test', (page) => {
  const rows = page.split('\n').filter((line) => /^\| (?!Promise|Threat|-)/.test(line));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) expect(row).toMatch(/`[A-Za-z/]+\.test\.ts`: "[^"]+" \|$/);
});

test.each(named.map(([, file = '', title = '']) => [title, file]))('there is a test "%s"', (title, file) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  expect(text).toContain(title);
});
