import { createHash } from 'node:crypto';
import { chunkLayout, chunkLength } from '../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { unlessAborted } from '../../Shared/Async/OnAbort.ts';
import { BoundedMap } from '../../Shared/BoundedMap.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { type Clock, sleep } from '../../Shared/Time/Clock.ts';
import type { ContentDigest } from '../ContentModel.ts';
import type { FileManager } from '../FileManager.ts';

/** Largest file that is hashed: about a minute, see PAUSE_MS. */
const BYTES_MAX = 16 * 2 ** 30;
/** Digests that are kept; the one that was used least recently is evicted. Up to 64 KiB each. */
const KEPT_MAX = 256;
/** Files that wait to be hashed. */
const PENDING_MAX = 16;
/** Bytes read at once: hashing them takes about a millisecond of the main thread. */
const READ_BYTES = 1_024 * 1_024;
/** Pause after each of these: clients that ask for hash after hash leave most of the thread to transfers. */
const PAUSE_MS = 3;

/** Computes SHA-256 of files of the share when it is asked for, one file at a time, and keeps it for this run. */
export class ContentDigests {
  readonly #files: Pick<FileManager, 'find' | 'read'>;
  readonly #clock: Clock;
  readonly #known = new BoundedMap<FileId, ContentDigest>(KEPT_MAX);
  readonly #pending = new Map<FileId, Promise<ContentDigest>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: Pick<FileManager, 'find' | 'read'>, clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  /** The digest, if it was computed before. */
  known(fileId: FileId): ContentDigest | undefined {
    return this.#known.use(fileId);
  }

  /**
   * Digest of a complete file of the share. Computing goes on when the caller gives up.
   * @throws ShoalError NOT_FOUND, REFUSED (too large), BUSY, FILE_CHANGED, DISK_FAILED, CANCELLED
   */
  async of(fileId: FileId, signal: AbortSignal): Promise<ContentDigest> {
    const known = this.known(fileId);
    if (known !== undefined) return known;
    const pending = this.#pending.get(fileId) ?? this.#begin(fileId);
    return unlessAborted(pending, signal);
  }

  #begin(fileId: FileId): Promise<ContentDigest> {
    const entry = this.#files.find(fileId);
    if (entry === undefined) throw new ShoalError('NOT_FOUND', 'this peer does not share the file');
    if (entry.size > BYTES_MAX) throw new ShoalError('REFUSED', 'SHA-256 is computed for files up to 16 GiB');
    if (this.#pending.size >= PENDING_MAX) throw new ShoalError('BUSY', 'too many files wait to be hashed');
    const computed = this.#last.then(() => this.#compute(fileId, entry.size));
    const settled = computed.then(
      (digest) => {
        this.#pending.delete(fileId);
        this.#known.set(fileId, digest);
      },
      () => void this.#pending.delete(fileId),
    );
    this.#last = settled;
    this.#pending.set(fileId, computed);
    return computed;
  }

  async #compute(fileId: FileId, size: number): Promise<ContentDigest> {
    const layout = chunkLayout(size);
    const whole = createHash('sha256');
    const pieces: string[] = [];
    const buffer = new Uint8Array(Math.min(READ_BYTES, size));
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      const piece = createHash('sha256');
      const bytes = chunkLength(layout, chunk);
      for (let offset = 0; offset < bytes; offset += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, bytes - offset));
        await this.#files.read(fileId, chunk, offset, part);
        whole.update(part);
        piece.update(part);
        await sleep(this.#clock, PAUSE_MS);
      }
      pieces.push(piece.digest('hex'));
    }
    return { sha256: whole.digest('hex'), pieceBytes: layout.chunkBytes, pieces };
  }
}
