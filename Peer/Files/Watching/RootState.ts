import { accessSync, constants, lstatSync } from 'node:fs';
import { systemCode } from '../../../Shared/ShoalError.ts';

/** State of the share folder itself. */
export type RootState =
  | {
      readonly kind: 'present';
      /** Device and inode. */
      readonly identity: string;
      /** Creation time in nanoseconds; undefined where the file system does not record it. */
      readonly createdNs: bigint | undefined;
      /** No file can be created in it. */
      readonly isReadOnly: boolean;
    }
  | { readonly kind: 'gone'; readonly reason: string };

export type LookAtRoot = (root: string) => RootState;

/** Reads the state of the share folder. A link in its place is not followed. */
export const lookAtRoot: LookAtRoot = (root) => {
  try {
    const stats = lstatSync(root, { bigint: true });
    if (stats.isSymbolicLink()) return { kind: 'gone', reason: 'a link has taken its place' };
    if (!stats.isDirectory()) return { kind: 'gone', reason: 'it is not a folder' };
    accessSync(root, constants.R_OK | constants.X_OK);
    const { dev, ino, birthtimeNs, ctimeNs } = stats;
    // Systems without a creation time report 0 or the ctime.
    const isRecorded = birthtimeNs > 0n && birthtimeNs !== ctimeNs;
    return {
      kind: 'present',
      identity: `${dev}.${ino}`,
      createdNs: isRecorded ? birthtimeNs : undefined,
      isReadOnly: !isWritable(root),
    };
  } catch (failure) {
    const code = systemCode(failure) ?? String(failure);
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return { kind: 'gone', reason: isMissing ? 'it does not exist' : `it cannot be read (${code})` };
  }
};

/** Whether both are the same folder. An inode may be given to a new folder, but with another creation time. */
export function isSameRoot(one: RootState, other: RootState): boolean {
  if (one.kind === 'gone' || other.kind === 'gone') return false;
  const isCreationKnown = one.createdNs !== undefined && other.createdNs !== undefined;
  return one.identity === other.identity && (!isCreationKnown || one.createdNs === other.createdNs);
}

function isWritable(root: string): boolean {
  try {
    accessSync(root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
