import { TRACKER_PORT, TRACKER_PORT_LAST } from '../../../Protocol/Limits.ts';
import { type Address, formatAddress, isDialable, isLoopback } from '../../../Shared/Network/Address.ts';
import type { Random } from '../../../Shared/Time/Clock.ts';
import { DiscoveryReport, type DiscoverySource } from './DiscoveryReport.ts';

/**
 * Times of the first probing rounds after start or loss; later rounds follow every ROUND_MS.
 * docs/reference/protocol.md, "Discovery".
 */
const ROUNDS_MS = [0, 500, 2_000, 4_000];
const ROUND_MS = 30_000;
/** Duration of the first rounds. */
const ROUNDS_LAST_MS = 4_000;
/** This peer starts its own tracker after EMBED_MS plus a random part of EMBED_SPREAD_MS without one. */
const EMBED_MS = 2_500;
const EMBED_SPREAD_MS = 2_000;
/**
 * Extra round this long before embedding: another peer may just have started a tracker, and an answer takes some
 * milliseconds.
 */
const LAST_ROUND_MS = 60;
/**
 * Time for a candidate to answer a heartbeat before this peer embeds a tracker: the candidate may be a BitTorrent
 * tracker.
 */
const CANDIDATE_MS = 1_500;
/** Collection time for the answers of a round, so that one tracker at two addresses is recognized. */
const GATHER_MS = 60;
/** Retry delay when the tracker port is in use: its owner may be just starting or just closing. */
const PORT_TAKEN_MS = 250;
const CANDIDATES_MAX = 32;
const REMEMBERED_MAX = 16;

export type DiscoveryAction =
  /** Send `connect` to each target. */
  | { readonly kind: 'probe'; readonly source: DiscoverySource; readonly targets: readonly Address[] }
  /** Broadcast `connect` to UDP 6881-6889 of every attached network. */
  | { readonly kind: 'broadcast' }
  /** Open a session with a possible tracker. */
  | { readonly kind: 'open'; readonly address: Address; readonly source: DiscoverySource }
  /** Start an embedded tracker. */
  | { readonly kind: 'embed'; readonly port: number };

export interface DiscoveryOptions {
  readonly random: Random;
  /** Whether an IP belongs to this host. */
  readonly isOurs: (host: string) => boolean;
}

/**
 * Decides how to find a tracker when none is configured: which addresses to probe and when, which answers become
 * sessions, and when to embed a tracker. Takes events and the time, produces actions.
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
  /** Times of the next rounds, ascending. */
  #rounds: number[] = [];
  #roundsBeganMs = Number.NEGATIVE_INFINITY;
  #embedMs = Number.POSITIVE_INFINITY;
  #lastRoundMs = Number.POSITIVE_INFINITY;
  #embedding = false;
  #port = TRACKER_PORT;
  #portTries = 0;
  /** UDP port of the embedded tracker. */
  #ownPort: number | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Time of the next `tick`. */
  get nextMs(): number {
    return Math.min(
      this.#rounds[0] ?? Number.POSITIVE_INFINITY,
      this.#gatherMs,
      this.#embedMs,
      this.#lastRoundMs,
    );
  }

  /** Whether an embedded tracker is due by that time, unless another tracker is found. */
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
    this.#embedBy(nowMs + this.#embedDelayMs(), nowMs);
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** Handles an answer to `connect`. */
  answered(source: DiscoverySource, address: Address, nowMs: number): void {
    if (address.port === this.#ownPort && this.#options.isOurs(address.host)) return;
    this.report.answered(source, formatAddress(address));
    if (this.#candidates.size >= CANDIDATES_MAX) return;
    this.#candidates.set(formatAddress(address), { address, source });
    this.#gatherMs = Math.min(this.#gatherMs, nowMs + GATHER_MS);
  }

  /** Probes an address announced by DNS-SD. */
  announced(address: Address): void {
    if (isDialable(address)) this.#probe('dns-sd', [address]);
  }

  /** Probes a tracker named by a linked peer. */
  named(address: Address): void {
    if (isDialable(address)) this.#probe('peer', [address]);
  }

  /** Cancels embedding: a tracker answered a heartbeat. */
  connected(): void {
    this.#embedBy(Number.POSITIVE_INFINITY, 0);
    this.#portTries = 0;
    this.#port = TRACKER_PORT;
  }

  /** Starts probing early, because the last tracker became slow. */
  suspected(nowMs: number): void {
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** Schedules embedding after the loss of the last tracker, silent since `sinceMs`. */
  allLost(sinceMs: number, nowMs: number): void {
    const spreadMs = this.#options.random() * EMBED_SPREAD_MS;
    if (!this.#embedding) this.#embedBy(Math.max(nowMs, sinceMs + EMBED_MS) + spreadMs, nowMs);
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** Handles a closing tracker. @param named - whether the successor is this peer */
  moved(successor: Address, named: boolean, nowMs: number): void {
    if (named) {
      if (!this.#embedding) this.#embedBy(nowMs, nowMs);
    } else {
      // The successor is a tracker, or a peer that starts one on a port not known yet.
      this.#successors = [successor, ...trackerPorts(successor.host)].filter(isDialable);
      this.#embedBy(Math.min(this.#embedMs, nowMs + this.#embedDelayMs()), nowMs);
      this.#roundsBeganMs = Number.NEGATIVE_INFINITY;
      this.#beginRounds(nowMs);
    }
    this.tick(nowMs);
  }

  /** Starts probing at once: another peer may have embedded a tracker at the same time. */
  embedded(port: number, nowMs: number): void {
    this.#ownPort = port;
    this.#embedding = false;
    this.connected();
    this.#roundsBeganMs = Number.NEGATIVE_INFINITY;
    this.#beginRounds(nowMs);
    this.tick(nowMs);
  }

  /** Records that the embedded tracker has closed. */
  retired(): void {
    this.#ownPort = undefined;
  }

  /** Schedules another attempt. @param portTaken - false: a failure that another port does not solve */
  embedFailed(portTaken: boolean, nowMs: number): void {
    this.#embedding = false;
    this.#portTries++;
    // Two attempts per port: a tracker that is closing or starting there needs a moment.
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
      this.#probeAll();
    }
    if (nowMs >= this.#lastRoundMs) {
      this.#lastRoundMs = Number.POSITIVE_INFINITY;
      this.#probeAll();
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
    const early = Number.isFinite(atMs) && atMs - LAST_ROUND_MS > nowMs;
    this.#lastRoundMs = early ? atMs - LAST_ROUND_MS : Number.POSITIVE_INFINITY;
  }

  #embedDelayMs(): number {
    return EMBED_MS + this.#options.random() * EMBED_SPREAD_MS;
  }

  /** Starts the first rounds unless they are running. */
  #beginRounds(nowMs: number): void {
    if (nowMs < this.#roundsBeganMs + ROUNDS_LAST_MS) return;
    this.#roundsBeganMs = nowMs;
    this.#rounds = ROUNDS_MS.map((ms) => nowMs + ms);
  }

  #probeAll(): void {
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

  /**
   * Opens sessions with the candidates. Of several addresses of this host with one port, it keeps the one reachable
   * from other hosts.
   */
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

/** Addresses of all well-known tracker ports at a host. */
export function trackerPorts(host: string): Address[] {
  return Array.from({ length: TRACKER_PORT_LAST - TRACKER_PORT + 1 }, (_, index) => ({
    host,
    port: TRACKER_PORT + index,
  }));
}
