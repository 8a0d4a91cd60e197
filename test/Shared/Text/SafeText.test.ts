import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineLog } from '../../../Shared/Log.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';

/** By property classes of Unicode, independent of the list in SafeText.ts. */
const DANGEROUS =
  /\p{Cc}|\p{Bidi_Control}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Join_Control}|[\u{e0001}\u{e0020}-\u{e007f}\ufeff\u00ad]/u;

/** Any string, also with lone surrogates, with many dangerous characters. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 0xa0 }),
      fc.integer({ min: 0x2000, max: 0x206f }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.integer({ min: 0xe0000, max: 0xe0080 }),
    ),
    { maxLength: 50 },
  )
  .map((points) => String.fromCodePoint(...points));

test('the result has no character that controls a terminal or reorders text, and is idempotent', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const safe = safeText(text);
      expect(safe).not.toMatch(DANGEROUS);
      expect(safeText(safe)).toBe(safe);
    }),
    { numRuns: 5_000 },
  );
});

test('harmless text is unchanged', () => {
  for (const text of ['film.mkv', 'Grüße 世界 😀 é', 'नमस्ते', 'a\\b "c" {d}'])
    expect(safeText(text)).toBe(text);
});

test.each([
  ['\u001b[31mred', '\\u{1b}[31mred'],
  ['exe.\u202egpj', 'exe.\\u{202e}gpj'],
  ['two\nlines\r', 'two\\u{a}lines\\u{d}'],
  ['\u009b2J', '\\u{9b}2J'],
  ['\ud800x', '\\u{d800}x'],
  ['x\udc00', 'x\\u{dc00}'],
  ['a\u200bb', 'a\\u{200b}b'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j is shown as %s', (text, shown) => {
  expect(safeText(text)).toBe(shown);
});

test('a log makes its text safe, and prints debug lines only when asked', () => {
  const lines: string[] = [];
  for (const verbose of [false, true]) {
    const log = lineLog((line) => lines.push(line), verbose);
    log.warn('warn \u0007');
    log.info('info');
    log.debug('debug');
  }
  expect(lines).toEqual(['warn \\u{7}', 'info', 'warn \\u{7}', 'info', 'debug']);
});
