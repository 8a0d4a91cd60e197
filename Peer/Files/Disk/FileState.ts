import type { FileAttributes } from '../../Model.ts';

/**
 * Identifies one state of a file without reading it. Split into parts: a rename changes only the inode's ctime (on
 * Linux), and a disk that is mounted again may have another device number (btrfs, removable disks).
 */
export interface FileState {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** The later of mtime and ctime, in milliseconds since 1970. */
  readonly touchedMs: number;
  readonly device: string;
  /** Its owner may run it as a program. */
  readonly executable?: true;
  /** With size and mtime: the content, unchanged by a rename. */
  readonly inode: bigint;
  readonly mtimeNs: bigint;
  /** Changes with every write and cannot be set back. */
  readonly ctimeNs: bigint;
}

/** Mode bit: the owner may run the file. */
export const OWNER_MAY_RUN = 0o100;

const TIME_NS_MAX = 2n ** 63n - 1n;

/** FAT stores times with this precision. */
const COARSE_MS = 2_000;

/** The relevant fields of `fs.BigIntStats`. */
export interface StatFields {
  readonly mode?: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function fileState(stats: StatFields): FileState {
  const { mode = 0n } = stats;
  return stateOfColumns(
    (Number(mode) & OWNER_MAY_RUN) !== 0,
    Number(stats.size),
    deviceText(stats.dev),
    stats.ino,
    storableNs(stats.mtimeNs),
    storableNs(stats.ctimeNs),
  );
}

/** Made for each small file that is sent or written: without copies, unless it is a program. */
export function stateOfColumns(
  executable: boolean,
  size: number,
  device: string,
  inode: bigint,
  mtimeNs: bigint,
  ctimeNs: bigint,
): FileState {
  const modifiedMs = modifiedMsOf(mtimeNs);
  const touchedMs = Math.max(modifiedMs, Number(ctimeNs / 1_000_000n));
  const state = { size, modifiedMs, touchedMs, device, inode, mtimeNs, ctimeNs };
  return executable ? { ...state, executable: true } : state;
}

/** Times are kept as 64 bits of nanoseconds, from 1677 to 2262; file systems have others, too. */
export function storableNs(timeNs: bigint): bigint {
  if (timeNs > TIME_NS_MAX) return TIME_NS_MAX;
  return timeNs < -TIME_NS_MAX ? -TIME_NS_MAX : timeNs;
}

/** The wire has no times before 1970, and none beyond the exact integers. */
export function modifiedMsOf(mtimeNs: bigint): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Number(mtimeNs / 1_000_000n)));
}

/** Nearly all files are on one device: its text is shared. */
let lastDevice = { dev: -1n, text: '' };

function deviceText(dev: bigint): string {
  if (lastDevice.dev !== dev) lastDevice = { dev, text: `${dev}` };
  return lastDevice.text;
}

/** Whether a file that was just looked at is in this state. As `sameState`, without making a state of it. */
export function isInState({ dev, ino, size, mtimeNs, ctimeNs }: StatFields, state: FileState): boolean {
  return (
    state.ctimeNs === storableNs(ctimeNs) &&
    state.mtimeNs === storableNs(mtimeNs) &&
    state.inode === ino &&
    state.size === Number(size) &&
    state.device === deviceText(dev)
  );
}

export function sameState(one: FileState, other: FileState): boolean {
  return one.device === other.device && sameAsBefore(one, other);
}

/** Ignores the device number, which may change over a restart of the machine. */
function sameAsBefore(one: FileState, other: FileState): boolean {
  return one.ctimeNs === other.ctimeNs && isSameContent(one, other);
}

/**
 * Whether only the ctime changed, as by a hard link or new permissions. A write that sets the mtime back looks the
 * same, so the content still has to be verified.
 */
export function onlyTouched(one: FileState, other: FileState): boolean {
  return one.device === other.device && one.ctimeNs !== other.ctimeNs && isSameContent(one, other);
}

function isSameContent(one: FileState, other: FileState): boolean {
  return one.inode === other.inode && one.size === other.size && one.mtimeNs === other.mtimeNs;
}

/** Names what a file system did not keep; undefined: everything is as wanted. */
export function attributesLost(
  wanted: FileAttributes,
  { modifiedMs, executable }: FileState,
): string | undefined {
  if (wanted.modifiedMs === undefined) return undefined;
  if (Math.abs(wanted.modifiedMs - modifiedMs) > COARSE_MS) return 'the modification time';
  return wanted.executable === executable ? undefined : 'the executable bit';
}
