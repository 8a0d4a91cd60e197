import type { FileId } from '../../Protocol/Ids.ts';
import { PATH_BYTES_MAX } from '../../Protocol/Limits.ts';
import { segmentWords, wordsOfPath, wordsOfQuery } from '../../Protocol/SearchWords.ts';
import { ID_PREFIX_CHARS_MIN } from '../../Protocol/WordMatch.ts';
import { CatalogSearch } from './CatalogSearch.ts';
import { ContentTable } from './ContentTable.ts';
import { CONTENT, EntryTable, FLAGS, isPartial, SHARE } from './EntryTable.ts';
import { HolderClaims } from './HolderClaims.ts';
import { KeyedHash } from './KeyedHash.ts';
import type { ContentHolders, FoundFile, FoundFiles, SharedFile } from './SharedFiles.ts';
import { Shares } from './Shares.ts';
import { WordIndex } from './WordIndex.ts';

/** Entries of one content examined for its holders: bounds the cost of a chain made long on purpose. */
const HOLDER_STEPS_MAX = 4_096;
const ID_PREFIX_HITS_MAX = 20;
/** Entries examined per step of removal, and at once when a catalog goes: below a millisecond of work each. */
const TIDIED_PER_STEP = 128;
const TIDIED_AT_ONCE = 32;
/** Words of a removed entry that cost as much as examining another entry. */
const WORDS_PER_EXAMINED = 8;

/** Progress of removing the entries that the newest whole catalog lacks. */
interface Sweep {
  readonly generation: number;
  /** Next entry to examine; -1: done. */
  next: number;
}

/** A search for the owners of a folder, in steps: its words may be in every name. */
export interface FolderScan {
  /** The hits found so far. */
  readonly owners: ReadonlySet<number>;
  /** Examines a bounded number of entries. @returns whether the search is complete */
  step(entries: number): boolean;
}

/**
 * The catalogs of all owners, and the search in them. Owners are small whole numbers given by the caller (slots of the
 * registry). Built for a million names: about 200 bytes each, outside the garbage-collected heap.
 */
export class CatalogIndex {
  readonly #contents: ContentTable;
  readonly #entries: EntryTable;
  readonly #words: WordIndex;
  readonly #search: CatalogSearch;
  readonly #path = Buffer.alloc(PATH_BYTES_MAX);
  readonly #tidiedAtOnce: number;
  readonly #shares = new Shares();
  /** Abandoned shares with entries still to be removed. */
  readonly #leaving: number[] = [];
  readonly #sweeps = new Map<number, Sweep>();
  /** Sizes by entry that differ from the first one claimed for the content: one of them is false. */
  readonly #otherSizes = new Map<number, number>();

  /**
   * @param key - two secret 32-bit numbers, so that clients cannot choose colliding keys
   * @param tidiedAtOnce - entries that `forget` and `sweep` examine at once
   */
  constructor(key: readonly [number, number], tidiedAtOnce = TIDIED_AT_ONCE) {
    this.#tidiedAtOnce = tidiedAtOnce;
    const hash = new KeyedHash(key);
    this.#contents = new ContentTable();
    this.#entries = new EntryTable(hash);
    this.#words = new WordIndex(
      {
        isAlive: (entry) => (this.#entries.cell(entry, FLAGS) & 1) === 1,
        dropped: (entry) => this.#entries.dropped(entry),
      },
      hash,
    );
    this.#search = new CatalogSearch(this.#words, this.#entries, this.#contents, this.#shares);
  }

  /** Number of entries, with those still to be removed. */
  get size(): number {
    return this.#entries.size;
  }

  /** Number of entries of an owner. */
  count(owner: number): number {
    return this.#shares.entries(this.#shares.of(owner));
  }

