import { CATALOG_FILES_MAX } from '../../Protocol/Limits.ts';
import type { PublishedEntry, RequestOf } from '../../Protocol/TrackerMessages.ts';
import type { CatalogIndex } from './CatalogIndex.ts';

type Page = Omit<RequestOf<'publish'>, 'peerId' | 'instanceId' | 'type'>;

/** What became of a page. `held` is the version that is complete now, 0: none. */
export type PageOutcome =
  | { readonly kind: 'taken' | 'completed' | 'repeated' | 'base-lost'; readonly held: number }
  | { readonly kind: 'refused'; readonly reason: 'bad-request' | 'full' };

/** A version of which pages are missing. Its entries are in the index already: only the pages are remembered. */
interface Unfinished {
  readonly version: number;
  readonly base: number;
  readonly pages: number;
  /** One bit a page: at most 32 KB for the largest catalog. */
  readonly seen: Uint8Array;
  missing: number;
}

interface OwnerState {
  held: number;
  /** Marks the entries of the newest whole catalog, 0 to 255. */
  generation: number;
  unfinished: Unfinished | undefined;
}

/**
 * Brings pages of catalogs into the index, whatever order, loss or repetition they suffer. Each page counts as soon as
 * it is here. When all pages of a whole catalog are, what no page named is removed. Within a version a path comes once.
 */
export class CatalogAssembly {
  readonly #index: CatalogIndex;
  readonly #filesMax: number;
  readonly #entriesMax: number;
  readonly #owners = new Map<number, OwnerState>();

  /**
   * @param limits.filesMax - files of one owner
   * @param limits.entriesMax - entries of all owners: 5,000,000 take about a gigabyte
   */
  constructor(index: CatalogIndex, limits: { filesMax?: number; entriesMax?: number } = {}) {
    this.#index = index;
    this.#filesMax = limits.filesMax ?? CATALOG_FILES_MAX;
    this.#entriesMax = limits.entriesMax ?? 5_000_000;
  }

  /** The version of this owner that is complete here; 0: none. */
  held(owner: number): number {
    return this.#owners.get(owner)?.held ?? 0;
  }

  forget(owner: number): void {
    this.#owners.delete(owner);
    this.#index.forget(owner);
  }

  page(owner: number, page: Page): PageOutcome {
    if (!isSound(page, this.#filesMax)) return { kind: 'refused', reason: 'bad-request' };
    const state = this.#owners.get(owner) ?? { held: 0, generation: 0, unfinished: undefined };
    if (page.version <= state.held) return { kind: 'repeated', held: state.held };
    const version = this.#versionOf(owner, state, page);
    if (version === 'other') return { kind: 'refused', reason: 'bad-request' };
    if (version === 'base-lost') return { kind: 'base-lost', held: state.held };
    if (version === 'repeated' || hasPage(version.seen, page.page))
      return { kind: 'repeated', held: state.held };
    if (!this.#hasRoom(owner, page)) this.#index.tidy(Number.POSITIVE_INFINITY);
    if (!this.#hasRoom(owner, page)) return { kind: 'refused', reason: 'full' };
    this.#owners.set(owner, state);
    for (const entry of page.entries) this.#apply(owner, entry, state.generation);
    version.seen[page.page >> 3] = (version.seen[page.page >> 3] ?? 0) | (1 << (page.page & 7));
    if (--version.missing > 0) return { kind: 'taken', held: state.held };
    if (version.base === 0) this.#index.sweep(owner, state.generation);
    state.held = version.version;
    state.unfinished = undefined;
    return { kind: 'completed', held: state.held };
  }

  /** The version the page belongs to, begun if need be. */
  #versionOf(owner: number, state: OwnerState, page: Page): Unfinished | 'repeated' | 'base-lost' | 'other' {
    const open = state.unfinished;
    if (open !== undefined && page.version < open.version) return 'repeated';
    if (open !== undefined && page.version === open.version) {
      if (page.base === open.base) return page.pages === open.pages ? open : 'other';
      // Sent anew as a whole, after its base was lost: what still arrives of the difference is late.
      if (page.base !== 0) return 'repeated';
    }
    // A version was given up half-way: what the index holds is no version at all any more.
    if (open !== undefined) state.held = 0;
    if (page.base !== state.held && page.base !== 0) {
      state.unfinished = undefined;
      return 'base-lost';
    }
    if (page.base === 0) this.#nextGeneration(owner, state);
    state.unfinished = {
      version: page.version,
      base: page.base,
      pages: page.pages,
      seen: new Uint8Array(Math.ceil(page.pages / 8)),
      missing: page.pages,
    };
    return state.unfinished;
  }

  #nextGeneration(owner: number, state: OwnerState): void {
    state.generation = (state.generation + 1) & 0xff;
    // After 256 catalogs the numbers begin anew: no old entry may carry one that is still to come.
    if (state.generation === 0) {
      this.#index.markAll(owner, 0);
      state.generation = 1;
    }
  }

  /** While a whole catalog arrives, old and new entries lie here together. */
  #hasRoom(owner: number, page: Page): boolean {
    const owned = this.#index.count(owner) + page.entries.length;
    const allowed = page.base === 0 ? this.#filesMax * 2 : this.#filesMax;
    return owned <= allowed && this.#index.size + page.entries.length <= this.#entriesMax;
  }

  #apply(owner: number, entry: PublishedEntry, generation: number): void {
    if (entry.kind === 'gone') this.#index.remove(owner, entry);
    else this.#index.put(owner, entry, generation);
  }
}

function isSound(page: Page, filesMax: number): boolean {
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
