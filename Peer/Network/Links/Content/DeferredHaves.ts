import type { FileId } from '../../../../Protocol/Ids.ts';

/** Deferred chunks after which a peer is notified anyway, so that observers see our progress. */
const DEFERRED_CHUNKS_MAX = 16;
/** Interval of notifications to a complete peer that makes no suggestions. */
const WHOLE_MS = 500;
/** Bound of one `have` message (docs/reference/protocol.md). */
const MESSAGE_CHUNKS_MAX = 4_096;

/** Why a peer does not need to know our chunks: it has these, or it has all and ignores what others have. */
export type Useless = 'has them' | 'has all';

interface Deferred {
  chunks: readonly number[];
  announcedMs: number;
}

/**
 * Chunks not yet announced to one peer that has them too. They are deferred until news of use to it, or until there
 * are enough.
 */
export class DeferredHaves {
  readonly #files = new Map<FileId, Deferred>();

  /** Returns the chunks to announce now; undefined: none. Returns the same array if none were deferred. */
  add(
    fileId: FileId,
    chunks: readonly number[],
    useless: Useless | undefined,
    nowMs: number,
  ): readonly number[] | undefined {
    const deferred = this.#files.get(fileId);
    const all =
      deferred === undefined || deferred.chunks.length === 0 ? chunks : [...deferred.chunks, ...chunks];
    const announcedMs = deferred?.announcedMs ?? Number.NEGATIVE_INFINITY;
    const max = useless === 'has all' ? MESSAGE_CHUNKS_MAX : DEFERRED_CHUNKS_MAX;
    const soonEnough = useless === 'has them' || (useless === 'has all' && nowMs - announcedMs < WHOLE_MS);
    if (soonEnough && all.length < max) {
      this.#files.set(fileId, { chunks: all, announcedMs });
      return undefined;
    }
    if (useless === 'has all') this.#files.set(fileId, { chunks: [], announcedMs: nowMs });
    else this.#files.delete(fileId);
    return all;
  }

  /** Removes and returns the deferred chunks. */
  take(fileId: FileId): readonly number[] {
    const chunks = this.#files.get(fileId)?.chunks ?? [];
    this.#files.delete(fileId);
    return chunks;
  }

  /** Discards deferred chunks: all were announced by other means, or none will be. */
  drop(fileId: FileId): void {
    this.#files.delete(fileId);
  }
}
