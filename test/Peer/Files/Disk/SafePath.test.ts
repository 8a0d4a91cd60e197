import { join, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { numberedPath, safePath } from '../../../../Peer/Files/Disk/SafePath.ts';
import { isIgnoredPath } from '../../../../Peer/Files/Watching/IgnoreRules.ts';
import { PATH_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

describe('safePath', () => {
  test.each([
    ['film.mkv', 'film.mkv'],
    ['a/b/c.txt', 'a/b/c.txt'],
    ['../../x', 'x'],
    ['a/../../etc/passwd', 'a/etc/passwd'],
    ['/etc/passwd', 'etc/passwd'],
    ['C:\\Windows\\system32', 'C__Windows_system32'],
    ['\\\\server\\share\\x', '__server_share_x'],
    ['a\\b/c', 'a_b/c'],
    ['..\\..\\x', '_._.._x'],
    ['', 'unnamed'],
    ['...', 'unnamed'],
    ['./.', 'unnamed'],
    [' / ', 'unnamed'],
    ['.bashrc', '_bashrc'],
    ['a/.ssh/key', 'a/_ssh/key'],
    ['film.PART', 'film.PART_'],
    ['a.tmp/b~', 'a.tmp_/b~_'],
    ['~$letter.docx', '_$letter.docx'],
    ['~$x.swp', '_$x.swp_'],
    ['a/Thumbs.db', 'a/Thumbs.db_'],
    [`${'x'.repeat(250)}.part`, `${'x'.repeat(250)}.par_`],
    ['Temp/x', '_Temp/x'],
    ['TEMP', '_TEMP'],
    ['a/Temp', 'a/Temp'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['nul.tar.gz', '_nul.tar.gz'],
    ['COM\u00b9', '_COM\u00b9'],
    ['lpt9.log', '_lpt9.log'],
    ['COM10', 'COM10'],
    ['console', 'console'],
    ['name. . ', 'name'],
    ['a<b>c:d"e|f?g*h', 'a_b_c_d_e_f_g_h'],
    ['evil\u202etxt.exe', 'eviltxt.exe'],
    ['\u001b]0;x\u0007.txt', ']0;x.txt'],
    ['zero\u200bwidth', 'zerowidth'],
    ['cafe\u0301', 'caf\u00e9'],
    ['cafe\u200b\u0301', 'caf\u00e9'],
    ['می\u200cخواهم.pdf', 'می\u200cخواهم.pdf'],
    ['👩\u200d💻.png', '👩\u200d💻.png'],
    ['in\u200cvoice', 'invoice'],
    ['é\u200c\u200cé', 'éé'],
    ['-rf', '-rf'],
    ['\ud800lone', 'lone'],
    ['\ufffd', '_'],
    [`con${' '.repeat(300)}x`, '_con'],
  ])('%j becomes %j', (wanted, safe) => {
    expect(safePath(wanted)).toBe(safe);
  });

  test.each(seeds(200))('plain paths go a short way to the same place (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const pieces = [
      'a',
      'Con',
      'nul',
      'com1',
      'temp',
      'Temp',
      '.',
      ' ',
      '/',
      '-',
      'b_2',
      'txt',
      'part',
      'Thumbs.db',
      '\u00e4',
      'x'.repeat(90),
    ];
    const path = Array.from({ length: random.int(0, 8) }, () => random.pick(pieces)).join('');
    // A leading slash has no meaning, but is no plain path.
    expect(safePath(path)).toBe(safePath(`/${path}`));
  });

  test('on a disk that stores them, names stay, without characters and parts that deceive, hide or leave the folder', () => {
    const kept = ['a:b?.txt', 'What? "Yes" <b>.mp3', 'cafe\u0301', 'aux.c', 'name. . ', ' x', 'a|b*'];
    for (const name of kept) expect(safePath(name, 'any')).toBe(name);
    expect(safePath('../.ssh/evil\u202etxt', 'any')).toBe('_ssh/eviltxt');
    expect(safePath('a\\b', 'any')).toBe('a\\b');
    expect(safePath('x.part', 'any')).toBe('x.part_');
    expect(safePath('Temp/x', 'any')).toBe('_Temp/x');
  });

  test.each(seeds(40))(
    '100 hostile texts each on such a disk: inside, shared, idempotent (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 100; round++) {
        const wanted = hostileText(random);
        const safe = safePath(wanted, 'any');
        expect({
          wanted,
          inside: join(ROOT, safe).startsWith(ROOT + sep),
          again: safePath(safe, 'any'),
        }).toEqual({
          wanted,
          inside: true,
          again: safe,
        });
        expect(isIgnoredPath(safe)).toBe(false);
        expect(safe).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u200b]|(^|\/)(\.|$)|^temp(\/|$)/i);
        for (const segment of safe.split('/')) expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(255);
      }
    },
  );

  test('a long name keeps its ending and is cut between characters', () => {
    const name = safePath(`${'😀'.repeat(100)}.tar`);
    expect(name).toBe(`${'😀'.repeat(62)}.tar`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });

  test('a path that is too long loses inner folders, never its file', () => {
    const path = safePath(`first/${'folder-of-some-length/'.repeat(100)}film.mkv`);
    expect(path.startsWith('first/')).toBe(true);
    expect(path.endsWith('/film.mkv')).toBe(true);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(PATH_BYTES_MAX);
  });

  test.each(seeds(40))(
    '100 hostile texts each: inside, valid on Windows, idempotent, shared (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 100; round++) {
        const wanted = hostileText(random);
        const safe = safePath(wanted);
        const second = numberedPath(safe, random.int(2, 12_000));
        const found = {
          wanted,
          safe,
          broken: brokenRule(safe) ?? brokenRule(second),
          again: safePath(safe),
          isNew: second !== safe,
        };
        expect(found).toEqual({ wanted, safe, broken: undefined, again: safe, isNew: true });
      }
    },
  );
});

