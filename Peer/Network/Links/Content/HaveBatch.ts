import type { FileId } from '../../../../Protocol/Ids.ts';
import { HAVE_BATCH_MS } from '../../../../Protocol/Limits.ts';
import { encodeControl } from '../../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';

const CHUNKS_PER_MESSAGE = 4_096;

/** @param frame - the encoded message, built once on first use */
export type AnnounceHave = (fileId: FileId, chunks: readonly number[], frame: () => Uint8Array) => void;

/** Announces the first chunk at once and gathers further ones for 50 ms into one message. */
export class HaveBatch {
  readonly #clock: Clock;
  readonly #announce: AnnounceHave;
  #chunks = new Map<FileId, number[]>();
  #cancel: (() => void) | undefined;
  #announcedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, announce: AnnounceHave) {
    this.#clock = clock;
    this.#announce = announce;
  }

  add(fileId: FileId, chunk: number): void {
    const chunks = this.#chunks.get(fileId);
    if (chunks === undefined) this.#chunks.set(fileId, [chunk]);
    else chunks.push(chunk);
    if (this.#cancel !== undefined) return;
    const delayMs = Math.max(0, this.#announcedMs + HAVE_BATCH_MS - this.#clock.nowMs());
    this.#cancel = this.#clock.after(delayMs, () => this.#flush());
  }

  /** Discards pending announcements of a file. */
  drop(fileId: FileId): void {
    this.#chunks.delete(fileId);
  }

  close(): void {
    this.#cancel?.();
    this.#chunks.clear();
  }

  #flush(): void {
    this.#cancel = undefined;
    this.#announcedMs = this.#clock.nowMs();
    const gathered = this.#chunks;
    this.#chunks = new Map();
    for (const [fileId, chunks] of gathered) {
      for (let at = 0; at < chunks.length; at += CHUNKS_PER_MESSAGE)
        this.#announceSome(fileId, chunks.slice(at, at + CHUNKS_PER_MESSAGE));
    }
  }

  #announceSome(fileId: FileId, chunks: readonly number[]): void {
    let encoded: Uint8Array | undefined;
    this.#announce(fileId, chunks, () => {
      encoded ??= encodeControl({ type: 'have', fileId, chunks });
      return encoded;
    });
  }
}
