import type { FileId } from '../../../../Protocol/Ids.ts';

/** Number of files that are counted; the least recently served one is evicted. */
const FILES_MAX = 32;

/** Counts how often each chunk was served recently, so that every chunk leaves once before any is repeated. */
export class ServedCounts {
  readonly #files = new Map<FileId, Map<number, number>>();

  of(fileId: FileId, chunk: number): number {
    return this.#files.get(fileId)?.get(chunk) ?? 0;
  }

  add(fileId: FileId, chunks: readonly number[]): void {
    const counts = this.#files.get(fileId) ?? new Map<number, number>();
    // Keeps the map ordered by last use.
    this.#files.delete(fileId);
    this.#files.set(fileId, counts);
    for (const chunk of chunks) counts.set(chunk, (counts.get(chunk) ?? 0) + 1);
    const [oldest] = this.#files.keys();
    if (this.#files.size > FILES_MAX && oldest !== undefined) this.#files.delete(oldest);
  }
}
