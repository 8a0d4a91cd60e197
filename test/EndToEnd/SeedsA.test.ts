import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

/** The behaviours of the seed "PyShare", by their lines in the checklist. */

const FILM = someBytes(310, 2_500_000);

test.concurrent('A13: printf "2\\n3\\n" | node Peer.js --menu lists files and exits with 0', async ({
  lan,
}) => {
  const home = await lan.launcher.folder();
  const port = await freePort();
  await home.write(`Downloads/P2P/User-${port}/film.mkv`, FILM);
  const program = await lan.launcher.peer(['--menu', String(port)], { home: home.path });
  program.type('2', '3');
  program.endInput();
  expect(await program.exitCode()).toBe(0);
  expect(program.stdout).toMatch(/^\(1\) download a file\n\(2\) list files\n\(3\) quit\nName +Size/);
  expect(program.stdout).toMatch(/^film\.mkv +2\.5 MB/m);
});

test.concurrent('A13: the menu downloads by name, lets choose between several, and reports a wrong choice', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM, 'a/same.txt': 'one', 'b/same.txt': 'two' } });
  const end = await lan.script('berta', ['1', 'film.mkv', '9', '1', 'same.txt', '2', '3'], {
    args: ['--menu'],
  });
  expect(end.stdout).toMatch(/film\.mkv is done/);
  expect(end.stdout).toMatch(/Different files are named "same\.txt"/);
  expect(end.stderr).toBe('error: line 3 "9": "9" is not in the menu\nhint: Choose 1, 2 or 3.\n');
  expect(end.code).toBe(1);
  expect(FILM.equals(await readFile(end.share.at('film.mkv')))).toBe(true);
  expect(['one', 'two']).toContain(await readFile(end.share.at('same.txt'), 'utf8'));
});

test.concurrent('A13: it serves while the menu waits', async ({ lan }) => {
  const anna = await lan.peer('anna', { files: { 'film.mkv': FILM }, args: ['--menu'] });
  await anna.program.line(/^\(3\) quit$/);
  const berta = await lan.peer('berta');
  await eventually('it is found', async () => (await berta.items('search film')).length === 1);
  await berta.items('download film.mkv');
  expect(FILM.equals(await berta.read('film.mkv'))).toBe(true);
  anna.program.type('3');
  expect(await anna.program.exitCode()).toBe(0);
});
