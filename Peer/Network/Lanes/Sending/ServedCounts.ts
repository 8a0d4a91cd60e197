import type { FileId } from '../../../../Protocol/Ids.ts';
import { BoundedMap } from '../../../../Shared/BoundedMap.ts';

/** Number of files that are counted; the least recently served one is evicted. */
const FILES_MAX = 32;

/** Counts how often each chunk was served recently, so that every chunk leaves once before any is repeated. */
export class ServedCounts {
  readonly #files = new BoundedMap<FileId, Map<number, number>>(FILES_MAX);

  of(fileId: FileId, chunk: number): number {
    return this.#files.get(fileId)?.get(chunk) ?? 0;
  }

  add(fileId: FileId, chunks: readonly number[]): void {
    const counts = this.#files.useOr(fileId, () => new Map());
    for (const chunk of chunks) counts.set(chunk, (counts.get(chunk) ?? 0) + 1);
  }
}
