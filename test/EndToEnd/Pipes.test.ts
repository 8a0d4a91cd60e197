import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { expect } from 'vitest';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';

const FILM = someBytes(1, 2_500_000);

test.concurrent('search, download and list run in order, the download completes first, no prompt, exit code 0', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  const end = await lan.script('berta', ['search film', 'download film.mkv', 'list']);
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  expect(end.stdout.match(/\banna\b|film\.mkv is done|1 file, 2\.5 MB in/g)).toEqual([
    'anna', // The search names the holder.
    'film.mkv is done',
    '1 file, 2.5 MB in', // And `list` finds it here.
  ]);
  expect(end.stdout).not.toMatch(/^(shoal)?> |\u001b|\r/m);
  expect(FILM.equals(await readFile(end.share.at('film.mkv')))).toBe(true);
});

test.concurrent('a failed command is named with its line, the next ones run, exit code 1', async ({
  lan,
}) => {
  const files = { 'mine.txt': 'mine' };
  const end = await lan.script('berta', ['serch film', 'download nothing.bin', 'list'], { files });
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/^error: line 1 "serch film": .*\nhint: Did you mean search\?$/m);
  expect(end.stderr).toMatch(/^error: line 2 "download nothing\.bin": nobody shares "nothing\.bin" now$/m);
  expect(end.stderr).not.toContain('line 3');
  expect(end.stdout).toContain('mine.txt');
});

test.concurrent('names with spaces go in quotes, case does not matter, aliases mean the same', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'my first film.mkv': FILM, "it's “ö” 日本.txt": 'hello' } });
  const lines = [
    'SEARCH my FIRST film',
    'Download "my first film.mkv"',
    `dl "it's “ö” 日本.txt"`,
    'LS',
    'Files',
    'P',
    'DLS',
    'Info',
    'Update',
    'ME',
    'H',
    '?',
    'BYE',
    'this line is never read',
  ];
  const end = await lan.script('berta', lines);
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  expect(FILM.equals(await readFile(end.share.at('my first film.mkv')))).toBe(true);
  expect(await readFile(end.share.at("it's “ö” 日本.txt"), 'utf8')).toBe('hello');
});

test.concurrent('help names every required command', async ({ lan }) => {
  const { stdout, stderr, code } = await lan.script('berta', ['help'], { tracker: undefined });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('No tracker') });
  for (const word of 'list ls files peers search download get downloads dls pause resume cancel status info refresh update tracker whoami me connect help quit exit bye'.split(
    ' ',
  ))
    expect(stdout, word).toMatch(new RegExp(`\\b${word}\\b`));
});

test.concurrent('end of input and every word for quit end it with 0', async ({ lan }) => {
  await lan.tracker();
  const ends = await Promise.all([[], ['quit'], ['EXIT'], ['q', 'nonsense']].map((l) => lan.script('b', l)));
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    ends.map(() => ({ code: 0, stderr: '' })),
  );
});

test.concurrent('scripts need no sleep: after the first command other peers find the files of this peer', async ({
  lan,
}) => {
  const observer = await lan.seeder('anna', { files: { 'other.txt': 'other' } });
  const newcomer = await lan.peer('berta', { files: { 'fresh song.mp3': FILM } });
  const [peer] = await newcomer.items('peers');
  expect(peer?.name).toBe('anna');
  expect((await observer.items('search fresh song')).map(({ path }) => path)).toEqual(['fresh song.mp3']);
});

test.concurrent('scripts need no sleep: the first list waits for the first scan', async ({ lan }) => {
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`folder/${n}.txt`, `text ${n}`]));
  const { stdout, code } = await lan.script('berta', ['list'], { files, tracker: undefined });
  expect(code).toBe(0);
  expect(stdout).toContain('200 files');
});

test.concurrent('without a tracker: search fails with a hint, list works', async ({ lan }) => {
  const end = await lan.script('berta', ['list', 'search film'], { tracker: undefined, files: { a: 'a' } });
  expect(end.code).toBe(1);
  expect(end.stdout).toContain('1 file');
  expect(end.stderr).toMatch(/^error: line 2 "search film": no tracker answers.*\nhint: .+/m);
});

test.concurrent('with SHOAL_TRACKER only: a port of 9000-9999, a share folder below Downloads, JSON for programs', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  const program = await lan.launcher.peer([], { env: { SHOAL_TRACKER: await lan.tracker() } });
  program.type('whoami --json', 'get ANNA film.mkv --json');
  program.endInput();
  expect(await program.exitCode()).toBe(0);
  const [me, got] = program.lines.map((line) => JSON.parse(line));
  expect(me).toMatchObject({ version: 1, command: 'whoami', ok: true });
  expect(isIP(me.host)).not.toBe(0); // That of a network card, where there is one.
  expect(me.port).toBeGreaterThanOrEqual(9_000);
  expect(me.port).toBeLessThanOrEqual(9_999);
  const folder = `${program.home}/Downloads/P2P/User-${me.port}`;
  expect(got.items[0]).toMatchObject({
    name: 'film.mkv',
    size: FILM.length,
    state: 'done',
    path: `${folder}/film.mkv`,
  });
  expect(existsSync(`${folder}/film.mkv`)).toBe(true);
});

test.concurrent.for([
  [['--upload-limit', 'fast'], /"fast" is not a rate/],
  [['0'], /is not a port/],
  [['--nonsense'], /unknown option/],
] as const)('%j: one error, one hint, code 2', async ([args, message], { lan }) => {
  const program = await lan.launcher.peer(args);
  expect(await program.exitCode()).toBe(2);
  expect(program.stderr).toMatch(message);
  expect(program.stderr).toMatch(/^error: .+\nhint: .+\n$/);
});
