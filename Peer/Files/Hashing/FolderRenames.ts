import { type FolderRename, renamedPath } from './HashCache.ts';

/** A rename, and the position of its record in the cache file; `Infinity` until that is written. */
interface Placed {
  readonly rename: FolderRename;
  at: number;
}

/** Renames of folders since the cache file was written anew: records before them still have the former paths. */
export class FolderRenames {
  readonly #renames: Placed[] = [];

  /** Renames whose records are in the file: they count for the time of a start. */
  get written(): number {
    return this.#renames.filter(({ at }) => at !== Number.POSITIVE_INFINITY).length;
  }

  /** @param at - position of its record; omitted: it is to be written */
  add(rename: FolderRename, at = Number.POSITIVE_INFINITY): void {
    this.#renames.push({ rename, at });
  }

  /** The record of a rename was written. */
  placed(rename: FolderRename, at: number): void {
    for (const each of this.#renames) if (each.rename === rename) each.at = at;
  }

  /** Current path of the file whose record lies at a position. */
  pathNow(path: string, at: number): string {
    let now = path;
    for (const each of this.#renames) if (each.at > at) now = renamedPath(now, each.rename);
    return now;
  }

  /** Renames that are not in the file yet. */
  get pending(): FolderRename[] {
    return this.#renames.filter(({ at }) => at === Number.POSITIVE_INFINITY).map(({ rename }) => rename);
  }

  /** The file was written anew: its records have the current paths. */
  applied(): void {
    const left = this.#renames.filter(({ at }) => at === Number.POSITIVE_INFINITY);
    this.#renames.splice(0, this.#renames.length, ...left);
  }
}
