import { type FileState, fileState, OWNER_MAY_RUN, type StatFields } from './FileState.ts';

/** States of many files, 48 bytes each: what passes between threads without a copy. */
export type StateRows = BigInt64Array<ArrayBuffer>;

/** A row: size, inode, mtime and ctime in ns, device, mode. */
const COLUMNS = 6;

export function newStateRows(files: number): StateRows {
  return new BigInt64Array(COLUMNS * files);
}

export function putState(rows: StateRows, row: number, stats: Required<StatFields>): void {
  const at = COLUMNS * row;
  rows[at] = stats.size;
  rows[at + 1] = BigInt.asIntN(64, stats.ino);
  rows[at + 2] = stats.mtimeNs;
  rows[at + 3] = stats.ctimeNs;
  rows[at + 4] = BigInt.asIntN(64, stats.dev);
  rows[at + 5] = stats.mode & BigInt(OWNER_MAY_RUN);
}

export function stateAt(rows: StateRows, row: number): FileState {
  const at = COLUMNS * row;
  return fileState({
    size: rows[at] ?? 0n,
    ino: BigInt.asUintN(64, rows[at + 1] ?? 0n),
    mtimeNs: rows[at + 2] ?? 0n,
    ctimeNs: rows[at + 3] ?? 0n,
    dev: BigInt.asUintN(64, rows[at + 4] ?? 0n),
    mode: rows[at + 5] ?? 0n,
  });
}
