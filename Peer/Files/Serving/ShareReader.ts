import { asShoalError, ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import { type Clock, every } from '../../../Shared/Time/Clock.ts';
import type { LentFile } from '../../Transfer.ts';
import type { ShareIndex } from '../Catalog/ShareIndex.ts';
import { closeQuietly } from '../Disk/CloseQuietly.ts';
import { type FileState, onlyTouched, sameState } from '../Disk/FileState.ts';
import { hashRange } from '../Disk/HashRange.ts';
import { readFully } from '../Disk/NodeDisk.ts';
import { type OpenedFile, readUnchanged, stateOfOpen } from '../Disk/OpenShared.ts';
import { type ChunkCheck, ChunkProofs } from './ChunkProofs.ts';

export interface ShareReaderOptions {
  /** Opens a shared file like `openShared`. */
  readonly open: (path: string) => OpenedFile;
  /** Converts a path of the share to an absolute one. */
  readonly absolute: (path: string) => string;
  readonly clock: Clock;
  readonly index: Pick<ShareIndex, 'stateOf' | 'invalidate' | 'metadataChanged'>;
}

interface Handle {
  readonly fd: number;
  busy: number;
  usedMs: number;
  /** Set when the handle is to be closed after the last read. */
  dropped: boolean;
}

/** Upper bound on open files: well below the usual limit of 1,024 descriptors. */
const HANDLES_MAX = 64;
const IDLE_MS = 30_000;
/**
 * Files up to this size are opened, read, checked and closed synchronously. Measured for 20,000 files of 4 KiB in the
 * page cache: 11 microseconds each, against 52 through libuv's pool.
 */
const SMALL_BYTES = 64 * 1_024;

/**
 * Reads complete files for other peers. After every read (and before it, for large files) the open file is compared
 * with the state it was hashed in (device, inode, size, mtime, ctime): bytes are served only when nothing was written
 * in between. The check costs 2 to 3 microseconds, so it is done for every piece. For a file that was only touched
 * (see `onlyTouched`) the chunk is verified instead.
 */
export class ShareReader {
  readonly #options: ShareReaderOptions;
  /** Least recently used first. */
  readonly #handles = new Map<string, Handle>();
  readonly #proofs = new ChunkProofs();
  #stopSweeping: (() => void) | undefined;
  #closed = false;

  constructor(options: ShareReaderOptions) {
    this.#options = options;
  }

  /**
   * Fills `into` from `position`.
   * @param chunk - returns the chunk with these bytes; called when the file was touched
   * @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED
   */
  async read(path: string, position: number, into: Uint8Array, chunk: () => ChunkCheck): Promise<void> {
    try {
      const state = this.#options.index.stateOf(path);
      if (this.#closed || state === undefined) throw new ShoalError('NOT_FOUND', `"${path}" is not shared`);
      if (state.size <= SMALL_BYTES && this.#readSmall(path, state, position, into)) return;
      // The file may have been replaced since it was opened: it is opened once more.
      const done =
        (await this.#readLarge(path, state, position, into, chunk)) ||
        (await this.#readLarge(path, state, position, into, chunk));
      if (!done) throw changed(path);
    } catch (failure) {
      throw this.#explain(path, failure);
    }
  }

  /** Reads a small file synchronously. On false, `read` may succeed or reports the cause. */
  readNow(path: string, position: number, into: Uint8Array): boolean {
    const state = this.#options.index.stateOf(path);
    if (this.#closed || state === undefined || state.size > SMALL_BYTES) return false;
    try {
      return this.#readSmall(path, state, position, into);
    } catch {
      return false;
    }
  }

  /**
   * Whether a chunk has other bytes than were hashed, though no time of the file has changed: as after a fault of the
   * disk. @throws ShoalError, system errors
   */
  async isDamaged(path: string, { position, bytes, hash }: ChunkCheck): Promise<boolean> {
    const hashed = this.#options.index.stateOf(path);
    if (this.#closed || hashed === undefined) return false;
    const handle = this.#handle(path);
    handle.busy++;
    try {
      const read = (into: Uint8Array, at: number) => readFully(handle.fd, into, at);
      const actual = await hashRange(read, position, bytes);
      return actual !== hash && sameState(hashed, stateOfOpen(handle.fd));
    } finally {
      this.#letGo(path, handle, true);
    }
  }

  /** Lends a large file that is unchanged since it was hashed. Undefined: to be read. */
  lend(path: string, position: number): LentFile | undefined {
    const hashed = this.#options.index.stateOf(path);
    if (this.#closed || hashed === undefined || hashed.size <= SMALL_BYTES) return undefined;
    try {
      const handle = this.#handle(path);
      if (!sameState(hashed, stateOfOpen(handle.fd))) return undefined;
      handle.busy++;
      return { descriptor: handle.fd, position, giveBack: () => this.#takeBack(path, handle, hashed) };
    } catch {
      return undefined;
    }
  }

  /** Bytes that were sent from a file that changed meanwhile may be wrong: the file is withdrawn at once. */
  #takeBack(path: string, handle: Handle, hashed: FileState): void {
    const now = stateIfThere(handle.fd);
    const sound = now !== undefined && sameState(hashed, now);
    if (!sound && this.#options.index.stateOf(path) === hashed) {
      if (now !== undefined && onlyTouched(hashed, now)) this.#options.index.metadataChanged(path);
      else this.#options.index.invalidate(path);
    }
    this.#letGo(path, handle, sound);
  }

  close(): void {
    this.#closed = true;
    this.#stopSweeping?.();
    for (const path of [...this.#handles.keys()]) this.#drop(path);
  }

  /** Returns false when the file has changed since it was hashed. */
  #readSmall(path: string, hashed: FileState, position: number, into: Uint8Array): boolean {
    return readUnchanged(this.#options.absolute(path), hashed, position, into);
  }

  /** Returns false when the open file is not the one that was hashed. */
  async #readLarge(
    path: string,
    wanted: FileState,
    position: number,
    into: Uint8Array,
    chunk: () => ChunkCheck,
  ): Promise<boolean> {
    const handle = this.#handle(path);
    handle.busy++;
    let sound = false;
    try {
      const state = await this.#provenState(path, wanted, handle.fd, chunk);
      if (state !== undefined) {
        const count = await readFully(handle.fd, into, position);
        sound = count === into.length && sameState(state, stateOfOpen(handle.fd));
      }
      return sound;
    } finally {
      this.#letGo(path, handle, sound);
    }
  }

  /** Ends a use of an open file. @param sound - it is still the file that was hashed */
  #letGo(path: string, handle: Handle, sound: boolean): void {
    handle.busy--;
    handle.usedMs = this.#options.clock.nowMs();
    if (!sound) handle.dropped = true;
    if (handle.dropped && this.#handles.get(path) === handle) this.#handles.delete(path);
    if (handle.dropped && handle.busy === 0) closeQuietly(handle.fd);
  }

  /**
   * Returns the state of the open file if the chunk has its hashed content.
   * @param wanted - with the content to read; another content may be hashed and listed at the path during a read
   */
  async #provenState(
    path: string,
    wanted: FileState,
    fd: number,
    chunk: () => ChunkCheck,
  ): Promise<FileState | undefined> {
    const { index } = this.#options;
    const hashed = index.stateOf(path);
    const now = stateOfOpen(fd);
    if (hashed === undefined) return undefined;
    if (!sameState(hashed, now)) {
      if (!onlyTouched(hashed, now)) return undefined;
      index.metadataChanged(path);
    } else if (sameState(hashed, wanted)) return hashed;
    return (await this.#proofs.holds(path, fd, now, chunk())) ? now : undefined;
  }

  #handle(path: string): Handle {
    let handle = this.#handles.get(path);
    this.#handles.delete(path);
    handle ??= { fd: this.#options.open(path).fd, busy: 0, usedMs: 0, dropped: false };
    this.#handles.set(path, handle);
    const [oldest] = this.#handles.keys();
    if (this.#handles.size > HANDLES_MAX && oldest !== undefined) this.#drop(oldest);
    this.#stopSweeping ??= every(this.#options.clock, IDLE_MS, () => this.#sweep());
    return handle;
  }

  #sweep(): void {
    const beforeMs = this.#options.clock.nowMs() - IDLE_MS;
    for (const [path, { usedMs, busy }] of [...this.#handles])
      if (busy === 0 && usedMs <= beforeMs) this.#drop(path);
  }

  #drop(path: string): void {
    const handle = this.#handles.get(path);
    if (handle === undefined) return;
    this.#handles.delete(path);
    handle.dropped = true;
    if (handle.busy === 0) closeQuietly(handle.fd);
  }

  /** Maps a missing or replaced file to FILE_CHANGED and marks it for rehashing. */
  #explain(path: string, failure: unknown): ShoalError {
    const code = systemCode(failure) ?? '';
    const isGone = ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code);
    if (isGone || (failure instanceof ShoalError && failure.code === 'FILE_CHANGED')) {
      this.#options.index.invalidate(path);
      return changed(path);
    }
    return asShoalError(failure, 'DISK_FAILED');
  }
}

/** Undefined: the disk of the file is gone. */
function stateIfThere(fd: number): FileState | undefined {
  try {
    return stateOfOpen(fd);
  } catch {
    return undefined;
  }
}

function changed(path: string): ShoalError {
  return new ShoalError('FILE_CHANGED', `"${path}" has changed since it was hashed`);
}
