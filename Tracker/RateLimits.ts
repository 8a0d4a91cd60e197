import { isLoopback } from '../Shared/Address.ts';
import { fullBucket, type Rate, type TokenBucket, takeToken } from '../Shared/TokenBucket.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';

/** Requests of one registered peer. */
const REQUEST_RATE: Rate = { perSecond: 20, burst: 60 };
/** New searches of one registered peer. Further pages of a search count as requests. */
const SEARCH_RATE: Rate = { perSecond: 0.8, burst: 16 };
/** Catalog pages and answers to relayed queries of one registered peer. */
const PUBLISH_RATE: Rate = { perSecond: 2_000, burst: 2_000 };
/** Datagrams from unregistered addresses of one host. Enough for 64 peers that start behind one address. */
export const STRANGER_RATE: Rate = { perSecond: 100, burst: 400 };
/** Hosts with a bucket for STRANGER_RATE. Beyond this the host idle for longest is evicted. */
const STRANGERS_MAX = 16_384;

/** The limit that a request counts against. */
export type Purpose = 'request' | 'search' | 'publish';

/** Rate limits for registered peers and for strangers. Loopback is exempt. */
export class RateLimits {
  readonly #strangersMax: number;
  /** In order of the last datagram, oldest first. */
  readonly #strangers = new Map<string, TokenBucket>();

  constructor(strangersMax = STRANGERS_MAX) {
    this.#strangersMax = strangersMax;
  }

  /** Hosts with a bucket. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** Counts one datagram from an unregistered address; false: over the limit. */
  allowsStranger(host: string, nowMs: number): boolean {
    if (isLoopback(host)) return true;
    const bucket = this.#strangers.get(host) ?? fullBucket(nowMs);
    this.#strangers.delete(host);
    this.#strangers.set(host, bucket);
    this.#evictIdle(nowMs);
    return takeToken(bucket, STRANGER_RATE, nowMs);
  }

  /** Counts one request of a registered peer; false: over the limit. */
  allowsPeer(peer: RegisteredPeer, purpose: Purpose, nowMs: number): boolean {
    if (peer.isLocal) return true;
    if (purpose === 'publish') {
      peer.pages ??= fullBucket(nowMs);
      return takeToken(peer.pages, PUBLISH_RATE, nowMs);
    }
    peer.requests ??= fullBucket(nowMs);
    if (!takeToken(peer.requests, REQUEST_RATE, nowMs)) return false;
    return purpose === 'request' || takeSearch(peer, nowMs);
  }

  /** Counts a relayed question other than a search as a search; false: over the limit. */
  allowsRelay(peer: RegisteredPeer, nowMs: number): boolean {
    return peer.isLocal || takeSearch(peer, nowMs);
  }

  /** Evicts hosts whose bucket is full again, and the host idle for longest when there are too many. */
  #evictIdle(nowMs: number): void {
    const refillMs = (STRANGER_RATE.burst / STRANGER_RATE.perSecond) * 1_000;
    for (const [host, bucket] of this.#strangers) {
      if (this.#strangers.size <= this.#strangersMax && nowMs - bucket.atMs < refillMs) return;
      this.#strangers.delete(host);
    }
  }
}

function takeSearch(peer: RegisteredPeer, nowMs: number): boolean {
  peer.searches ??= fullBucket(nowMs);
  return takeToken(peer.searches, SEARCH_RATE, nowMs);
}
