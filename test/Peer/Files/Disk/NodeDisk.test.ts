import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { nodeDisk } from '../../../../Peer/Files/Disk/NodeDisk.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

test.skipIf(process.platform !== 'linux')('a file that cannot be synced is no failure', async () => {
  const file = nodeDisk.open('/dev/null');
  expect([await file.datasync(), await file.sync()]).toEqual([false, false]);
  file.close();
});

test.skipIf(process.platform === 'win32')('a pipe in place of a file is read as empty', async () => {
  const folder = await TempFolder.forTest();
  execFileSync('mkfifo', [folder.at('pipe')]);
  expect(await nodeDisk.readWhole(folder.at('pipe'))).toEqual(Buffer.alloc(0));
});
