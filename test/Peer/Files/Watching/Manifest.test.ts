import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../../../Peer/Files/Watching/Manifest.ts';

function parse(text: string) {
  return parseManifest(Buffer.from(text));
}

/** name -> path */
function files(text: string) {
  return parse(text).entries.map(({ name, path }) => [name, path]);
}

describe('lines that name a file', () => {
  test.each([
    ['b.txt ./shared/a.txt', 'b.txt', './shared/a.txt'],
    ['b.txt\t/srv/a.txt', 'b.txt', '/srv/a.txt'],
    ['  b.txt   a file.txt  \r', 'b.txt', 'a file.txt'],
    ['"my film.mkv" film.mkv', 'my film.mkv', 'film.mkv'],
    ["'my film.mkv' 'the film.mkv'", 'my film.mkv', 'the film.mkv'],
    ['"say \\"hi\\".txt" x', 'say "hi".txt', 'x'],
    [String.raw`b.txt C:\files\a.txt`, 'b.txt', String.raw`C:\files\a.txt`],
    [String.raw`b.txt "C:\my files\a.txt"`, 'b.txt', String.raw`C:\my files\a.txt`],
    ['"#1.txt" x', '#1.txt', 'x'],
    ['don\'t.txt don\'t "really".txt', "don't.txt", 'don\'t "really".txt'],
    ['música/não.txt ü.txt', 'música/não.txt', 'ü.txt'],
    ['\u{feff}b.txt a', 'b.txt', 'a'],
  ])('%s', (line, name, path) => {
    expect(parse(line)).toEqual({ entries: [{ line: 1, name, path }], problems: [] });
  });

  test('empty lines and comments are skipped; the last line needs no line feed', () => {
    expect(files('# mine\n\n  \t\r\na x\n  # b y\nc z')).toEqual([
      ['a', 'x'],
      ['c', 'z'],
    ]);
  });

  test('two names of one file are two files', () => {
    expect(files('a x\nb x\n')).toHaveLength(2);
  });
});

describe('invalid lines are reported with their number, the others are valid', () => {
  test.each([
    ['alone', /no path after the name "alone" \(a line is: name path\)/],
    ['"never closed x', /the quote " is not closed/],
    ['b "never closed', /the quote " is not closed/],
    ['"b"x y', /a blank is missing after the name/],
    ['b "x" y', /unexpected text after the path/],
    ['b ""', /no path/],
    ['"" x', /the name is empty/],
    ['/b x', /is not a valid name/],
    ['b/ x', /is not a valid name/],
    ['a//b x', /is not a valid name/],
    ['../b x', /is not a valid name/],
    ['a/./b x', /is not a valid name/],
    ['b\u0007 x', /control characters in the name/],
    ['b x\u001b[2J', /control characters in the path/],
    [`${'b'.repeat(1_001)} x`, /longer than 1000 bytes/],
    ['first elsewhere', /"first" is already named in line 1/],
  ])('%j', (line, reason) => {
    const { entries, problems } = parse(`first x\n${line}\nlast y\n`);
    expect(entries.map(({ name, path }) => [name, path])).toEqual([
      ['first', 'x'],
      ['last', 'y'],
    ]);
    expect(problems).toEqual([{ line: 2, reason: expect.stringMatching(reason) }]);
  });

  test('a line that is not UTF-8', () => {
    const latin1 = Buffer.from('a x\nn\u00e3o.txt y\nc z\n', 'latin1');
    const { entries, problems } = parseManifest(latin1);
    expect(entries.map(({ line }) => line)).toEqual([1, 3]);
    expect(problems).toEqual([{ line: 2, reason: expect.stringMatching(/not valid UTF-8/) }]);
  });
});

test('for any bytes: no name twice, and every line is an entry, a problem, or skipped', () => {
  const pieces = fc.constantFrom(
    'a',
    'b.txt',
    ' ',
    '\t',
    '"',
    "'",
    '\\',
    '#',
    '\n',
    '/',
    '..',
    '\u0000',
    'é',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const text = parts.join('');
      const { entries, problems } = parse(text);
      expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
      const meant = text.split('\n').flatMap((line, index) => (/^[ \t]*(#|$)/.test(line) ? [] : [index + 1]));
      const told = [...entries, ...problems].map(({ line }) => line).sort((a, b) => a - b);
      expect(told).toEqual(meant);
    }),
  );
});

test('a manifest may name a limited number of files, later lines are problems', () => {
  const { entries, problems } = parseManifest(Buffer.from('a x\nb x\nc x\na y\nd x'), 2);
  expect(entries.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(problems.map(({ line }) => line)).toEqual([3, 4, 5]);
  expect(problems[0]?.reason).toContain('more than 2 files');
});
