import { statfsSync } from 'node:fs';

/** File systems that show the state of the kernel as files (magic numbers of statfs(2)). */
const KERNEL_TYPES = new Set([
  0x9fa0, //     proc
  0x62656572, // sysfs
  0x1cd1, //     devpts
  0x27e0eb, //   cgroup
  0x63677270, // cgroup2
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0xcafe4a11, // bpf
  0x65735543, // fusectl; 0x65735546 is FUSE itself: sticks with NTFS or exFAT, sshfs, rclone
  0x62656570, // configfs
  0x6e736673, // namespaces
]);

/** Whether a folder shows the state of the kernel: its files have no content of their own, and may block a reader. */
export function isOfKernel(path: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return isOfKernelType(statfsSync(path).type);
  } catch {
    return false; // It cannot be read at all.
  }
}

/** @param type - magic number of statfs(2) */
export function isOfKernelType(type: number): boolean {
  return KERNEL_TYPES.has(type);
}
