import { isLoopback } from '../Shared/Address.ts';
import { fullBucket, type Rate, type TokenBucket, takeToken } from '../Shared/TokenBucket.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';

/** Requests of a registered peer. */
export const REQUEST_RATE: Rate = { perSecond: 20, burst: 60 };
/** New searches of a registered peer; further pages of one are requests. */
export const SEARCH_RATE: Rate = { perSecond: 0.8, burst: 16 };
export const PUBLISH_RATE: Rate = { perSecond: 2_000, burst: 2_000 };
/** Datagrams of a host that are not of a registered peer: 64 peers may start behind one address. */
export const STRANGER_RATE: Rate = { perSecond: 100, burst: 400 };
/** Hosts remembered for STRANGER_RATE. Beyond it the one that was quiet longest is forgotten. */
export const STRANGERS_MAX = 16_384;

/** What a request counts as. */
export type Purpose = 'request' | 'search' | 'publish';

/** Who may ask how much. Loopback may ask anything. */
export class RateLimits {
  readonly #strangersMax: number;
  /** The one that was quiet longest is first. */
  readonly #strangers = new Map<string, TokenBucket>();

  constructor(strangersMax = STRANGERS_MAX) {
    this.#strangersMax = strangersMax;
  }

  /** Hosts in memory. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** Whether one more datagram of a host is served that is not of a registered peer. */
  allowsStranger(host: string, nowMs: number): boolean {
    if (isLoopback(host)) return true;
    const bucket = this.#strangers.get(host) ?? fullBucket(nowMs);
    this.#strangers.delete(host);
    this.#strangers.set(host, bucket);
    this.#forgetQuiet(nowMs);
    return takeToken(bucket, STRANGER_RATE, nowMs);
  }

  allowsPeer(peer: RegisteredPeer, purpose: Purpose, nowMs: number): boolean {
    if (peer.isLocal) return true;
    if (purpose === 'publish') {
      peer.pages ??= fullBucket(nowMs);
      return takeToken(peer.pages, PUBLISH_RATE, nowMs);
    }
    peer.requests ??= fullBucket(nowMs);
    if (!takeToken(peer.requests, REQUEST_RATE, nowMs)) return false;
    return purpose === 'request' || mayCauseSearch(peer, nowMs);
  }

  /** Whether a question that is no search may be passed on to other peers. */
  allowsRelay(peer: RegisteredPeer, nowMs: number): boolean {
    return peer.isLocal || mayCauseSearch(peer, nowMs);
  }

  /** Forgets hosts whose bucket has filled again, and the quietest when there are too many. */
  #forgetQuiet(nowMs: number): void {
    const refillMs = (STRANGER_RATE.burst / STRANGER_RATE.perSecond) * 1_000;
    for (const [host, bucket] of this.#strangers) {
      if (this.#strangers.size <= this.#strangersMax && nowMs - bucket.atMs < refillMs) return;
      this.#strangers.delete(host);
    }
  }
}

function mayCauseSearch(peer: RegisteredPeer, nowMs: number): boolean {
  peer.searches ??= fullBucket(nowMs);
  return takeToken(peer.searches, SEARCH_RATE, nowMs);
}
