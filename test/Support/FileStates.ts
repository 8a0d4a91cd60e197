import { type FileState, fileState } from '../../Peer/Files/Disk/FileState.ts';

/** State of a file on disk with these attributes. Files of different inodes are different files. */
export function sharedState(file: {
  readonly size: number;
  readonly modifiedMs: number;
  readonly executable?: boolean | undefined;
  readonly inode?: number;
}): FileState {
  const mtimeNs = BigInt(file.modifiedMs) * 1_000_000n;
  return fileState({
    mode: file.executable ? 0o100n : 0n,
    dev: 1n,
    ino: BigInt(file.inode ?? 1),
    size: BigInt(file.size),
    mtimeNs,
    ctimeNs: mtimeNs,
  });
}
