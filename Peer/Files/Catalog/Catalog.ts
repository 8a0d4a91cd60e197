import type { FileId } from '../../../Protocol/Ids.ts';
import type { PublishedEntry } from '../../../Protocol/TrackerMessages.ts';
import type { CatalogEntry, FileSummary } from '../../Model.ts';
import type { FileState } from '../Disk/FileState.ts';
import { FileTable, SHARED } from './FileTable.ts';
import { PathText } from './PathText.ts';
import { SortedRows } from './SortedRows.ts';

/** Changes kept for `changesSince`. A tracker further behind gets the whole catalog. */
const HISTORY_MAX = 250_000;

/** Last known values of an entry that is gone, or of a partial one: enough to publish it. */
interface Change {
  readonly path: string;
  readonly fileId: FileId;
  readonly size: number;
}

/** Files that are inserted later, or by the first lookup that may find one of them. */
interface DeferredInserts {
  flush(): void;
  /** @returns number of inserted files */
  flushFile(path: string): number;
  flushContent(fileId: FileId): number;
}

/** A list of entries, and the version it was made of. */
interface Listed {
  readonly folder: string;
  readonly version: number;
  readonly entries: readonly CatalogEntry[];
}

/**
 * Catalog of this peer: complete files by path, and unfinished ones by FileId. Every change increments the version. An
 * entry is identified by its path; a partial one, which has no path, by its FileId. The same content may have several
 * paths: `gone` for one of them does not affect the others.
 */
export class Catalog {
  /** The shared files, marked SHARED, and others of which the hash is known. Only the catalog sets that mark. */
  readonly table = new FileTable();
  readonly #partials = new Map<FileId, number>();
  readonly #sorted = new SortedRows(this.table);
  readonly #text = new PathText(this.table);
  /** The change at `index` led to version `#historyStart + index + 1`. A path: the file at it was put. */
  #history: (string | Change)[] = [];
  #historyStart = 0;
  #files = 0;
  #bytes = 0;
  /** The last list, until the catalog changes: strangers may request it repeatedly. */
  #listed: Listed | undefined;
  /** The last file found by id: serving one asks for it several times. */
  #found: { readonly version: number; readonly entry: CatalogEntry } | undefined;
  #deferred: DeferredInserts | undefined;

  /** Registers files that are inserted when a lookup finds none by path or content, and before every list. */
  deferInserts(deferred: DeferredInserts): void {
    this.#deferred = deferred;
  }

  /** Incremented by every change; 0: nothing was ever shared. */
  get version(): number {
    return this.#historyStart + this.#history.length;
  }

