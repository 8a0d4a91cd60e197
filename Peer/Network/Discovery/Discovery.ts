import { TRACKER_PORT, TRACKER_PORT_LAST } from '../../../Protocol/Limits.ts';
import { type Address, formatAddress, isDialable, isLoopback } from '../../../Shared/Address.ts';
import type { Random } from '../../../Shared/Clock.ts';
import { DiscoveryReport, type DiscoverySource } from './DiscoveryReport.ts';

/** Everybody is asked at these moments, then every ROUND_MS. docs/reference/protocol.md, "Discovery". */
const ROUNDS_MS = [0, 500, 2_000, 4_000];
const ROUND_MS = 30_000;
/** The early rounds take this long. */
const ROUNDS_LAST_MS = 4_000;
/** No tracker for this long, and a random part of the spread: this peer starts one. */
const EMBED_MS = 2_500;
const EMBED_SPREAD_MS = 2_000;
/** A last look this long before: an answer needs some milliseconds, and another peer may just have been quicker. */
const LAST_LOOK_MS = 60;
/** An answer may be that of a BitTorrent tracker: a heartbeat has this long to show it before we start our own. */
const CANDIDATE_MS = 1_500;
/** Answers of one round are gathered, so that one tracker at two addresses is seen as one. */
const GATHER_MS = 60;
/** A taken port may be that of a tracker just started, or just closing. */
const PORT_TAKEN_MS = 250;
const CANDIDATES_MAX = 32;
const REMEMBERED_MAX = 16;

export type DiscoveryAction =
  /** Send `connect` to each of them. */
  | { readonly kind: 'probe'; readonly source: DiscoverySource; readonly targets: readonly Address[] }
  /** Send `connect` to UDP 6881-6889 of every network. */
  | { readonly kind: 'broadcast' }
  /** A tracker may be there: begin a session. */
  | { readonly kind: 'open'; readonly address: Address; readonly source: DiscoverySource }
  /** Start a tracker inside this peer. */
  | { readonly kind: 'embed'; readonly port: number };

export interface DiscoveryOptions {
  readonly random: Random;
  /** Whether an IP is one of this computer's. */
  readonly isOurs: (host: string) => boolean;
}

/**
 * The ladder that finds a tracker where none was configured: whom to ask and when, whom to believe so far, and when to
 * start a tracker of our own. Takes events and the time, gives actions.
 */
export class Discovery {
  readonly report = new DiscoveryReport();
  readonly #options: DiscoveryOptions;
  #actions: DiscoveryAction[] = [];
  #remembered: readonly Address[] = [];
  #successors: readonly Address[] = [];
  #candidates = new Map<string, { address: Address; source: DiscoverySource }>();
  #gatherMs = Number.POSITIVE_INFINITY;
  #openedMs = Number.NEGATIVE_INFINITY;
  /** Moments of the next rounds, soonest first. */
  #rounds: number[] = [];
  #roundsBeganMs = Number.NEGATIVE_INFINITY;
  #embedMs = Number.POSITIVE_INFINITY;
  #lastLookMs = Number.POSITIVE_INFINITY;
  #embedding = false;
  #port = TRACKER_PORT;
  #portTries = 0;
  /** Where our own tracker listens. */
  #ownPort: number | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** When `tick` wants to be called next. */
  get nextMs(): number {
    return Math.min(
      this.#rounds[0] ?? Number.POSITIVE_INFINITY,
      this.#gatherMs,
      this.#embedMs,
      this.#lastLookMs,
    );
  }

  /** A tracker of our own is to run by then, unless another one is found. */
  startsOwnBy(atMs: number): boolean {
    return this.#embedding || this.#embedMs <= atMs;
  }

