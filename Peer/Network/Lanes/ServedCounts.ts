import type { FileId } from '../../../Protocol/Ids.ts';

/** Files whose counts are kept; the one not served for longest is forgotten. */
const FILES_MAX = 32;

/** How often each chunk was served lately, to let out every chunk once before any is repeated. */
export class ServedCounts {
  readonly #files = new Map<FileId, Map<number, number>>();

  of(fileId: FileId, chunk: number): number {
    return this.#files.get(fileId)?.get(chunk) ?? 0;
  }

  add(fileId: FileId, chunk: number): void {
    const counts = this.#files.get(fileId) ?? new Map<number, number>();
    // Last in the map: served last.
    this.#files.delete(fileId);
    this.#files.set(fileId, counts);
    counts.set(chunk, (counts.get(chunk) ?? 0) + 1);
    const [oldest] = this.#files.keys();
    if (this.#files.size > FILES_MAX && oldest !== undefined) this.#files.delete(oldest);
  }
}
