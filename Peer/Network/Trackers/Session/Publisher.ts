import { PUBLISH_WINDOW } from '../../../../Protocol/Limits.ts';
import type { ReplyOf } from '../../../../Protocol/TrackerMessages.ts';
import type { CatalogFeed } from '../../Ports.ts';
import { PublishPlan } from './PublishPlan.ts';

/** Interval between windows of pages: 1,600 pages a second stay below the tracker's limit of 2,000. */
const PACE_MS = 10;
/**
 * Pause after a publication of MANY_PAGES or more, so that a catalog under constant change is published in batches.
 */
const GATHER_MS = 1_000;
const MANY_PAGES = 8;
/**
 * Changes of one publication. More follow in the next ones: the tracker can be searched for the first files of a large
 * folder early, and the entries of all its files are never in memory at once.
 */
const CHANGES_MAX = 4_096;
/** Delay before restarting a publication that the tracker lost. */
const RETRY_MS = 1_000;
/** Pause after the tracker refused the whole catalog: it is full, or does not support the request. */
const REFUSED_PAUSE_MS = 30_000;

/**
 * Decides which pages of the catalog go to one tracker, and when: a difference if the tracker holds a version to
 * build on, else the whole catalog. Changes during a publication go into the next one.
 */
export class Publisher {
  readonly #feed: CatalogFeed;
  /** False on loopback, which trackers exempt from rate limits. */
  readonly #paced: boolean;
  /** True: publish nothing, because the tracker relays queries to this peer. */
  disabled: boolean;
  #plan: PublishPlan | undefined;
  #held = 0;
  /** Time of the last acknowledgement that advanced `held`. */
  #heldSinceMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #wholeNext = false;
  /** The publication had to leave changes to the next one. */
  #isCut = false;
  /** The tracker refused the whole catalog; the next attempt follows after a pause. */
  #pausing = false;
  #paceStartMs = Number.NEGATIVE_INFINITY;
  #pacedPages = 0;

  constructor(feed: CatalogFeed, paced: boolean, disabled = false) {
    this.#feed = feed;
    this.#paced = paced;
    this.disabled = disabled;
  }

  /** The catalog version last confirmed by the tracker. */
  get held(): number {
    return this.#held;
  }

  get plan(): PublishPlan | undefined {
    return this.#plan;
  }

  /** Nothing is left to publish, or the tracker refuses it for now. */
  get caughtUp(): boolean {
    return this.#holdsAll() || this.#pausing;
  }

  /** Time from which `take` may return further pages; Infinity: time alone changes nothing. */
  get nextMs(): number {
    if (this.#plan !== undefined) {
      const held = this.#paced && this.#pacedPages >= PUBLISH_WINDOW;
      return held ? this.#paceStartMs + PACE_MS : Number.POSITIVE_INFINITY;
    }
    return this.#holdsAll() ? Number.POSITIVE_INFINITY : this.#notBeforeMs;
  }

  /** Returns the pages to send now; starts a publication when one is needed and none runs. */
  take(nowMs: number): { readonly plan: PublishPlan; readonly page: number }[] {
    this.#plan ??= this.#nextPlan(nowMs);
    const plan = this.#plan;
    const pages: { plan: PublishPlan; page: number }[] = [];
    while (plan !== undefined && this.#mayPace(nowMs)) {
      const page = plan.takeNext();
      if (page === undefined) break;
      pages.push({ plan, page });
      this.#pacedPages++;
    }
    return pages;
  }

  /** Takes the version reported in an answer to a heartbeat first sent at `sentMs`. */
  heartbeatAnswered(heldVersion: number, sentMs: number): void {
    // The report is outdated while pages are in flight, and if the heartbeat preceded the last acknowledgement.
    if (this.#plan === undefined && sentMs >= this.#heldSinceMs) this.#held = heldVersion;
  }

  acknowledged(reply: ReplyOf<'published'>, nowMs: number): void {
    const plan = this.#plan;
    if (plan === undefined || reply.version !== plan.version) return;
    plan.acknowledge(reply.page);
    if (reply.heldVersion === plan.version) {
      this.#held = plan.version;
      this.#heldSinceMs = nowMs;
      this.#plan = undefined;
      if (plan.pages >= MANY_PAGES && !this.#isCut) this.#notBeforeMs = nowMs + GATHER_MS;
    } else if (plan.base > 0 && reply.heldVersion !== plan.base) {
      // The tracker lost the base version of the difference.
      this.#held = reply.heldVersion;
      this.#heldSinceMs = nowMs;
      this.#plan = undefined;
    } else if (plan.done) {
      // The tracker lost pages that it had acknowledged; its next heartbeat answer reports the version it holds.
      this.#plan = undefined;
      this.#notBeforeMs = nowMs + RETRY_MS;
    }
  }

  /**
   * Handles a refusal: a refused difference is followed by the whole catalog, a refused whole catalog by a pause.
   */
  refused(full: boolean, nowMs: number): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    this.#plan = undefined;
    this.#pausing = full || plan.base === 0;
    this.#wholeNext = !this.#pausing;
    this.#notBeforeMs = this.#pausing ? nowMs + REFUSED_PAUSE_MS : nowMs;
  }

  /** Restarts after the tracker changed its instance or dropped this peer's registration. */
  reset(heldVersion: number): void {
    this.#plan = undefined;
    this.#held = heldVersion;
    this.#heldSinceMs = Number.NEGATIVE_INFINITY;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    this.#pausing = false;
  }

  #nextPlan(nowMs: number): PublishPlan | undefined {
    if (this.#holdsAll() || nowMs < this.#notBeforeMs) return undefined;
    this.#pausing = false;
    const { version } = this.#feed;
    const until = Math.min(version, this.#held + CHANGES_MAX);
    const isWhole = this.#held === 0 || this.#wholeNext;
    const changes = isWhole ? undefined : this.#feed.changesSince(this.#held, until);
    this.#wholeNext = false;
    this.#isCut = changes !== undefined && until < version;
    if (changes !== undefined) return new PublishPlan(until, this.#held, changes);
    return new PublishPlan(version, 0, this.#feed.entries());
  }

  #holdsAll(): boolean {
    return this.disabled || this.#held === this.#feed.version;
  }

  #mayPace(nowMs: number): boolean {
    if (nowMs >= this.#paceStartMs + PACE_MS) {
      this.#paceStartMs = nowMs;
      this.#pacedPages = 0;
    }
    return !this.#paced || this.#pacedPages < PUBLISH_WINDOW;
  }
}
