import type { FileId } from '../../../Protocol/Ids.ts';

/** Of so many chunks a peer is told at the latest, though it has them itself: others watch how far we are. */
const LATE_CHUNKS_MAX = 16;

/** Chunks that we have and one peer was not told of, because it has them too: that news waits for some that is of use. */
export class LateHaves {
  readonly #chunks = new Map<FileId, readonly number[]>();

  /** What to tell it now; undefined: nothing yet. The same array when nothing waited. @param useless - it has them all */
  add(fileId: FileId, chunks: readonly number[], useless: boolean): readonly number[] | undefined {
    const late = this.#chunks.get(fileId);
    const all = late === undefined ? chunks : [...late, ...chunks];
    if (useless && all.length < LATE_CHUNKS_MAX) {
      this.#chunks.set(fileId, all);
      return undefined;
    }
    this.#chunks.delete(fileId);
    return all;
  }

  /** It is told of everything in another way, or of nothing any more. */
  drop(fileId: FileId): void {
    this.#chunks.delete(fileId);
  }
}
