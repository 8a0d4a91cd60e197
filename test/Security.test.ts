import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../docs/reference/security.md', import.meta.url), 'utf8');
const named = [...page.matchAll(/`([A-Za-z/]+\.test\.ts)`: "([^"]+)"/g)];

test('every promise of the security page names a test', () => {
  const rows = page.split('\n').filter((line) => /^\| (?!Promise|-)/.test(line) && !line.startsWith('|---'));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) expect(row).toMatch(/`[A-Za-z/]+\.test\.ts`: "[^"]+" \|$/);
});

test.each(named.map(([, file = '', title = '']) => [title, file]))('there is a test "%s"', (title, file) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  expect(text).toContain(title);
});
