import { CATALOG_FILES_MAX } from '../../Protocol/Limits.ts';
import type { PublishedEntry, RequestOf } from '../../Protocol/TrackerMessages.ts';
import type { CatalogIndex } from './CatalogIndex.ts';
import { Rows } from './Rows.ts';

type CatalogPage = Omit<RequestOf<'publish'>, 'peerId' | 'instanceId' | 'token' | 'type'>;

/** Outcome of a page. `held` is the complete version now; 0: none. */
export type PageOutcome =
  | { readonly kind: 'taken' | 'completed' | 'repeated' | 'base-lost'; readonly held: number }
  | { readonly kind: 'refused'; readonly reason: 'bad-request' | 'full' };

/** An incomplete version. Its entries are in the index already; only the page numbers are kept. */
interface Unfinished {
  readonly version: number;
  readonly base: number;
  readonly pages: number;
  /** One bit per page: at most 32 KB for the largest catalog. */
  readonly seen: Uint8Array;
  missing: number;
}

/** Fields of an owner's row. */
const HELD = 0; //       complete version, 0: none
const GENERATION = 1; // marks the entries of the newest whole catalog, 0 to 255
const FIELDS = 2;

/**
 * Applies pages of catalogs to the index, in any order, with losses and repetitions. A page takes effect on arrival.
 * After the last page of a whole catalog, entries that no page named are removed. A version has each path once.
 */
export class CatalogAssembly {
  readonly #index: CatalogIndex;
  readonly #filesMax: number;
  readonly #entriesMax: number;
  readonly #owners = new Rows(FIELDS);
  readonly #unfinished = new Map<number, Unfinished>();

  /**
   * @param limits.filesMax - files of one owner
   * @param limits.entriesMax - entries of all owners: 5,000,000 take about a gigabyte
   */
  constructor(index: CatalogIndex, limits: { filesMax?: number; entriesMax?: number } = {}) {
    this.#index = index;
    this.#filesMax = limits.filesMax ?? CATALOG_FILES_MAX;
    this.#entriesMax = limits.entriesMax ?? 5_000_000;
  }

  /** The complete version of an owner; 0: none. */
  held(owner: number): number {
    return this.#owners.get(owner, HELD) >>> 0;
  }

  forget(owner: number): void {
    this.#owners.reach(owner);
    this.#owners.set(owner, HELD, 0);
    this.#owners.set(owner, GENERATION, 0);
    this.#unfinished.delete(owner);
    this.#index.forget(owner);
  }

  page(owner: number, page: CatalogPage): PageOutcome {
    if (!isSound(page, this.#filesMax)) return { kind: 'refused', reason: 'bad-request' };
    const held = this.held(owner);
    if (page.version <= held) return { kind: 'repeated', held };
    this.#owners.reach(owner);
    const version = this.#versionOf(owner, page);
    if (version === 'other') return { kind: 'refused', reason: 'bad-request' };
    if (typeof version === 'string') return { kind: version, held: this.held(owner) };
    if (hasPage(version.seen, page.page)) return { kind: 'repeated', held: this.held(owner) };
    if (!this.#hasRoom(owner, page)) this.#index.tidy();
    if (!this.#hasRoom(owner, page)) {
      if (version.missing === version.pages) this.#unfinished.delete(owner); // No page of it was applied.
      return { kind: 'refused', reason: 'full' };
    }
    const generation = this.#owners.get(owner, GENERATION);
    for (const entry of page.entries) this.#apply(owner, entry, generation);
    version.seen[page.page >> 3] = (version.seen[page.page >> 3] ?? 0) | (1 << (page.page & 7));
    if (--version.missing > 0) return { kind: 'taken', held: this.held(owner) };
    if (version.base === 0) this.#index.sweep(owner, generation);
    this.#owners.set(owner, HELD, version.version);
    this.#unfinished.delete(owner);
    return { kind: 'completed', held: this.held(owner) };
  }

  /** The version of a page, opened if it is new. */
  #versionOf(owner: number, page: CatalogPage): Unfinished | 'repeated' | 'base-lost' | 'other' {
    const open = this.#unfinished.get(owner);
    if (open !== undefined && page.version < open.version) return 'repeated';
    if (open !== undefined && page.version === open.version) {
      if (page.base === open.base) return page.pages === open.pages ? open : 'other';
      // The version was resent as a whole after its base was lost: pages of the difference are late.
      if (page.base !== 0) return 'repeated';
    }
    // An incomplete version is superseded: the index holds a mixture, which is no version.
    if (open !== undefined) this.#owners.set(owner, HELD, 0);
    if (page.base !== this.held(owner) && page.base !== 0) {
      this.#unfinished.delete(owner);
      return 'base-lost';
    }
    if (page.base === 0) this.#nextGeneration(owner);
    const begun = {
      version: page.version,
      base: page.base,
      pages: page.pages,
      seen: new Uint8Array(Math.ceil(page.pages / 8)),
      missing: page.pages,
    };
    this.#unfinished.set(owner, begun);
    return begun;
  }

  #nextGeneration(owner: number): void {
    const next = (this.#owners.get(owner, GENERATION) + 1) & 0xff;
    // Generations wrap after 256 catalogs: no old entry may carry a future one. The catalog is being replaced anyway.
    if (next === 0) {
      this.#index.forget(owner);
      this.#owners.set(owner, HELD, 0);
    }
    this.#owners.set(owner, GENERATION, next === 0 ? 1 : next);
  }

  /** A whole catalog doubles the limit: old and new entries coexist until it is complete. */
  #hasRoom(owner: number, page: CatalogPage): boolean {
    const owned = this.#index.count(owner) + page.entries.length;
    const allowed = page.base === 0 ? this.#filesMax * 2 : this.#filesMax;
    return owned <= allowed && this.#index.size + page.entries.length <= this.#entriesMax;
  }

  #apply(owner: number, entry: PublishedEntry, generation: number): void {
    if (entry.kind === 'gone') this.#index.remove(owner, entry);
    else this.#index.put(owner, entry, generation);
  }
}

function isSound(page: CatalogPage, filesMax: number): boolean {
  return (
    page.version > page.base &&
    page.page < page.pages &&
    page.pages <= filesMax &&
    (page.pages === 1 || page.entries.length > 0) &&
    page.entries.every((entry) => (entry.path === '' ? entry.kind !== 'file' : entry.kind !== 'partial'))
  );
}

function hasPage(seen: Uint8Array, page: number): boolean {
  return ((seen[page >> 3] ?? 0) & (1 << (page & 7))) !== 0;
}
