import {
  CATALOG_FILES_MAX,
  DATAGRAM_BYTES_MAX,
  PATH_BYTES_MAX,
  PUBLISH_WINDOW,
} from '../../../Protocol/Limits.ts';
import { type PublishedEntry, publishedEntryBytes } from '../../../Protocol/TrackerMessages.ts';

/** Entries that a page may list by count, whatever their size. docs/reference/protocol.md, "publish". */
const ENTRIES_PER_PAGE_MAX = 64;
/** In front of the entries: request header 16, ids 32 + 8, version, base, page, pages 4 x 4, count 2. */
const PAGE_OVERHEAD_BYTES = 74;

/**
 * One version of the catalog, or the difference from an earlier one, on its way to one tracker: cut into pages that
 * fill a datagram each, at most PUBLISH_WINDOW of them sent and not acknowledged.
 */
export class PublishPlan {
  readonly version: number;
  /** The version the entries change; 0: they are the whole catalog. */
  readonly base: number;
  readonly #entries: readonly PublishedEntry[];
  /** Where each page begins, and the end of the last one. */
  readonly #starts: readonly number[];
  readonly #acknowledged: Uint8Array;
  #acknowledgedCount = 0;
  #nextPage = 0;

  /** Entries that no tracker would take (a path too long, more than CATALOG_FILES_MAX) are left out. */
  constructor(version: number, base: number, entries: readonly PublishedEntry[]) {
    this.version = version;
    this.base = base;
    const taken: PublishedEntry[] = [];
    const starts = [0];
    const most = base === 0 ? CATALOG_FILES_MAX : entries.length;
    let bytes = PAGE_OVERHEAD_BYTES;
    for (const entry of entries) {
      const pathBytes = Buffer.byteLength(entry.path);
      if (pathBytes > PATH_BYTES_MAX) continue;
      if (taken.length === most) break;
      const count = taken.length - (starts.at(-1) ?? 0);
      const entryBytes = publishedEntryBytes(pathBytes);
      if (count === ENTRIES_PER_PAGE_MAX || bytes + entryBytes > DATAGRAM_BYTES_MAX) {
        starts.push(taken.length);
        bytes = PAGE_OVERHEAD_BYTES;
      }
      taken.push(entry);
      bytes += entryBytes;
    }
    starts.push(taken.length);
    this.#entries = taken;
    this.#starts = starts;
    this.#acknowledged = new Uint8Array(this.pages);
  }

  /** At least 1: an empty catalog is one empty page. */
  get pages(): number {
    return this.#starts.length - 1;
  }

  get done(): boolean {
    return this.#acknowledgedCount === this.pages;
  }

  entriesOf(page: number): readonly PublishedEntry[] {
    return this.#entries.slice(this.#starts[page], this.#starts[page + 1]);
  }

  /** The next page that was never sent; undefined while the window is full and after the last one. */
  takeNext(): number | undefined {
    const underWay = this.#nextPage - this.#acknowledgedCount;
    if (underWay >= PUBLISH_WINDOW || this.#nextPage >= this.pages) return undefined;
    return this.#nextPage++;
  }

  /** Harmless when repeated, and for a page that was never sent. */
  acknowledge(page: number): void {
    if (page >= this.#nextPage || this.#acknowledged[page] !== 0) return;
    this.#acknowledged[page] = 1;
    this.#acknowledgedCount++;
  }
}
