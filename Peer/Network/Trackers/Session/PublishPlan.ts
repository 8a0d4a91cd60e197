import {
  CATALOG_FILES_MAX,
  DATAGRAM_BYTES_MAX,
  PATH_BYTES_MAX,
  PUBLISH_WINDOW,
} from '../../../../Protocol/Limits.ts';
import { type PublishedEntry, publishedEntryBytes } from '../../../../Protocol/TrackerMessages.ts';

/** Entries per page, of any size. docs/reference/protocol.md, "publish". */
const ENTRIES_PER_PAGE_MAX = 64;
/** Bytes before the entries: request header 16, ids 32 + 8, token 8, version, base, page, pages 4 x 4, count 2. */
const PAGE_OVERHEAD_BYTES = 82;

/**
 * One publication to one tracker: a catalog version, or the difference from an earlier one. Split into pages of one
 * datagram each, at most PUBLISH_WINDOW of them unacknowledged.
 */
export class PublishPlan {
  readonly version: number;
  /** The version that the entries modify; 0: the entries are the whole catalog. */
  readonly base: number;
  readonly #entries: readonly PublishedEntry[];
  /** Index of the first entry of each page, followed by the number of entries. */
  readonly #starts: readonly number[];
  readonly #acknowledged: Uint8Array;
  #acknowledgedCount = 0;
  #nextPage = 0;

  /** Omits entries that no tracker accepts: paths over PATH_BYTES_MAX, files beyond CATALOG_FILES_MAX. */
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
      const entryBytes = publishedEntryBytes(pathBytes, entry);
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

  /** Next unsent page; undefined while the window is full and after the last page. */
  takeNext(): number | undefined {
    const underWay = this.#nextPage - this.#acknowledgedCount;
    if (underWay >= PUBLISH_WINDOW || this.#nextPage >= this.pages) return undefined;
    return this.#nextPage++;
  }

  /** Idempotent. Ignores pages that were never sent. */
  acknowledge(page: number): void {
    if (page >= this.#nextPage || this.#acknowledged[page] !== 0) return;
    this.#acknowledged[page] = 1;
    this.#acknowledgedCount++;
  }
}