  /**
   * Adds an entry, or replaces the one with the same path (a running download: with the same id).
   * @param file - its path takes at most PATH_BYTES_MAX bytes
   * @param generation - 0 to 255, for `sweep`
   */
  put(owner: number, file: SharedFile, generation: number): void {
    const bytes = this.#path.write(file.path);
    const share = this.#shares.obtain(owner);
    // An entry of a newer catalog ends the sweep of the older one; the newer sweep covers it.
    if (this.#sweeps.get(share)?.generation !== generation) this.#sweeps.delete(share);
    const old = this.#find(share, file, bytes);
    if (old >= 0 && this.#contents.idOf(this.#entries.cell(old, CONTENT)) === file.fileId) {
      this.#entries.setGeneration(old, generation);
      this.#setDetails(old, file);
      return;
    }
    if (old >= 0) this.#kill(old);
    const content = this.#contents.obtain(file.fileId, file.size);
    const entry = this.#entries.create(share, content, this.#path, bytes);
    this.#entries.setGeneration(entry, generation);
    this.#setDetails(entry, file);
    const first = this.#contents.first(content);
    this.#entries.link('content', entry, first);
    this.#contents.changed(content, entry, 1);
    this.#entries.link('share', entry, this.#shares.first(share));
    this.#shares.changed(share, entry, 1);
    if (bytes === 0) return;
    this.#words.compact();
    const { words, nameWords } = wordsOfPath(file.path);
    const ids = words.map((word) => this.#words.post(word, entry));
    this.#entries.setWords(entry, ids, nameWords);
  }

  /** Removes the entry with this path; without a path, the running download of this content. */
  remove(owner: number, file: Pick<SharedFile, 'path' | 'fileId'>): void {
    const entry = this.#find(this.#shares.of(owner), file, this.#path.write(file.path));
    if (entry >= 0) this.#kill(entry);
  }

  /** Removes the owner's entries of other generations: some now, the rest by `tidy`. */
  sweep(owner: number, generation: number): void {
    const share = this.#shares.of(owner);
    this.#sweeps.set(share, { generation, next: this.#shares.first(share) });
    this.tidy(this.#tidiedAtOnce);
  }

  /** Removes an owner's catalog at once. `tidy` frees its memory. */
  forget(owner: number): void {
    const share = this.#shares.of(owner);
    if (share < 0) return;
    this.#sweeps.delete(share);
    this.#shares.abandon(share);
    this.#leaving.push(share);
    this.tidy(this.#tidiedAtOnce);
  }

  /** Whether `tidy` has nothing to do. */
  get isTidy(): boolean {
    return this.#leaving.length === 0 && this.#sweeps.size === 0 && this.#words.isCompact;
  }

  /** Examines up to `steps` entries for removal, so that a large catalog is removed piecewise, and reclaims memory. */
  tidy(steps = TIDIED_PER_STEP): void {
    this.#words.compact();
    let left = steps;
    for (; left > 0 && this.#leaving.length > 0; left--) {
      const share = this.#leaving.at(-1) ?? 0;
      if (this.#shares.entries(share) > 0) left -= this.#kill(this.#shares.first(share));
      if (this.#shares.entries(share) > 0) continue;
      this.#shares.release(share);
      this.#leaving.pop();
    }
    for (const [share, sweep] of this.#sweeps) {
      for (; left > 0 && sweep.next >= 0; left--) {
        const entry = sweep.next;
        sweep.next = this.#entries.next('share', entry);
        if (this.#entries.generation(entry) === sweep.generation) continue;
        left -= this.#kill(entry);
      }
      if (sweep.next >= 0) return;
      this.#sweeps.delete(share);
    }
  }

  /**
   * Searches for words (all must match, the last as a prefix), or for a FileId or a prefix of it of at least 8 hex
   * digits.
   */
  search(query: string): FoundFiles {
    const found = this.#search.search(wordsOfQuery(query));
    if (found.total > 0) return found;
    const files = this.#searchId(query.trim().toLowerCase());
    return { total: files.length, files };
  }

  /**
   * The holders of a content, each owner once; undefined: none.
   * @param steps - entries examined; the rest is only counted
   * @param row - where the content was found: it is looked up only if it is elsewhere now
   */
  holders(fileId: FileId, steps = HOLDER_STEPS_MAX, row = -1): ContentHolders | undefined {
    const content = this.#contents.find(fileId, row);
    if (content < 0) return undefined;
    const claims = new HolderClaims(this.#contents.sizeOf(content));
    let entry = this.#contents.first(content);
    for (let left = Math.min(steps, HOLDER_STEPS_MAX); entry >= 0 && left > 0; left--) {
      const owner = this.#ownerOf(entry);
      const whole = !isPartial(this.#entries.cell(entry, FLAGS));
      if (owner >= 0) {
        const { modifiedMs, executable } = this.#detailsOf(entry);
        claims.add(owner, whole, this.#otherSizes.get(entry), modifiedMs, executable);
      }
      entry = this.#entries.next('content', entry);
    }
    return claims.result(entry < 0 ? undefined : this.#contents.entries(content));
  }

  /** Begins a search for the owners of files below a folder (exact path, no trailing slash). */
  scanFolder(folder: string): FolderScan {
    const prefix = Buffer.from(`${folder}/`);
    const owners = new Set<number>();
    const word = this.#rarestWord(folder.split('/').flatMap(segmentWords));
    const text = word < 0 ? '' : this.#words.wordOf(word);
    let at = 0;
    const step = (entries: number): boolean => {
      // The word may have gone, and its number may be another's.
      if (word < 0 || this.#words.wordOf(word) !== text) return true;
      const list = this.#words.entriesOf(word);
      for (const end = Math.min(at + entries, list.length); at < end; at++) {
        const entry = list[at] ?? 0;
        const owner = this.#ownerOf(entry);
        if ((this.#entries.cell(entry, FLAGS) & 1) === 0 || owner < 0 || owners.has(owner)) continue;
        if (this.#entries.pathStartsWith(entry, prefix)) owners.add(owner);
      }
      return at >= list.length;
    };
    return { owners, step };
  }

  /** The word with the fewest postings; -1: one of them occurs nowhere, or there are none. */
  #rarestWord(words: readonly string[]): number {
    const ids = words.map((word) => this.#words.find(word));
    if (ids.includes(-1)) return -1;
    return ids.sort((a, b) => this.#words.postings(a) - this.#words.postings(b))[0] ?? -1;
  }

  #searchId(prefix: string): FoundFile[] {
    if (prefix.length < ID_PREFIX_CHARS_MIN || !/^[0-9a-f]{1,64}$/.test(prefix)) return [];
    const contents =
      prefix.length === 64
        ? [this.#contents.find(prefix as FileId)].filter((content) => content >= 0)
        : this.#contents.startingWith(prefix, ID_PREFIX_HITS_MAX);
    return contents.map((content) => ({
      fileId: this.#contents.idOf(content),
      size: this.#contents.sizeOf(content),
      path: this.#somePath(content),
      row: content,
    }));
  }

  /** A path of a complete holder; empty when there is none. */
  #somePath(content: number): string {
    let entry = this.#contents.first(content);
    for (let steps = 0; entry >= 0 && steps < HOLDER_STEPS_MAX; steps++) {
      const isShared = !isPartial(this.#entries.cell(entry, FLAGS)) && this.#ownerOf(entry) >= 0;
      if (isShared) return this.#entries.pathOf(entry);
      entry = this.#entries.next('content', entry);
    }
    return '';
  }

  /** @param bytes - length of the path in `#path` */
  #find(share: number, file: Pick<SharedFile, 'fileId'>, bytes: number): number {
    if (share < 0) return -1;
    if (bytes > 0) return this.#entries.findPath(share, this.#path, bytes);
    const content = this.#contents.find(file.fileId);
    return content < 0 ? -1 : this.#entries.findPartial(share, content);
  }

  /** The owner of an entry; -1: of an abandoned share. */
  #ownerOf(entry: number): number {
    return this.#shares.ownerOf(this.#entries.cell(entry, SHARE));
  }

  #setDetails(entry: number, { size, modifiedMs, executable }: SharedFile): void {
    this.#entries.setDetails(entry, modifiedMs ?? 0, executable === true);
    if (size === this.#contents.sizeOf(this.#entries.cell(entry, CONTENT))) this.#otherSizes.delete(entry);
    else this.#otherSizes.set(entry, size);
  }

  #detailsOf(entry: number) {
    return { modifiedMs: this.#entries.modifiedMs(entry), executable: this.#entries.isExecutable(entry) };
  }

  /** @returns its cost beyond that of an examined entry, in examined entries */
  #kill(entry: number): number {
    this.#otherSizes.delete(entry);
    const content = this.#entries.cell(entry, CONTENT);
    const share = this.#entries.cell(entry, SHARE);
    const words = this.#entries.wordsOf(entry);
    const sweep = this.#sweeps.get(share);
    if (sweep?.next === entry) sweep.next = this.#entries.next('share', entry);
    const first = this.#entries.unlink('content', entry, this.#contents.first(content));
    const firstOfShare = this.#entries.unlink('share', entry, this.#shares.first(share));
    this.#entries.kill(entry);
    this.#contents.changed(content, first, -1);
    this.#shares.changed(share, firstOfShare, -1);
    for (const word of words) this.#words.unpost(word);
    return Math.floor(words.length / WORDS_PER_EXAMINED);
  }
}
