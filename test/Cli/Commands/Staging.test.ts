import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stage } from '../../../Cli/Commands/Staging.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

const OTHER_DISK = '/dev/shm';
const isOtherDisk = () => {
  const other = statSync(OTHER_DISK, { throwIfNoEntry: false });
  return other !== undefined && other.dev !== statSync('/tmp').dev;
};

test('several shared folders keep their times', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('a.txt', 'a');
  await folder.write('Class/b.txt', 'b');
  utimesSync(folder.at('Class'), 1_000, 1_000);
  const { folder: staged, remove } = await stage([folder.at('a.txt'), folder.at('Class')]);
  expect(statSync(`${staged}/Class`).mtimeMs).toBe(1_000_000);
  expect(statSync(`${staged}/Class/b.txt`).mtimeMs).toBe(statSync(folder.at('Class/b.txt')).mtimeMs);
  await remove();
});

test.skipIf(!isOtherDisk())('files of another disk keep time and mode (needs /dev/shm)', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('a.txt', 'a');
  const other = `${OTHER_DISK}/shoal-staging-${process.pid}`;
  mkdirSync(other);
  try {
    writeFileSync(`${other}/run.sh`, 'b', { mode: 0o755 });
    utimesSync(`${other}/run.sh`, 1_000, 1_000);
    const { folder: staged, remove } = await stage([folder.at('a.txt'), `${other}/run.sh`]);
    const { mtimeMs, mode } = statSync(`${staged}/run.sh`);
    expect(mtimeMs).toBe(1_000_000);
    expect(mode & 0o777).toBe(0o755);
    await remove();
  } finally {
    rmSync(other, { recursive: true });
  }
});