  get files(): number {
    return this.#files;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Inserts a file, or replaces the one at its path. Equal content and attributes are no change. @returns its row */
  put(path: string, state: FileState, fileId: FileId): number {
    const before = this.table.rowOf(path);
    const entry =
      before !== undefined && this.table.has(before, SHARED) ? this.table.entry(before) : undefined;
    const row = this.table.put(path, state, fileId);
    if (entry !== undefined && isSame(entry, this.table.entry(row))) return row;
    if (entry !== undefined) this.#withdraw(row, entry.size);
    this.table.mark(row, SHARED);
    this.#changed(row, 1, this.table.size(row));
    this.#record(path);
    return row;
  }

  /**
   * Inserts a file whose content is in the table, and which is not shared.
   * @param state - equal to that of its row, except for ctime, device and mode
   * @returns its row
   */
  restore(row: number, state: FileState): number {
    this.table.restate(row, state);
    this.table.mark(row, SHARED);
    this.#changed(row, 1, this.table.size(row));
    this.#record(this.table.path(row));
    return row;
  }

  /** Removes a file from the catalog; its row stays in the table. */
  remove(path: string): void {
    const row = this.table.rowOf(path);
    if (row === undefined || !this.table.has(row, SHARED)) return;
    this.#record({ path, fileId: this.table.fileId(row), size: this.table.size(row) });
    this.#withdraw(row, this.table.size(row));
  }

  putPartial(fileId: FileId, size: number): void {
    if (this.#partials.has(fileId)) return;
    this.#partials.set(fileId, size);
    this.#record({ path: '', fileId, size });
  }

  removePartial(fileId: FileId): void {
    const size = this.#partials.get(fileId);
    if (size === undefined) return;
    this.#partials.delete(fileId);
    this.#record({ path: '', fileId, size });
  }

  /** Finds a file with this content; any of them when there are several. */
  find(fileId: FileId): CatalogEntry | undefined {
    if (this.#found?.entry.fileId === fileId && this.#found.version === this.version)
      return this.#found.entry;
    const row = this.#rowWith(fileId);
    if (row === undefined) return undefined;
    const entry = this.table.entry(row);
    this.#found = { version: this.version, entry };
    return entry;
  }

  /** Paths with this content, `max` at most: a folder may have thousands of equal files. */
  pathsOf(fileId: FileId, max = Number.POSITIVE_INFINITY): readonly string[] {
    const paths: string[] = [];
    if (this.#rowWith(fileId) === undefined) return paths;
    for (const row of this.table.withId(fileId)) if (paths.push(this.table.path(row)) >= max) break;
    return paths;
  }

  findPath(path: string): CatalogEntry | undefined {
    const row = this.#rowAt(path) ?? (this.#deferred?.flushFile(path) ? this.#rowAt(path) : undefined);
    return row === undefined ? undefined : this.table.entry(row);
  }

  /** Complete files below a folder ("" = all), by path (UTF-16 code units). */
  list(folder: string): readonly CatalogEntry[] {
    this.#deferred?.flush();
    const { version } = this;
    const last = this.#listed;
    if (last?.folder === folder && last.version === version) return last.entries;
    const entries = this.table.entries(this.#sorted.below(folder));
    this.#listed = { folder, version, entries };
    return entries;
  }

  /** The same without their contents, one after the other: nothing is kept. Valid until the next change. */
  *below(folder: string): Generator<FileSummary> {
    this.#deferred?.flush();
    for (const row of this.#sorted.below(folder)) yield this.table.summary(row);
  }

  /** Complete files whose path may match folded words; see PathText. */
  *withWords(words: readonly string[]): Generator<CatalogEntry> {
    this.#deferred?.flush();
    for (const row of this.#text.rowsWith(words)) yield this.table.entry(row);
  }

  /** Prepares a part of the text for searches by words. @returns whether there is more to prepare */
  prepareSearch(): boolean {
    return this.#text.buildNext();
  }

  /** Complete files whose id begins with these hex digits, at least 8. */
  *withIdStart(digits: string): Generator<CatalogEntry> {
    this.#deferred?.flush();
    for (const row of this.table.withIdStart(digits)) yield this.table.entry(row);
  }

  /** All entries: files ordered by path, then the partial ones. */
  entries(): readonly PublishedEntry[] {
    const files = Array.from(this.#sorted.below(''), (row) => publishedFile(this.table.entry(row)));
    const partials = [...this.#partials].map(([fileId, size]) =>
      published('partial', { path: '', fileId, size }),
    );
    return files.concat(partials);
  }

  /**
   * Difference from an earlier version: each changed entry once, in its current state (`file`, `partial`), or `gone`
   * with its last known values. Undefined when the version is too old or was never reached.
   * @param until - the version to which the difference leads: later changes are a part of the next one
   */
  changesSince(version: number, until = this.version): readonly PublishedEntry[] | undefined {
    if (version < this.#historyStart || version > this.version) return undefined;
    const latest = new Map<string, string | Change>();
    const history = this.#history.slice(version - this.#historyStart, until - this.#historyStart);
    for (const change of history) latest.set(keyOf(change), change);
    return [...latest.values()].flatMap((change) => this.#asItIs(change) ?? []);
  }

  #rowAt(path: string): number | undefined {
    const row = this.table.rowOf(path);
    return row !== undefined && this.table.has(row, SHARED) ? row : undefined;
  }

  #rowWith(fileId: FileId): number | undefined {
    const row = this.table.rowWithId(fileId);
    if (row !== undefined) return row;
    return this.#deferred?.flushContent(fileId) ? this.table.rowWithId(fileId) : undefined;
  }

  /** A change, published: the entry as it is now. Undefined: the file that was put was removed in a later version. */
  #asItIs(change: string | Change): PublishedEntry | undefined {
    if (typeof change !== 'string') {
      const isPartial = change.path === '' && this.#partials.has(change.fileId);
      return published(isPartial ? 'partial' : 'gone', change);
    }
    const row = this.#rowAt(change);
    return row === undefined ? undefined : publishedFile(this.table.entry(row));
  }

  #record(change: string | Change): void {
    this.#history.push(change);
    // Halved, so that the cost of the copy is spread over many changes.
    if (this.#history.length < 2 * HISTORY_MAX) return;
    this.#history = this.#history.slice(HISTORY_MAX);
    this.#historyStart += HISTORY_MAX;
  }

  /** Takes a file out of order and counts. @param size - as it was shared */
  #withdraw(row: number, size: number): void {
    this.table.unmark(row, SHARED);
    this.#changed(row, -1, -size);
  }

  #changed(row: number, files: number, bytes: number): void {
    this.#sorted.changed(row);
    this.#text.changed(row);
    this.#files += files;
    this.#bytes += bytes;
  }
}

/** Key of an entry in a difference. No path begins with NUL, so the two kinds never collide. */
function keyOf(change: string | Change): string {
  if (typeof change === 'string') return change;
  return change.path === '' ? `\0${change.fileId}` : change.path;
}

function isSame(one: CatalogEntry, other: CatalogEntry): boolean {
  return (
    one.fileId === other.fileId && one.modifiedMs === other.modifiedMs && one.executable === other.executable
  );
}

function publishedFile({ path, size, fileId, modifiedMs, executable }: CatalogEntry): PublishedEntry {
  return { kind: 'file', path, size, fileId, modifiedMs, ...(executable && { executable }) };
}

function published(kind: PublishedEntry['kind'], { path, size, fileId }: Change): PublishedEntry {
  return { kind, path, size, fileId };
}
