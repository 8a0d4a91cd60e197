import type { FileId } from '../../Protocol/Ids.ts';
import { PATH_BYTES_MAX } from '../../Protocol/Limits.ts';
import { segmentWords, wordsOfPath, wordsOfQuery } from '../../Protocol/SearchWords.ts';
import { CatalogSearch } from './CatalogSearch.ts';
import { ContentTable } from './ContentTable.ts';
import { CONTENT, EntryTable, FLAGS, isPartial, OWNER } from './EntryTable.ts';
import { grown } from './IntArena.ts';
import { KeyedHash } from './KeyedHash.ts';
import type { ContentHolders, FoundFile, FoundFiles, SharedFile } from './SharedFiles.ts';
import { WordIndex } from './WordIndex.ts';

/** Entries of one content that are looked at for its holders: a chain made long on purpose must not stop us. */
const HOLDER_STEPS_MAX = 20_000;
/** Entries looked at for the owners of a folder. */
const FOLDER_STEPS_MAX = 1_000_000;
/** A start of a FileId that is taken as one, in hex digits. */
const ID_PREFIX_CHARS_MIN = 8;
const ID_PREFIX_HITS_MAX = 20;

/**
 * What everybody shares, and the search in it. Owners are small whole numbers, given by the caller (places in the
 * registry). Built for a million names: about 150 bytes each, outside the garbage-collected heap.
 */
export class CatalogIndex {
  readonly #contents: ContentTable;
  readonly #entries: EntryTable;
  readonly #words: WordIndex;
  readonly #search: CatalogSearch;
  readonly #path = Buffer.alloc(PATH_BYTES_MAX);
  /** First entry (plus 1; 0: none) and number of entries of each owner. */
  #owners = new Int32Array(128);

  /** @param key - two secret 32-bit numbers, so that nobody can choose what collides in the tables */
  constructor(key: readonly [number, number]) {
    const hash = new KeyedHash(key);
    this.#contents = new ContentTable(hash);
    this.#entries = new EntryTable(hash);
    this.#words = new WordIndex(
      {
        isAlive: (entry) => (this.#entries.cell(entry, FLAGS) & 1) === 1,
        dropped: (entry) => this.#entries.dropped(entry),
      },
      hash,
    );
    this.#search = new CatalogSearch(this.#words, this.#entries, this.#contents);
  }

  /** Entries of all owners. */
  get size(): number {
    return this.#entries.size;
  }

  /** Entries of one owner. */
  count(owner: number): number {
    return this.#owners[owner * 2 + 1] ?? 0;
  }

