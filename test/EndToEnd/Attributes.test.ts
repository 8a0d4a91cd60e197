import { chmod, lstat, mkdir, readdir, utimes } from 'node:fs/promises';
import { expect } from 'vitest';
import type { TempFolder } from '../Support/TempFolder.ts';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';

const OLD_MS = 1_234_567_890_123;
const LARGE = someBytes(1, 3_000_000);
const FILES = {
  'film.mkv': LARGE,
  'tool.sh': '#!/bin/sh',
  'dir/big': LARGE.subarray(1),
  'dir/a': 'a',
  'dir/run': 'run',
};
const PROGRAMS = ['tool.sh', 'dir/run'];

/** A folder with old files, some of them executable. */
async function oldFiles(
  folder: TempFolder,
  files: Readonly<Record<string, string | Buffer>> = FILES,
): Promise<TempFolder> {
  for (const [path, content] of Object.entries(files)) {
    await folder.write(path, content);
    if (PROGRAMS.includes(path)) await chmod(folder.at(path), 0o755);
    await utimes(folder.at(path), OLD_MS / 1_000, (OLD_MS + 0.5) / 1_000);
  }
  return folder;
}

async function attributesOf(path: string) {
  const { mtimeMs, mode } = await lstat(path);
  return { modifiedMs: Math.floor(mtimeMs), executable: (mode & 0o100) !== 0 };
}

const OLD = { modifiedMs: OLD_MS, executable: false };

test('a download keeps time and executable bit: file, folder, -o, push and copy', async ({ lan }) => {
  const share = await oldFiles(await lan.launcher.folder());
  const anna = await lan.seeder('anna', { share });
  const berta = await lan.seeder('berta', { args: ['--accept', 'all'] });
  for (const what of ['film.mkv', 'tool.sh', 'dir/'])
    expect(await berta.answer(`download ${what} --wait`), what).toMatchObject({ ok: true });
  await berta.isDone();
  for (const path of Object.keys(FILES))
    expect(await attributesOf(berta.share.at(path)), path).toEqual({
      ...OLD,
      executable: PROGRAMS.includes(path),
    });

  expect(await berta.items('list')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        path: 'tool.sh',
        modified: new Date(OLD_MS).toISOString(),
        executable: true,
      }),
    ]),
  );
  const dora = await lan.seeder('dora', { args: ['--accept', 'all'] });
  expect(await anna.answer('send tool.sh dora')).toMatchObject({ ok: true });
  expect(await attributesOf(dora.share.at('tool.sh'))).toEqual({ ...OLD, executable: true });

  const out = await lan.launcher.folder();
  for (const what of ['tool.sh', 'dir/']) {
    const program = await lan.launcher.shoal(['get', what, '-o', out.path], {
      env: { SHOAL_TRACKER: await lan.tracker() },
    });
    expect(await program.exitCode()).toBe(0);
  }
  for (const path of ['tool.sh', 'dir/run', 'dir/big', 'dir/a'])
    expect(await attributesOf(out.at(path)), path).toEqual({ ...OLD, executable: PROGRAMS.includes(path) });
});

test('empty folders are downloaded, and folders keep their times', async ({ lan }) => {
  const share = await oldFiles(await lan.launcher.folder(), { 'dir/a': 'a', 'dir/below/b': 'b' });
  await mkdir(share.at('dir/empty/inner'), { recursive: true });
  const folders = ['dir/empty/inner', 'dir/empty', 'dir/below', 'dir'];
  for (const path of folders) await utimes(share.at(path), OLD_MS / 1_000, (OLD_MS + 0.5) / 1_000);
  await lan.seeder('anna', { share });
  const berta = await lan.seeder('berta');
  expect(await berta.answer('download dir/')).toMatchObject({ ok: true });
  expect(await berta.isDone()).toMatchObject({ files: 2, filesDone: 2 });
  for (const path of folders)
    expect((await attributesOf(berta.share.at(path))).modifiedMs, path).toBe(OLD_MS);
  expect((await berta.items('ls anna')).map(({ path }) => path)).toEqual(['dir/a', 'dir/below/b']);

  const out = await lan.launcher.folder();
  const program = await lan.launcher.shoal(['get', 'anna', 'dir/empty/', '-o', out.path], {
    env: { SHOAL_TRACKER: await lan.tracker() },
  });
  expect(await program.exitCode()).toBe(0);
  expect(await readdir(out.at('empty'))).toEqual(['inner']);
});