  takeActions(): DiscoveryAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  start(remembered: readonly Address[], nowMs: number): void {
    this.#remembered = remembered.filter(isDialable).slice(0, REMEMBERED_MAX);
    this.#embedBy(nowMs + this.#patience(), nowMs);
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** Somebody answered our `connect`. */
  answered(source: DiscoverySource, address: Address, nowMs: number): void {
    if (address.port === this.#ownPort && this.#options.isOurs(address.host)) return;
    this.report.answered(source, formatAddress(address));
    if (this.#candidates.size >= CANDIDATES_MAX) return;
    this.#candidates.set(formatAddress(address), { address, source });
    this.#gatherMs = Math.min(this.#gatherMs, nowMs + GATHER_MS);
  }

  /** DNS-SD names a place: asked like all others. */
  announced(address: Address): void {
    if (isDialable(address)) this.#probe('dns-sd', [address]);
  }

  /** A linked peer names a tracker. */
  named(address: Address): void {
    if (isDialable(address)) this.#probe('peer', [address]);
  }

  /** A tracker answered a heartbeat: none of our own is needed. */
  connected(): void {
    this.#embedBy(Number.POSITIVE_INFINITY, 0);
    this.#portTries = 0;
    this.#port = TRACKER_PORT;
  }

  /** The last tracker became slow: look around before it is too late. */
  suspected(nowMs: number): void {
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** No tracker is left; the last one has been silent since `sinceMs`. */
  allLost(sinceMs: number, nowMs: number): void {
    const spreadMs = this.#options.random() * EMBED_SPREAD_MS;
    if (!this.#embedding) this.#embedBy(Math.max(nowMs, sinceMs + EMBED_MS) + spreadMs, nowMs);
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** A tracker closes and names who comes after it: `named` when it is us. */
  moved(successor: Address, named: boolean, nowMs: number): void {
    if (named) {
      if (!this.#embedding) this.#embedBy(nowMs, nowMs);
    } else {
      // A tracker, or the peer that starts one: on which of the ports is not known yet.
      this.#successors = [successor, ...trackerPorts(successor.host)].filter(isDialable);
      this.#embedBy(Math.min(this.#embedMs, nowMs + this.#patience()), nowMs);
      this.#roundsBeganMs = Number.NEGATIVE_INFINITY;
      this.#beginRounds(nowMs);
    }
    this.tick(nowMs);
  }

  /** Our own tracker runs: look for others at once, two peers may have had the same idea. */
  embedded(port: number, nowMs: number): void {
    this.#ownPort = port;
    this.#embedding = false;
    this.connected();
    this.#roundsBeganMs = Number.NEGATIVE_INFINITY;
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** Our own tracker is closed. */
  retired(): void {
    this.#ownPort = undefined;
  }

  /** @param portTaken - false: something that another port does not mend */
  embedFailed(portTaken: boolean, nowMs: number): void {
    this.#embedding = false;
    this.#portTries++;
    // Each port twice: who closes there, or has just started there, needs a moment to show it.
    if (this.#portTries % 2 === 0) this.#port++;
    const again = portTaken && this.#port <= TRACKER_PORT_LAST;
    if (!again) this.connected();
    this.#embedBy(nowMs + (again ? PORT_TAKEN_MS : ROUND_MS), nowMs);
    this.#probe('this host', trackerPorts('127.0.0.1'));
  }

  tick(nowMs: number): void {
    const round = this.#rounds[0];
    if (round !== undefined && nowMs >= round) {
      this.#rounds.shift();
      if (this.#rounds.length === 0) this.#rounds = [nowMs + ROUND_MS];
      this.#askEverybody();
    }
    if (nowMs >= this.#lastLookMs) {
      this.#lastLookMs = Number.POSITIVE_INFINITY;
      this.#askEverybody();
    }
    if (nowMs >= this.#gatherMs) this.#openCandidates(nowMs);
    if (nowMs >= this.#embedMs) this.#embed(nowMs);
  }

  #embed(nowMs: number): void {
    const candidateMs = (this.#candidates.size > 0 ? nowMs : this.#openedMs) + CANDIDATE_MS;
    if (nowMs < candidateMs) {
      this.#embedMs = candidateMs;
      return;
    }
    this.#embedMs = Number.POSITIVE_INFINITY;
    this.#embedding = true;
    this.#actions.push({ kind: 'embed', port: this.#port });
  }

  #embedBy(atMs: number, nowMs: number): void {
    this.#embedMs = atMs;
    const look = Number.isFinite(atMs) && atMs - LAST_LOOK_MS > nowMs;
    this.#lastLookMs = look ? atMs - LAST_LOOK_MS : Number.POSITIVE_INFINITY;
  }

  #patience(): number {
    return EMBED_MS + this.#options.random() * EMBED_SPREAD_MS;
  }

  /** Unless the early rounds are running anyway. */
  #beginRounds(nowMs: number): void {
    if (nowMs < this.#roundsBeganMs + ROUNDS_LAST_MS) return;
    this.#roundsBeganMs = nowMs;
    this.#rounds = ROUNDS_MS.map((ms) => nowMs + ms);
  }

  #askEverybody(): void {
    if (this.#remembered.length > 0) this.#probe('remembered', this.#remembered);
    if (this.#successors.length > 0) this.#probe('successor', this.#successors);
    this.#probe('this host', trackerPorts('127.0.0.1'));
    this.#actions.push({ kind: 'broadcast' });
  }

  #probe(source: DiscoverySource, targets: readonly Address[]): void {
    const names = source === 'this host' ? ['127.0.0.1'] : targets.map(formatAddress);
    this.report.asked(source, names);
    this.#actions.push({ kind: 'probe', source, targets });
  }

  /** Of what answered on this computer at one port, the address that others can use too is kept. */
  #openCandidates(nowMs: number): void {
    const { isOurs } = this.#options;
    const candidates = [...this.#candidates.values()];
    this.#candidates = new Map();
    this.#gatherMs = Number.POSITIVE_INFINITY;
    for (const { address, source } of candidates) {
      const better = ({ address: other }: { address: Address }) =>
        isOurs(other.host) && !isLoopback(other.host) && other.port === address.port;
      if (isLoopback(address.host) && candidates.some(better)) continue;
      this.#openedMs = nowMs;
      this.#actions.push({ kind: 'open', address, source });
    }
  }
}

/** The UDP ports where trackers are looked for. */
export function trackerPorts(host: string): Address[] {
  return Array.from({ length: TRACKER_PORT_LAST - TRACKER_PORT + 1 }, (_, index) => ({
    host,
    port: TRACKER_PORT + index,
  }));
}
