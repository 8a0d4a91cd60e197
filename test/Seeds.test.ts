import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * Holds docs/contributing/seeds.md against the end-to-end tests: every line names files in which a test of that line
 * stands.
 */

const HERE = new URL('./EndToEnd/', import.meta.url);
const table = readFileSync(new URL('../docs/contributing/seeds.md', import.meta.url), 'utf8');
const rows = [...table.matchAll(/^\| ([A-E]\d+) \|.*\| ([^|]+) \|$/gm)].map(([, line = '', files = '']) => ({
  line,
  files: files.split(', '),
}));

/** The lines whose tests stand in a file: titles begin with them. */
function linesTested(file: string): Set<string> {
  const titles = readFileSync(new URL(file, HERE), 'utf8').matchAll(
    /['"`]((?:[A-E]\d+)(?:, [A-E]\d+)*)(?: with %s)?: /g,
  );
  return new Set([...titles].flatMap(([, lines = '']) => lines.split(', ')));
}

test('every behaviour of the five systems has its row, and each named file a test of it', () => {
  const count = { A: 18, B: 20, C: 10, D: 16, E: 12 };
  const lines = Object.entries(count).flatMap(([seed, last]) =>
    Array.from({ length: last }, (_, index) => `${seed}${index + 1}`),
  );
  expect(rows.map(({ line }) => line)).toEqual(lines);
  const untested = rows.filter(({ line, files }) => !files.every((file) => linesTested(file).has(line)));
  expect(untested).toEqual([]);
});

test('no test of a seed line is missing in the table', () => {
  const missing = readdirSync(HERE)
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [...linesTested(file)].map((line) => ({ line, file })))
    .filter(({ line, file }) => !rows.some((row) => row.line === line && row.files.includes(file)));
  expect(missing).toEqual([]);
});
