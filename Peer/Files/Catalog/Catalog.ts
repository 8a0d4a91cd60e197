import type { FileId } from '../../../Protocol/Ids.ts';
import type { PublishedEntry } from '../../../Protocol/TrackerMessages.ts';
import type { CatalogEntry } from '../../Model.ts';
import { SortedEntries } from './SortedEntries.ts';

/** Changes kept for `changesSince`. A tracker further behind gets the whole catalog. */
const HISTORY_MAX = 100_000;

/** Last change of one entry: enough to publish its removal. */
interface Change {
  readonly path: string;
  readonly fileId: FileId;
  readonly size: number;
}

/**
 * Catalog of this peer: complete files by path, and unfinished ones by FileId. Every change increments the
 * version. An
 * entry is identified by its path; a partial one, which has no path, by its FileId. The same content may have
 * several
 * paths: `gone` for one of them does not affect the others.
 */
export class Catalog {
  readonly #files = new Map<string, CatalogEntry>();
  readonly #paths = new Map<FileId, string | Set<string>>();
  readonly #partials = new Map<FileId, number>();
  readonly #sorted = new SortedEntries();
  /** The change at `index` led to version `#historyStart + index + 1`. */
  #history: Change[] = [];
  #historyStart = 0;
  #bytes = 0;
  #flushDeferred: () => void = () => {};

  /** Registers a callback that inserts deferred entries before every lookup, though not before `version`. */
  flushBeforeLookup(flush: () => void): void {
    this.#flushDeferred = flush;
  }

  /** Incremented by every change; 0: nothing was ever shared. */
  get version(): number {
    return this.#historyStart + this.#history.length;
  }

  get files(): number {
    return this.#files.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Inserts a file, or replaces the entry of its path. An equal entry changes nothing. */
  put(entry: CatalogEntry): void {
    const before = this.#files.get(entry.path);
    if (before !== undefined) {
      if (isSame(before, entry)) return;
      this.#forget(before);
    }
    this.#files.set(entry.path, entry);
    this.#addPath(entry.fileId, entry.path);
    this.#sorted.add(entry);
    this.#bytes += entry.size;
    this.#record(entry);
  }

  remove(path: string): void {
    const entry = this.#files.get(path);
    if (entry === undefined) return;
    this.#forget(entry);
    this.#record(entry);
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
    this.#flushDeferred();
    const paths = this.#paths.get(fileId);
    const path = paths instanceof Set ? paths.values().next().value : paths;
    return path === undefined ? undefined : this.#files.get(path);
  }

  /** Every path with this content. */
  pathsOf(fileId: FileId): readonly string[] {
    this.#flushDeferred();
    const paths = this.#paths.get(fileId);
    if (paths === undefined) return [];
    return paths instanceof Set ? [...paths] : [paths];
  }

  findPath(path: string): CatalogEntry | undefined {
    this.#flushDeferred();
    return this.#files.get(path);
  }

  /** Complete files below a folder ("" = all), by path (UTF-16 code units). The same array until the next change. */
  list(folder: string): readonly CatalogEntry[] {
    this.#flushDeferred();
    return this.#sorted.below(folder);
  }

  /** Complete files, unordered: avoids the sort of the first `list`. */
  all(): Iterable<CatalogEntry> {
    this.#flushDeferred();
    return this.#files.values();
  }

  /** All entries: files ordered by path, then the partial ones. */
  entries(): readonly PublishedEntry[] {
    const files = this.#sorted.below('').map(publishedFile);
    const partials = [...this.#partials].map(([fileId, size]) =>
      published('partial', { path: '', fileId, size }),
    );
    return files.concat(partials);
  }

  /**
   * Difference from an earlier version: each changed entry once, in its current state (`file`, `partial`), or
   * `gone` with
   * its last known values. Undefined when the version is too old or was never reached.
   */
  changesSince(version: number): readonly PublishedEntry[] | undefined {
    if (version < this.#historyStart || version > this.version) return undefined;
    const latest = new Map<string, Change>();
    for (const change of this.#history.slice(version - this.#historyStart)) latest.set(keyOf(change), change);
    return Array.from(latest.values(), (change) => this.#asItIs(change));
  }

  #asItIs(change: Change): PublishedEntry {
    if (change.path === '') return published(this.#partials.has(change.fileId) ? 'partial' : 'gone', change);
    const entry = this.#files.get(change.path);
    return entry === undefined ? published('gone', change) : publishedFile(entry);
  }

  #record(change: Change): void {
    this.#history.push(change);
    // Halved, so that the cost of the copy is spread over many changes.
    if (this.#history.length < 2 * HISTORY_MAX) return;
    this.#history = this.#history.slice(HISTORY_MAX);
    this.#historyStart += HISTORY_MAX;
  }

  #forget(entry: CatalogEntry): void {
    this.#files.delete(entry.path);
    this.#sorted.remove(entry);
    this.#bytes -= entry.size;
    const paths = this.#paths.get(entry.fileId);
    if (!(paths instanceof Set)) this.#paths.delete(entry.fileId);
    else if (paths.delete(entry.path) && paths.size === 0) this.#paths.delete(entry.fileId);
  }

  #addPath(fileId: FileId, path: string): void {
    const paths = this.#paths.get(fileId);
    if (paths === undefined) this.#paths.set(fileId, path);
    else if (paths instanceof Set) paths.add(path);
    else this.#paths.set(fileId, new Set([paths, path]));
  }
}

/** Key of an entry in a difference. No path begins with NUL, so the two kinds never collide. */
function keyOf(change: Change): string {
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
