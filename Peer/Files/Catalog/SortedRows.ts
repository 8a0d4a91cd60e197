import { type FileTable, SHARED, SORTED } from './FileTable.ts';

/**
 * Shared rows in order of path (UTF-16 code units). Changes are merged in at the next lookup: O(n), not a full sort.
 */
export class SortedRows {
  readonly #table: FileTable;
  #rows = new Int32Array(0);
  #isChanged = false;

  constructor(table: FileTable) {
    this.#table = table;
  }

  /** Records that a row was shared, or is shared no longer, or belongs to another path. */
  changed(row: number): void {
    this.#table.unmark(row, SORTED);
    this.#isChanged = true;
  }

  /** Rows below a folder; "" is the root. Valid until the next change. */
  below(folder: string): Int32Array {
    if (this.#isChanged) this.#merge();
    if (folder === '') return this.#rows;
    // "0" is the character after "/": all paths below the folder lie between the two.
    return this.#rows.subarray(this.#firstFrom(`${folder}/`), this.#firstFrom(`${folder}0`));
  }

  #merge(): void {
    const table = this.#table;
    const added = this.#takeAdded();
    const kept = this.#rows.filter((row) => table.has(row, SORTED));
    const merged = new Int32Array(kept.length + added.length);
    let [from, to] = [0, 0];
    for (const { row, path } of added) {
      for (; from < kept.length && table.path(kept[from] ?? 0) < path; from++) merged[to++] = kept[from] ?? 0;
      merged[to++] = row;
    }
    merged.set(kept.subarray(from), to);
    for (const { row } of added) table.mark(row, SORTED);
    this.#rows = merged;
    this.#isChanged = false;
  }

  #takeAdded(): { row: number; path: string }[] {
    const table = this.#table;
    const added: { row: number; path: string }[] = [];
    for (let row = 0; row < table.end; row++)
      if (table.has(row, SHARED) && !table.has(row, SORTED)) added.push({ row, path: table.path(row) });
    return added.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  /** Index of the first row whose path is not less than `path`. */
  #firstFrom(path: string): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#table.path(this.#rows[middle] ?? 0) < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
