import { PUBLISH_WINDOW } from '../../../Protocol/Limits.ts';
import type { ReplyOf } from '../../../Protocol/TrackerMessages.ts';
import type { CatalogFeed } from '../Ports.ts';
import { PublishPlan } from './PublishPlan.ts';

/** A window of pages at most this often: 1,600 pages a second stay below the tracker's limit of 2,000. */
const PACE_MS = 10;
/** A publication of many pages begins this long after the one before: a catalog that changes all the time is told in large parts. */
const GATHER_MS = 1_000;
const MANY_PAGES = 8;
/** Wait before a publication that the tracker lost is begun again. */
const RETRY_MS = 1_000;
/** Wait after it refused everything: no room, or nothing it understands. */
const REFUSED_PAUSE_MS = 30_000;

/**
 * Decides what one tracker is told of the catalog, and when: a difference where the tracker holds a version to build
 * on, else everything. What changes while a publication runs waits for the next one.
 */
export class Publisher {
  readonly #feed: CatalogFeed;
  /** False on loopback, which trackers do not limit. */
  readonly #paced: boolean;
  /** Publish nothing: this peer is asked by relay. */
  disabled: boolean;
  #plan: PublishPlan | undefined;
  #held = 0;
  /** When an acknowledgement last moved `held`. */
  #heldSinceMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #wholeNext = false;
  /** The tracker took not even the whole catalog: there is a pause before it is tried again. */
  #pausing = false;
  #paceStartMs = Number.NEGATIVE_INFINITY;
  #pacedPages = 0;

  constructor(feed: CatalogFeed, paced: boolean, disabled = false) {
    this.#feed = feed;
    this.#paced = paced;
    this.disabled = disabled;
  }

  /** The version the tracker holds, as far as we know. */
  get held(): number {
    return this.#held;
  }

  get plan(): PublishPlan | undefined {
    return this.#plan;
  }

  /** Nothing is left to say, or the tracker does not take it now. */
  get caughtUp(): boolean {
    return this.#holdsAll() || this.#pausing;
  }

  /** When `take` may give pages that it holds back now; Infinity: not by waiting. */
  get nextMs(): number {
    if (this.#plan !== undefined) {
      const held = this.#paced && this.#pacedPages >= PUBLISH_WINDOW;
      return held ? this.#paceStartMs + PACE_MS : Number.POSITIVE_INFINITY;
    }
    return this.#holdsAll() ? Number.POSITIVE_INFINITY : this.#notBeforeMs;
  }

  /** The pages to send now; begins a publication when one is needed and none runs. */
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

  /** The heartbeat's answer, to a heartbeat first sent at `sentMs`. */
  heartbeatAnswered(heldVersion: number, sentMs: number): void {
    // While pages are under way, and when it was asked before the last acknowledgement, it tells of the past.
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
      if (plan.pages >= MANY_PAGES) this.#notBeforeMs = nowMs + GATHER_MS;
    } else if (plan.base > 0 && reply.heldVersion !== plan.base) {
      // It no longer has what the difference builds on.
      this.#held = reply.heldVersion;
      this.#heldSinceMs = nowMs;
      this.#plan = undefined;
    } else if (plan.done) {
      // It forgot pages it had acknowledged: its next heartbeat answer says what is left.
      this.#plan = undefined;
      this.#notBeforeMs = nowMs + RETRY_MS;
    }
  }

  /** The tracker does not take this publication: a difference is followed by everything, everything by a pause. */
  refused(full: boolean, nowMs: number): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    this.#plan = undefined;
    this.#pausing = full || plan.base === 0;
    this.#wholeNext = !this.#pausing;
    this.#notBeforeMs = this.#pausing ? nowMs + REFUSED_PAUSE_MS : nowMs;
  }

  /** The tracker is another one now, or knows nothing of us any more. */
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
    const changes = this.#held === 0 || this.#wholeNext ? undefined : this.#feed.changesSince(this.#held);
    this.#wholeNext = false;
    if (changes !== undefined) return new PublishPlan(version, this.#held, changes);
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
