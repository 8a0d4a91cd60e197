import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { diskError } from '../../../../Peer/Files/Disk/Disk.ts';
import { nodeDisk } from '../../../../Peer/Files/Disk/NodeDisk.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

test.skipIf(process.platform !== 'linux')('a file that cannot be synced is no failure', async () => {
  const file = nodeDisk.open('/dev/null');
  expect([await file.datasync(), await file.sync()]).toEqual([false, false]);
  file.close();
});

test('a file is closed without an error, also when its disk is gone', async () => {
  const folder = await TempFolder.forTest();
  const file = nodeDisk.create(folder.at('a'));
  closeSync(file.descriptor?.() ?? -1);
  file.close();
});

test.skipIf(process.platform === 'win32')('a pipe in place of a file is read as empty', async () => {
  const folder = await TempFolder.forTest();
  execFileSync('mkfifo', [folder.at('pipe')]);
  expect(await nodeDisk.readWhole(folder.at('pipe'))).toEqual(Buffer.alloc(0));
});

test('a failure by a name that is taken says which one, and what to do', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('taken', Buffer.from('a file'));
  const create = () => {
    try {
      nodeDisk.makeFolder(folder.at('taken/b'));
    } catch (failure) {
      throw diskError(failure, 'making a folder');
    }
  };
  expect(create).toThrow(
    expect.objectContaining({
      message: `making a folder failed (ENOTDIR: ${folder.at('taken/b')})`,
      hint: 'Something else has the name of a file or folder that is needed: move it away.',
    }),
  );
});

test('a failure at the border of two disks says how to get the file there', () => {
  const failure = Object.assign(new Error('EXDEV'), { code: 'EXDEV', path: '/share/Temp/a' });
  expect(diskError(failure, 'putting "Stick/a" into the share folder')).toMatchObject({
    code: 'DISK_FAILED',
    hint: expect.stringContaining('on another disk'),
  });
});