  /**
   * Adds an entry, or replaces the one with the same path (a running download: with the same id).
   * @param file - its path takes at most PATH_BYTES_MAX bytes
   * @param generation - 0 to 255, for `sweep`
   */
  put(owner: number, file: SharedFile, generation: number): void {
    const bytes = this.#path.write(file.path);
    const old = this.#find(owner, file, bytes);
    if (old >= 0 && this.#contents.idOf(this.#entries.cell(old, CONTENT)) === file.fileId) {
      this.#entries.setGeneration(old, generation);
      return;
    }
    if (old >= 0) this.#kill(old);
    const content = this.#contents.obtain(file.fileId, file.size);
    const entry = this.#entries.create(owner, content, this.#path, bytes);
    this.#entries.setGeneration(entry, generation);
    const first = this.#contents.first(content);
    this.#entries.link('content', entry, first);
    this.#contents.changed(content, entry, 1);
    this.#entries.link('owner', entry, this.#firstOf(owner));
    this.#setOwner(owner, entry, this.count(owner) + 1);
    if (bytes === 0) return;
    const { words, nameWords } = wordsOfPath(file.path);
    const ids = words.map((word) => this.#words.post(word, entry));
    this.#entries.setWords(entry, ids, nameWords);
  }

  /** Removes the entry with this path, or without a path the running download of this content, if there is one. */
  remove(owner: number, file: Pick<SharedFile, 'path' | 'fileId'>): void {
    const entry = this.#find(owner, file, this.#path.write(file.path));
    if (entry >= 0) this.#kill(entry);
  }

  /** Removes all entries of the owner that are not of this generation. */
  sweep(owner: number, generation: number): void {
    this.#removeAll(owner, (entry) => this.#entries.generation(entry) !== generation);
  }

  /** Gives all entries of the owner this generation. */
  markAll(owner: number, generation: number): void {
    for (let entry = this.#firstOf(owner); entry >= 0; entry = this.#entries.next('owner', entry)) {
      this.#entries.setGeneration(entry, generation);
    }
  }

  forget(owner: number): void {
    this.#removeAll(owner, () => true);
  }

  /** All words must match, the last one as a prefix; or a FileId, or at least 8 hex digits of its start. */
  search(query: string): FoundFiles {
    const found = this.#search.search(wordsOfQuery(query));
    if (found.total > 0) return found;
    const files = this.#searchId(query.trim().toLowerCase());
    return { total: files.length, files };
  }

  /** Who has this content, each owner once; undefined when nobody has. */
  holders(fileId: FileId): ContentHolders | undefined {
    const content = this.#contents.find(fileId);
    if (content < 0) return undefined;
    const complete = new Map<number, boolean>();
    let entry = this.#contents.first(content);
    for (let steps = 0; entry >= 0 && steps < HOLDER_STEPS_MAX; steps++) {
      const owner = this.#entries.cell(entry, OWNER);
      const whole = !isPartial(this.#entries.cell(entry, FLAGS));
      complete.set(owner, whole || complete.get(owner) === true);
      entry = this.#entries.next('content', entry);
    }
    const holders = [...complete].map(([owner, whole]) => ({ owner, complete: whole }));
    const sorted = [...holders.filter((one) => one.complete), ...holders.filter((one) => !one.complete)];
    return { size: this.#contents.sizeOf(content), holders: sorted };
  }

  /** Owners that share something below this folder: an exact path, no slash at its end. */
  ownersOfFolder(folder: string): number[] {
    const rarest = this.#rarestWord(folder.split('/').flatMap(segmentWords));
    if (rarest < 0) return [];
    const prefix = Buffer.from(`${folder}/`);
    const owners = new Set<number>();
    const list = this.#words.entriesOf(rarest);
    for (let at = 0; at < list.length && at < FOLDER_STEPS_MAX; at++) {
      const entry = list[at] ?? 0;
      const owner = this.#entries.cell(entry, OWNER);
      if ((this.#entries.cell(entry, FLAGS) & 1) === 0 || owners.has(owner)) continue;
      if (this.#entries.pathStartsWith(entry, prefix)) owners.add(owner);
    }
    return [...owners].sort((a, b) => a - b);
  }

  /** The word of these with the fewest postings; -1 when one of them is nowhere, or there are none. */
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
    }));
  }

  /** Empty when all who have it are still loading it. */
  #somePath(content: number): string {
    let entry = this.#contents.first(content);
    for (let steps = 0; entry >= 0 && steps < HOLDER_STEPS_MAX; steps++) {
      if (!isPartial(this.#entries.cell(entry, FLAGS))) return this.#entries.pathOf(entry);
      entry = this.#entries.next('content', entry);
    }
    return '';
  }

  /** @param bytes - of the path, which lies in `#path` */
  #find(owner: number, file: Pick<SharedFile, 'fileId'>, bytes: number): number {
    if (bytes > 0) return this.#entries.findPath(owner, this.#path, bytes);
    const content = this.#contents.find(file.fileId);
    return content < 0 ? -1 : this.#entries.findPartial(owner, content);
  }

  #kill(entry: number): void {
    const content = this.#entries.cell(entry, CONTENT);
    const owner = this.#entries.cell(entry, OWNER);
    const words = this.#entries.wordsOf(entry);
    const first = this.#entries.unlink('content', entry, this.#contents.first(content));
    const firstOfOwner = this.#entries.unlink('owner', entry, this.#firstOf(owner));
    this.#entries.kill(entry);
    this.#contents.changed(content, first, -1);
    this.#setOwner(owner, firstOfOwner, this.count(owner) - 1);
    for (const word of words) this.#words.unpost(word);
  }

  #removeAll(owner: number, unwanted: (entry: number) => boolean): void {
    let entry = this.#firstOf(owner);
    while (entry >= 0) {
      const next = this.#entries.next('owner', entry);
      if (unwanted(entry)) this.#kill(entry);
      entry = next;
    }
  }

  #firstOf(owner: number): number {
    return (this.#owners[owner * 2] ?? 0) - 1;
  }

  #setOwner(owner: number, first: number, count: number): void {
    if (owner * 2 + 2 > this.#owners.length) this.#owners = grown(this.#owners, owner * 2 + 2);
    this.#owners[owner * 2] = first + 1;
    this.#owners[owner * 2 + 1] = count;
  }
}
