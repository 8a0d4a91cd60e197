import type { FileId } from '../../../Protocol/Ids.ts';
import type { CatalogEntry } from '../../Model.ts';
import { ListedFiles } from './ListedFiles.ts';

const NUMBERED = / \(\d+\)(?=(\.[^/]*)?$)/;

/**
 * Names that the disk of a peer changed when it downloaded them, turned back to those of the original: `a_b` of
 * `a?b`, and `a (2)` of `a` where `A` exists too. Otherwise both would be downloaded as different files. A name stays
 * where its own list has the original name too.
 */
export class OriginalNames {
  readonly #originals = new Map<string, string>();
  /** Paths with one content that differ in case from another path, by lower-case path and content. */
  readonly #twins = new Map<string, string>();

  /**
   * @param lists - the files of all peers
   * @param portable - the form of a path that every disk can hold
   */
  constructor(lists: readonly Iterable<CatalogEntry>[], portable: (path: string) => string) {
    let hasNumbered = false;
    for (const files of lists) {
      for (const path of pathsOf(files)) {
        const safe = path.endsWith('/') ? `${portable(path)}/` : portable(path);
        if (safe !== path && !this.#originals.has(safe)) this.#originals.set(safe, path);
        hasNumbered ||= NUMBERED.test(path);
      }
    }
    if (hasNumbered) this.#findTwins(lists);
  }

  apply<T extends Iterable<CatalogEntry>>(files: T): T | CatalogEntry[] {
    if (this.#originals.size === 0 && this.#twins.size === 0) return files;
    const own = new Set(pathsOf(files));
    return Array.from(files, (file) => {
      const original = this.#originals.get(file.path) ?? this.#twinOf(file);
      return original === undefined || own.has(original) ? file : { ...file, path: original };
    });
  }

  #twinOf({ path, fileId }: CatalogEntry): string | undefined {
    return NUMBERED.test(path) ? this.#twins.get(twinKey(path.replace(NUMBERED, ''), fileId)) : undefined;
  }

  #findTwins(lists: readonly Iterable<CatalogEntry>[]): void {
    const first = new Map<string, CatalogEntry>();
    for (const file of chained(lists)) {
      const folded = file.path.toLowerCase();
      const twin = first.get(folded);
      if (twin === undefined) first.set(folded, file);
      else if (twin.path !== file.path)
        for (const { path, fileId } of [twin, file]) this.#twins.set(twinKey(path, fileId), path);
    }
  }
}

function twinKey(path: string, fileId: FileId): string {
  return `${fileId} ${path.toLowerCase()}`;
}

function* chained(lists: readonly Iterable<CatalogEntry>[]): Generator<CatalogEntry> {
  for (const files of lists) yield* files;
}

function pathsOf(files: Iterable<CatalogEntry>): Iterable<string> {
  return files instanceof ListedFiles ? files.table.paths() : Array.from(files, ({ path }) => path);
}
