import type { FileId } from '../../../../Protocol/Ids.ts';

/** Of so many chunks a peer is told at the latest, though it has them itself: others watch how far we are. */
const LATE_CHUNKS_MAX = 16;
/** A peer that has all, and makes no suggestions, is told so often. */
const WHOLE_MS = 500;
/** Chunks in one message (docs/reference/protocol.md, `have`). */
const MESSAGE_CHUNKS_MAX = 4_096;

/** Why a peer need not know of chunks that we have: it has these too, or all, and gives without looking at what others have. */
export type Useless = 'has them' | 'has all';

interface Late {
  chunks: readonly number[];
  toldMs: number;
}

/** Chunks that we have and one peer was not told of, because it has them too: that news waits for some that is of use, or for more. */
export class DeferredHaves {
  readonly #files = new Map<FileId, Late>();

  /** What to tell it now; undefined: nothing yet. The same array when nothing waited. */
  add(
    fileId: FileId,
    chunks: readonly number[],
    useless: Useless | undefined,
    nowMs: number,
  ): readonly number[] | undefined {
    const late = this.#files.get(fileId);
    const all = late === undefined || late.chunks.length === 0 ? chunks : [...late.chunks, ...chunks];
    const toldMs = late?.toldMs ?? Number.NEGATIVE_INFINITY;
    const max = useless === 'has all' ? MESSAGE_CHUNKS_MAX : LATE_CHUNKS_MAX;
    const soonEnough = useless === 'has them' || (useless === 'has all' && nowMs - toldMs < WHOLE_MS);
    if (soonEnough && all.length < max) {
      this.#files.set(fileId, { chunks: all, toldMs });
      return undefined;
    }
    if (useless === 'has all') this.#files.set(fileId, { chunks: [], toldMs: nowMs });
    else this.#files.delete(fileId);
    return all;
  }

  /** What waits; it counts as told. */
  take(fileId: FileId): readonly number[] {
    const chunks = this.#files.get(fileId)?.chunks ?? [];
    this.#files.delete(fileId);
    return chunks;
  }

  /** It is told of everything in another way, or of nothing any more. */
  drop(fileId: FileId): void {
    this.#files.delete(fileId);
  }
}
