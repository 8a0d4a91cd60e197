import type { PeerId } from '../../../Protocol/Ids.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import { type Clock, every, type Random } from '../../../Shared/Time/Clock.ts';
import type { KnownContact, PeerContact } from '../../Model.ts';
import type { PeerLinks } from '../Links/PeerLinks.ts';
import { PeerBook } from './PeerBook.ts';

/** Known peers are dialled after this long without a tracker. */
const NO_TRACKER_MS = 1_500;
const UPKEEP_MS = 2_000;
/** Target number of links without a tracker. */
const LINKS_WANTED = 8;
/**
 * Sample size requested from a tracker; interval while the tracker knows more peers than this one; regular
 * interval.
 */
const SAMPLE_PEERS = 40;
const SAMPLE_AGAIN_MS = 10_000;
const SAMPLE_MS = 300_000;
/** Number of peers saved for the next run, and the interval of saving. */
const REMEMBERED_PEERS = 50;
const REMEMBER_MS = 20_000;

export interface KnownPeersOptions {
  readonly self: PeerId;
  readonly links: Pick<PeerLinks, 'links' | 'connect'>;
  readonly trackers: {
    readonly connected: boolean;
    readonly queries: {
      readonly registered: number;
      sample(max: number, random: Random, signal: AbortSignal): Promise<readonly KnownContact[]>;
    };
    remember(peers: readonly KnownContact[]): Promise<void>;
  };
  readonly clock: Clock;
  readonly random: Random;
}

/** Maintains known peers: samples them from trackers, and links to some when no tracker is connected. */
export class KnownPeers {
  readonly book: PeerBook;
  readonly #options: KnownPeersOptions;
  readonly #stopping = new AbortController();
  /** Peers being dialled. */
  readonly #dialling = new Set<PeerContact>();
  #stopUpkeep: () => void = () => {};
  #noTrackerSinceMs: number | undefined;
  #sampleMs: number;
  #rememberMs = Number.NEGATIVE_INFINITY;
  #remembered = '';

  constructor(options: KnownPeersOptions) {
    this.#options = options;
    this.book = new PeerBook(options.self);
    this.#sampleMs = options.clock.nowMs();
  }

  /** @param remembered - peers of an earlier run, dialled when no tracker answers soon */
  start(remembered: readonly { readonly peerId: PeerId; readonly address: Address }[]): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const peer of remembered.toReversed()) this.book.add({ ...peer, name: '' }, 'remembered', nowMs);
    const cancelFirst = clock.after(NO_TRACKER_MS, () => this.#upkeep());
    const stop = every(clock, UPKEEP_MS, () => this.#upkeep());
    this.#stopUpkeep = () => {
      cancelFirst();
      stop();
    };
    this.#noTrackerSinceMs = nowMs;
  }

  /** Whether no tracker has been connected for NO_TRACKER_MS, so that known peers replace it. */
  get withoutTracker(): boolean {
    return (
      this.#noTrackerSinceMs !== undefined &&
      this.#options.clock.nowMs() >= this.#noTrackerSinceMs + NO_TRACKER_MS
    );
  }

  /** Saves the known peers; safe to call twice. */
  async close(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopUpkeep();
    this.#stopping.abort();
    await this.#remember();
  }

  /** Handles a change of the connected trackers. */
  trackersChanged(): void {
    const { trackers } = this.#options;
    // A lost tracker has already been silent for seconds.
    if (!trackers.connected) this.#noTrackerSinceMs ??= Number.NEGATIVE_INFINITY;
    this.#upkeep();
  }

  /** Restarts sampling and retries after a change of address or a sleep. */
  restart(): void {
    this.book.resetFailures();
    this.#sampleMs = Number.NEGATIVE_INFINITY;
    this.#upkeep();
  }

  #upkeep(): void {
    const { trackers, clock } = this.#options;
    if (this.#stopping.signal.aborted) return;
    const nowMs = clock.nowMs();
    if (nowMs >= this.#rememberMs + REMEMBER_MS) void this.#remember();
    if (trackers.connected) {
      this.#noTrackerSinceMs = undefined;
      this.#sample(nowMs);
      return;
    }
    this.#noTrackerSinceMs ??= nowMs;
    if (this.withoutTracker) this.#dial(nowMs);
  }

  /** Samples peers from the trackers, for the time when no tracker answers. */
  #sample(nowMs: number): void {
    const { trackers, clock, random } = this.#options;
    const few = this.book.vouched < Math.min(trackers.queries.registered - 1, SAMPLE_PEERS);
    if (nowMs < this.#sampleMs + (few ? SAMPLE_AGAIN_MS * random() : SAMPLE_MS)) return;
    this.#sampleMs = nowMs + SAMPLE_AGAIN_MS / 2;
    trackers.queries.sample(SAMPLE_PEERS, random, this.#stopping.signal).then(
      (peers) => {
        for (const peer of peers) this.book.add(peer, 'tracker', clock.nowMs());
      },
      () => {}, // Retried at the next upkeep.
    );
  }

  #dial(nowMs: number): void {
    const { links, clock } = this.#options;
    const linked = new Set(links.links().map(({ peer }) => peer.peerId));
    for (const { peerId } of this.#dialling) if (peerId !== undefined) linked.add(peerId);
    const room = LINKS_WANTED - links.links().length - this.#dialling.size;
    for (const contact of this.book.candidates(room, linked, nowMs)) {
      this.#dialling.add(contact);
      links
        .connect(contact, this.#stopping.signal)
        .catch(() => this.book.failed(contact, clock.nowMs()))
        .finally(() => this.#dialling.delete(contact));
    }
  }

  /** Saves only changes. */
  async #remember(): Promise<void> {
    this.#rememberMs = this.#options.clock.nowMs();
    const peers = this.book.worthRemembering(REMEMBERED_PEERS);
    const text = JSON.stringify(peers.map(({ peerId, address }) => [peerId, address]).toSorted());
    if (text === this.#remembered || peers.length === 0) return;
    this.#remembered = text;
    await this.#options.trackers.remember(peers);
  }
}
