/**
 * What tells one state of a file from another without reading it. In parts, because a rename changes the inode's ctime
 * (on Linux) and nothing else, and because device numbers change when a disk is mounted again (btrfs, removable ones).
 */
export interface FileState {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** The later of mtime and ctime, in milliseconds since 1970: when it was last touched. */
  readonly touchedMs: number;
  readonly device: string;
  /** Inode, size and mtime in nanoseconds: survives a rename. */
  readonly content: string;
  /** ctime in nanoseconds: moves with every write, and cannot be set back. */
  readonly changed: string;
}

/** The fields of `fs.Stats` with `bigint: true` that count. */
export interface StatFields {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function fileState({ dev, ino, size, mtimeNs, ctimeNs }: StatFields): FileState {
  // Times before 1970 must still fit the wire.
  const modifiedMs = Math.max(0, Number(mtimeNs / 1_000_000n));
  return {
    size: Number(size),
    modifiedMs,
    touchedMs: Math.max(modifiedMs, Number(ctimeNs / 1_000_000n)),
    device: deviceText(dev),
    content: `${ino}.${size}.${mtimeNs}`,
    changed: `${ctimeNs}`,
  };
}

/** Nearly all files lie on one device: its text is shared. */
let lastDevice = { dev: -1n, text: '' };

function deviceText(dev: bigint): string {
  if (lastDevice.dev !== dev) lastDevice = { dev, text: `${dev}` };
  return lastDevice.text;
}

export function sameState(one: FileState, other: FileState): boolean {
  return one.device === other.device && sameAsBefore(one, other);
}

/** The same, as far as it can be told over a restart of the machine. */
export function sameAsBefore(one: FileState, other: FileState): boolean {
  return one.content === other.content && one.changed === other.changed;
}

/**
 * Touched without a sign of another content: only the ctime moved, as by a hard link or new rights. A write that set the mtime
 * back looks the same, so the content is still to be proven.
 */
export function onlyTouched(one: FileState, other: FileState): boolean {
  return one.device === other.device && one.content === other.content && one.changed !== other.changed;
}
