import type { FolderScan } from '../Catalog/CatalogIndex.ts';
import { RecentResults } from './RecentResults.ts';

/** Entries examined at once: below a millisecond. */
const STEP_ENTRIES = 4_096;
/** Searches under way. Beyond this a new one is refused. */
const SEARCHES_MAX = 64;

/** Senders that wait for one search: their answers are built at once. */
const WAITING_MAX = 16;

interface Running {
  readonly path: string;
  readonly scan: FolderScan;
  /** Callbacks for the owners found, by sender: one that asks again replaces its earlier question. */
  readonly waiting: Map<string, Answer>;
}

export type Answer = (owners: ReadonlySet<number>) => void;

/** Searches for the owners of folders, in steps between datagrams. Equal questions share a search. */
export class FolderSearches {
  readonly #begin: (path: string) => FolderScan;
  readonly #running = new Map<string, Running>();
  readonly #results = new RecentResults<ReadonlySet<number>>();

  constructor(begin: (path: string) => FolderScan) {
    this.#begin = begin;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** Whether a question costs no new search. */
  isCheap(path: string, fresh: boolean, nowMs: number): boolean {
    return this.#running.has(path) || (!fresh && this.#results.known(path, nowMs) !== undefined);
  }

  /** Answers now or after some steps; false: too many searches, or senders. @param fresh - ignores the last result */
  ask(path: string, sender: string, fresh: boolean, nowMs: number, answer: Answer): boolean {
    const known = fresh ? undefined : this.#results.known(path, nowMs);
    if (known !== undefined) {
      answer(known);
      return true;
    }
    const running = this.#running.get(path);
    if (running !== undefined) {
      if (running.waiting.size >= WAITING_MAX && !running.waiting.has(sender)) return false;
      running.waiting.set(sender, answer);
      return true;
    }
    if (this.#running.size >= SEARCHES_MAX) return false;
    const begun: Running = { path, scan: this.#begin(path), waiting: new Map([[sender, answer]]) };
    if (begun.scan.step(STEP_ENTRIES)) this.#finish(begun, nowMs);
    else this.#running.set(path, begun);
    return true;
  }

  /** Makes one step of the oldest search, which becomes the newest. */
  step(nowMs: number): void {
    const next = this.#running.values().next().value;
    if (next === undefined) return;
    this.#running.delete(next.path);
    if (next.scan.step(STEP_ENTRIES)) this.#finish(next, nowMs);
    else this.#running.set(next.path, next);
  }

  #finish({ path, scan, waiting }: Running, nowMs: number): void {
    this.#results.keep(path, scan.owners, nowMs);
    for (const answer of waiting.values()) answer(scan.owners);
  }
}
