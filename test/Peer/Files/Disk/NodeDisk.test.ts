import { expect, test } from 'vitest';
import { nodeDisk } from '../../../../Peer/Files/Disk/NodeDisk.ts';

test.skipIf(process.platform !== 'linux')('a file that cannot be synced is no failure', async () => {
  const file = nodeDisk.open('/dev/null');
  expect([await file.datasync(), await file.sync()]).toEqual([false, false]);
  file.close();
});
