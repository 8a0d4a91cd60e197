import { MANY_FILES } from '../../../Shared/Program/HeapGrowth.ts';
import { type FolderRename, type HashCache, renamedPath } from '../Hashing/HashCache.ts';
import { type FileTable, REMEMBERED } from './FileTable.ts';

/**
 * Hashes of removed files, and of files of earlier runs that were not found yet: rows of the table marked REMEMBERED. A
 * file may reappear under the same or another name.
 */
export class RememberedHashes {
  readonly #table: FileTable;
  readonly #cache: HashCache;
  readonly #removedMax: number;
  /** Rows of files removed in this run, oldest first. */
  readonly #removed = new Set<number>();

  /** @param removedMax - removed files beyond this number are dropped, the oldest first */
  constructor(table: FileTable, cache: HashCache, removedMax: number) {
    this.#table = table;
    this.#cache = cache;
    this.#removedMax = removedMax;
  }

  /**
   * Fills the empty table with the files of earlier runs.
   * @param signal - ends it early
   * @param many - called when the rest takes a while
   */
  async load(signal: AbortSignal, many: () => void): Promise<void> {
    for await (const records of this.#cache.load()) {
      if (signal.aborted) return;
      if (this.#table.end < MANY_FILES && this.#table.end + records.length >= MANY_FILES) many();
      for (const record of records) {
        if ('from' in record) this.#rename(record);
        else if (record.file === undefined) this.forget(record.path);
        else
          this.#table.mark(this.#table.put(record.path, record.file.state, record.file.fileId), REMEMBERED);
      }
    }
  }

  count(): number {
    return this.#table.countOf(REMEMBERED);
  }

  /** Drops all, from the cache file too. */
  prune(): void {
    for (let row = 0; row < this.#table.end; row++) if (this.#table.has(row, REMEMBERED)) this.#drop(row);
  }

  /** Keeps the hash of a file that was removed. */
  keep(row: number): void {
    this.#table.mark(row, REMEMBERED);
    this.#removed.add(row);
    const [oldest] = this.#removed;
    if (this.#removed.size > this.#removedMax && oldest !== undefined) this.#drop(oldest);
  }

  /** The file of this row was found again. */
  found(row: number): void {
    this.#table.unmark(row, REMEMBERED);
    this.#removed.delete(row);
  }

  /** Removes a file that is not shared from the table, if it is there. */
  forget(path: string): void {
    const row = this.#table.rowOf(path);
    if (row === undefined) return;
    this.#removed.delete(row);
    this.#table.remove(row);
  }

  #rename(rename: FolderRename): void {
    for (let row = 0; row < this.#table.end; row++) {
      const path = renamedPath(this.#table.path(row), rename);
      if (path === this.#table.path(row)) continue;
      this.forget(path);
      this.#table.rename(row, path);
    }
  }

  #drop(row: number): void {
    const path = this.#table.path(row);
    this.#cache.remove(path);
    this.forget(path);
  }
}