test('numberedPath puts the number before the ending', () => {
  expect(numberedPath('a/film.mkv', 2)).toBe('a/film (2).mkv');
  expect(numberedPath('a.b/film', 3)).toBe('a.b/film (3)');
  expect(numberedPath('film.mkv', 1)).toBe('film.mkv');
});

const ROOT = resolve('/share');
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)/i;
const JOINERS =
  /[\u0000-\u007f\u200c\u200d][\u200c\u200d]|[\u200c\u200d][\u0000-\u007f\u200c\u200d]|^[\u200c\u200d]|[\u200c\u200d]$/;
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"|?*\\\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** The first rule that a path violates. */
function brokenRule(path: string): string | undefined {
  if (!join(ROOT, path).startsWith(ROOT + sep)) return 'it leaves the folder';
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return 'it is too long';
  if (path.normalize('NFC') !== path) return 'it is not NFC';
  if (Buffer.from(path).toString() !== path) return 'it is no UTF-8';
  if (isIgnoredPath(path)) return 'it is not shared';
  for (const segment of path.split('/')) {
    if (/^$|^[. ]|[. ]$/.test(segment)) return `"${segment}" is no good name`;
    if (DEVICE.test(segment)) return `"${segment}" is a device`;
    if (FORBIDDEN.test(segment)) return `"${segment}" has a forbidden character`;
    if (JOINERS.test(segment)) return `"${segment}" has a joiner that hides between Latin letters`;
    if (Buffer.byteLength(segment) > 255) return `"${segment}" is too long`;
  }
  return undefined;
}

const PIECES = [
  '..',
  '.',
  '/',
  '\\',
  '//',
  ' ',
  'CON',
  'nul.',
  'COM\u00b2',
  'Temp',
  'temp/',
  'a',
  'b.txt',
  '.tar.gz',
  '\u0000',
  '\u001b[2J',
  '\u202e',
  '\u200d',
  '\ufeff',
  'e\u0301',
  '<\u0338',
  'é',
  '😀',
  '\ud83d',
  '\udc00',
  'C:',
  '*?',
  '~',
  '~$',
  '.part',
  'desktop.ini',
  '-',
  '\u00ad',
  '\ufffd',
  'x'.repeat(200),
  '日本'.repeat(50),
  ' '.repeat(260),
];

function hostileText(random: SeededRandom): string {
  const count = random.int(0, random.chance(0.1) ? 120 : 8);
  return Array.from({ length: count }, () =>
    random.chance(0.2) ? String.fromCharCode(random.int(0, 0xffff)) : random.pick(PIECES),
  ).join('');
}
