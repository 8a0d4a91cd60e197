import { expect, test } from 'vitest';
import { isOfKernelType } from '../../../../Peer/Files/Watching/KernelFolders.ts';

test.each([
  ['proc', 0x9fa0, true],
  ['the control files of FUSE', 0x65735543, true],
  ['FUSE: a stick with NTFS or exFAT, sshfs, rclone', 0x65735546, false],
  ['ext4', 0xef53, false],
  ['NFS', 0x6969, false],
])('%s: of the kernel', (_name, type, expected) => {
  expect(isOfKernelType(type)).toBe(expected);
});
