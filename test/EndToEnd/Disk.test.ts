import { execFile } from 'node:child_process';
import { chmod, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { title, tmpfs, unreadableFiles } from '../Support/Requires.ts';
import { SEEN_MS, within } from '../Support/Slowdown.ts';
import type { TempFolder } from '../Support/TempFolder.ts';
import { someBytes, someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type Item, type TestPeer } from '../Support/TestPeer.ts';

const run = promisify(execFile);
const MIB = 1_048_576;

function soon(what: string, probe: () => Promise<boolean>): Promise<true> {
  return within(SEEN_MS, () => eventually(what, probe));
}

const paths = (items: readonly { readonly path: string }[]) => items.map(({ path }) => path).sort();

/** Waits until another peer lists exactly these paths of the seeder. */
async function sees(witness: TestPeer, peer: TestPeer, expected: readonly string[]): Promise<void> {
  let seen: string[] = [];
  const same = async () => {
    seen = paths(await witness.items(`ls ${peer.name}`));
    return JSON.stringify(seen) === JSON.stringify([...expected].sort());
  };
  await soon(`${witness.name} sees ${expected}`, same).catch((failure) => {
    throw new Error(`it sees ${seen}`, { cause: failure });
  });
}

test.concurrent('added, renamed and removed files are seen by others within seconds, also in new folders', async ({
  lan,
}) => {
  const peer = await lan.seeder('anna', { files: { 'first.txt': '1' } });
  const witness = await lan.peer('berta');
  const { share } = peer;
  await sees(witness, peer, ['first.txt']);
  await share.write('new/deep/second.txt', '2');
  await sees(witness, peer, ['first.txt', 'new/deep/second.txt']);
  const found = async () => paths(await witness.items('search second')).join() === 'new/deep/second.txt';
  await soon('the tracker knows it', found);
  await rename(share.at('new'), share.at('renamed'));
  await rename(share.at('first.txt'), share.at('one.txt'));
  await sees(witness, peer, ['one.txt', 'renamed/deep/second.txt']);
  const told = async () =>
    paths(await witness.items('search txt')).join() === 'one.txt,renamed/deep/second.txt';
  await soon('the tracker knows', told);
  expect(paths(await witness.items('search txt -second'))).toEqual(['one.txt']);
  await writeFile(share.at('one.txt'), 'another content');
  await soon('the new content is listed', async () => (await witness.items('ls anna'))[0]?.size === 15);
  await rm(share.at('renamed'), { recursive: true });
  await sees(witness, peer, ['one.txt']);
  await soon('and is searched no more', async () => (await witness.items('search second')).length === 0);
});

test.concurrent('a file that is being written is shared after its quiet period', async ({ lan }) => {
  const peer = await lan.seeder('anna', { files: { 'first.txt': '1' } });
  const witness = await lan.peer('berta');
  const file = await open(peer.share.at('growing.bin'), 'w');
  const until = performance.now() + 2_500;
  let longestPauseMs = 0;
  let last = performance.now();
  let asked = Promise.resolve<readonly Item[]>([]);
  let size = 0;
  let seen: Item | undefined;
  while (last < until && seen === undefined) {
    size += (await file.write(someBytes(size, 5_000))).bytesWritten;
    await pause(20);
    longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
    last = performance.now();
    asked = asked.then(async () =>
      (await witness.items('ls anna')).filter((item) => item.path === 'growing.bin'),
    );
    void asked.then(([item]) => {
      seen ??= item;
    });
  }
  await asked;
  await file.close();
  // On a machine that stalls the writer for long, the file appears quiet.
  if (longestPauseMs < 500) expect(seen?.size ?? size).toBe(size);
  await soon('the whole file is listed', async () =>
    (await witness.items('ls anna')).some((item) => item.size === size),
  );
});

test.concurrent('hidden files, litter, Temp, and links out of the folder are not shared; special files do no harm', async ({
  lan,
}) => {
  const outside = await lan.launcher.folder();
  await outside.write('secret.txt', 'secret');
  const share = await lan.launcher.folder();
  const files = {
    'yes.txt': 'yes',
    '.hidden': 'h',
    'Temp/part.bin': 'p',
    'a.txt~': '~',
    'Thumbs.db': 't',
    'sub/.git/x': 'x',
  };
  for (const [path, content] of Object.entries(files)) await share.write(path, content);
  await symlink(outside.at('secret.txt'), share.at('link.txt'));
  await symlink(outside.path, share.at('folder-link'));
  await symlink('/etc/passwd', share.at('passwd'));
  await symlink('nowhere', share.at('dangling'));
  await symlink('.', share.at('loop'));
  if (process.platform !== 'win32') await run('mkfifo', [share.at('fifo')]);
  const peer = await lan.seeder('anna', { share });
  expect(paths(await peer.items('list'))).not.toContain('secret.txt');
  const witness = await lan.peer('berta');
  const seen = paths(await witness.items('ls anna'));
  expect(seen).toContain('yes.txt');
  expect(
    seen.filter((path) => /secret|passwd|link|hidden|part|~|Thumbs|git|fifo|dangling/.test(path)),
  ).toEqual([]);
  expect(await witness.answer('get anna passwd')).toMatchObject({ ok: false });
});

const UNREADABLE = unreadableFiles();
test
  .skipIf(UNREADABLE)
  .concurrent(
    title(
      'a file or folder that cannot be read is a problem in the status, and the others are shared',
      UNREADABLE,
    ),
    async ({ lan }) => {
      const share = await lan.launcher.folder();
      await share.write('good.txt', 'good');
      await share.write('sub/bad.txt', 'bad');
      await chmod(share.at('sub/bad.txt'), 0);
      // Its names can be read, and no file.
      await share.write('shut/in.txt', 'in');
      await chmod(share.at('shut'), 0o644);
      const peer = await lan.seeder('anna', { share, prefix: withoutPrivilege() });
      expect(paths(await peer.items('list'))).toEqual(['good.txt']);
      const status = await peer.answer('status');
      expect(status.share).toMatchObject({
        problems: expect.arrayContaining([
          { path: 'sub/bad.txt', reason: expect.stringMatching(/cannot be read/) },
          { path: 'shut', reason: expect.stringMatching(/the folder cannot be read/) },
        ]),
      });
      // As soon as it can be read it is shared.
      await chmod(share.at('sub/bad.txt'), 0o600);
      await chmod(share.at('shut'), 0o755);
      await sees(await lan.peer('berta'), peer, ['good.txt', 'shut/in.txt', 'sub/bad.txt']);
    },
  );

test.concurrent('a file that changes while it is served is a clean failure or one whole version, and no peer is blamed', async ({
  lan,
}) => {
  const before = someMebibytes(60, 24);
  const after = someMebibytes(61, 24);
  // Slow enough to be changed half-way, also on a busy machine.
  const limit = { args: ['--upload-limit', '1M'] };
  const seeder = await lan.seeder('anna', { files: { 'film.bin': before }, ...limit });
  const leecher = await lan.peer('berta');
  await leecher.items('download film.bin --no-wait');
  await leecher.hasFetched(2 * MIB);
  await writeFile(seeder.share.at('film.bin'), after);
  seeder.program.type('limit up off');
  await eventually('the new version is told', async () => (await seeder.items('search film')).length <= 1);
  const stuck = await eventually('it stands still or has ended', async () => {
    const now = await leecher.lastDownload();
    return now.state !== 'fetching' || now.reason !== null ? now : undefined;
  });
  expect(stuck.state).not.toBe('done');
  expect(leecher.program.stderr).not.toMatch(/corrupt data/);
  const wanted = await eventually('the new version is found', async () => {
    const hits = await leecher.items('search film');
    return hits.find((hit) => hit.id !== stuck.id && hit.sources.some(({ name }) => name === 'anna'));
  });
  const [done] = await leecher.items(`download ${wanted.id}`);
  expect(done?.state).toBe('done');
  const got = await leecher.read('film.bin').catch(() => leecher.read('film (2).bin'));
  expect(after.equals(got)).toBe(true);
});

const TMPFS = tmpfs();
test
  .skipIf(TMPFS)
  .concurrent(
    title(
      'a full disk pauses a download with figures; it keeps its chunks and resumes when there is space',
      TMPFS,
    ),
    async ({ lan }) => {
      const share = await smallDisk(lan, 40);
      const film = someMebibytes(62, 24);
      const seeder = await lan.seeder('anna', { files: { 'film.bin': film } });
      await share.write('mine.dat', someMebibytes(63, 30));
      const leecher = await lan.peer('berta', { share, args: ['--download-limit', '1M'] });
      // Too little space at the start: refused with figures, before any byte is fetched.
      const refused = await leecher.answer('download film.bin');
      expect(refused).toMatchObject({ ok: false, error: { code: 'DISK_FULL' } });
      expect(refused.error?.message).toMatch(/2[45]\.\d Mi?B/);
      expect(await seeder.sent()).toBeLessThan(2 * MIB);
      // Full half-way: another program writes.
      await rm(share.at('mine.dat'));
      await leecher.items('cancel 1');
      await leecher.items('download film.bin --no-wait');
      await leecher.hasFetched(2 * MIB);
      await fill(share.at('.filler'));
      const paused = await eventually('it is paused', async () => {
        const now = await leecher.lastDownload();
        return now.state === 'paused' ? now : undefined;
      });
      expect(paused.reason).toMatch(/disk full/);
      expect(paused.bytes).toBeGreaterThanOrEqual(2 * MIB);
      await rm(share.at('.filler'));
      leecher.program.type('limit down off');
      await leecher.items('resume 2');
      expect(film.equals(await leecher.read('film.bin'))).toBe(true);
      expect((await leecher.items('downloads')).at(-1)?.state).toBe('done');
    },
  );

/** Prefix that runs a program as root without the privilege to read every file. */
function withoutPrivilege(): readonly string[] {
  return process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
}

/** A share folder on a file system of its own. */
async function smallDisk(lan: TestLan, mebibytes: number): Promise<TempFolder> {
  const share = await lan.launcher.folder();
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'shoal-test', share.path]);
  lan.onClose(() => run('umount', ['--lazy', share.path]));
  return share;
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(Buffer.alloc(65_536, 1));
  } catch {
    // That is what was wanted.
  } finally {
    await file.close();
  }
}
