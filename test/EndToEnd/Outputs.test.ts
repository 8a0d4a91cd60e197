import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { nodeBinary } from '../Support/launch.ts';
import { LINUX, title, tmpfs } from '../Support/Requires.ts';
import type { TempFolder } from '../Support/TempFolder.ts';
import { someBytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NO_SPACE = /"code":"DISK_FULL"|^error: the output could not be written: no space is left\nhint: .+\n$/;

/** Environment of a user without a home and running peers. */
const ALONE = {
  HOME: '/tmp/shoal-no-home',
  XDG_RUNTIME_DIR: '/tmp/shoal-no-home/run',
  SHOAL_DISCOVERY: 'off',
};

/** Runs a launcher to its end with its standard output in a file. */
async function into(path: string, args: readonly string[], tracker: string, input = '') {
  const output = openSync(path, 'w');
  try {
    const [script = '', ...rest] = args;
    const env = { PATH: process.env.PATH, ...ALONE, SHOAL_TRACKER: tracker };
    const child = spawn(nodeBinary(), [join(ROOT, script), ...rest], {
      env,
      stdio: ['pipe', output, 'pipe'],
    });
    child.stdin?.end(input);
    let stderr = '';
    child.stderr?.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { code, stderr };
  } finally {
    closeSync(output);
  }
}

test
  .skipIf(LINUX)
  .concurrent(
    title('every command that prints ends with 9 when its output has no space', LINUX),
    async ({ lan }) => {
      await lan.seeder('anna', { files: { 'film.mkv': someBytes(1, 500_000) } });
      const tracker = await lan.tracker();
      const commands = [
        ['shoal.js', 'search', 'film'],
        ['shoal.js', 'search', 'film', '--json'],
        ['shoal.js', 'ls', 'anna'],
        ['shoal.js', 'config'],
        ['shoal.js', 'completion', 'bash'],
        ['shoal.js', 'help', 'get'],
        ['shoal.js', 'get', 'film.mkv', '-o', '-'],
        ['Peer.js', '--help'],
        ['Tracker.js', '--help'],
        ['Tracker.js', '--version'],
      ];
      for (const command of commands) {
        const { code, stderr } = await into('/dev/full', command, tracker);
        expect({ command, code, stderr }).toEqual({
          command,
          code: 9,
          stderr: expect.stringMatching(NO_SPACE),
        });
      }
      const share = (await lan.launcher.folder()).path;
      const piped = await into('/dev/full', ['Peer.js', '--share', share], tracker, 'search film\n');
      expect(piped).toEqual({ code: 9, stderr: expect.stringMatching(NO_SPACE) });
    },
  );

const TMPFS = tmpfs();
test
  .skipIf(TMPFS)
  .concurrent(
    title('a file that is streamed to a disk which is full before its last bytes ends with 9', TMPFS),
    async ({ lan }) => {
      const film = someBytes(2, 900_000);
      await lan.seeder('anna', { files: { 'film.mkv': film } });
      const disk = await smallDisk(lan, 1);
      // Space for all except the end of the last write.
      await disk.write('filler', someBytes(3, 180_000));
      const { code, stderr } = await into(
        disk.at('film.mkv'),
        ['shoal.js', 'get', 'film.mkv', '-o', '-'],
        await lan.tracker(),
      );
      expect({ code, stderr }).toEqual({ code: 9, stderr: expect.stringMatching(NO_SPACE) });
      expect(statSync(disk.at('film.mkv')).size).toBeLessThan(film.length);
    },
  );

test.concurrent('a reader that leaves ends a command quietly with 0', async ({ lan }) => {
  await lan.seeder('anna', { files: { 'film.mkv': someBytes(3, 2_000_000) } });
  const env = { ...process.env, ...ALONE, SHOAL_TRACKER: await lan.tracker() };
  for (const args of ['search film', 'get film.mkv -o -', 'help']) {
    const line = `"${nodeBinary()}" shoal.js ${args} | head -c 1 >/dev/null; echo $'\\n'\${PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: ROOT, env, encoding: 'utf8' });
    expect({ args, code: stdout.trim(), stderr }).toEqual({ args, code: '0', stderr: '' });
  }
});

async function smallDisk(lan: TestLan, mebibytes: number): Promise<TempFolder> {
  const folder = await lan.launcher.folder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'shoal-test', folder.path]);
  expect(mounted.status).toBe(0);
  lan.onClose(async () => spawnSync('umount', ['--lazy', folder.path]));
  return folder;
}
