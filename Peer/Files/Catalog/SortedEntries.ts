import type { CatalogEntry } from '../../Model.ts';

/** Catalog entries ordered by path. Changes are merged in at the next lookup: O(n) instead of a full sort. */
export class SortedEntries {
  #entries: readonly CatalogEntry[] = [];
  readonly #added = new Set<CatalogEntry>();
  readonly #removed = new Set<CatalogEntry>();

  add(entry: CatalogEntry): void {
    this.#added.add(entry);
  }

  remove(entry: CatalogEntry): void {
    if (!this.#added.delete(entry)) this.#removed.add(entry);
  }

  /** Entries below a folder; "" is the root. */
  below(folder: string): readonly CatalogEntry[] {
    this.#merge();
    if (folder === '') return this.#entries;
    // "0" is the character after "/": all paths below the folder lie between the two.
    return this.#entries.slice(this.#firstFrom(`${folder}/`), this.#firstFrom(`${folder}0`));
  }

  #merge(): void {
    if (this.#added.size === 0 && this.#removed.size === 0) return;
    const added = [...this.#added].sort(byPath);
    const merged: CatalogEntry[] = [];
    let next = 0;
    for (const entry of this.#entries) {
      if (this.#removed.has(entry)) continue;
      for (let early = added[next]; early !== undefined && early.path < entry.path; early = added[++next])
        merged.push(early);
      merged.push(entry);
    }
    for (let late = added[next]; late !== undefined; late = added[++next]) merged.push(late);
    this.#entries = merged;
    this.#added.clear();
    this.#removed.clear();
  }

  /** Index of the first entry whose path is not less than `path`. */
  #firstFrom(path: string): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.path ?? '') < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function byPath(one: CatalogEntry, other: CatalogEntry): number {
  return one.path < other.path ? -1 : 1;
}
