import { isLoopback } from '../../Shared/Network/Address.ts';
import {
  fullBucket,
  type Rate,
  type TokenBucket,
  takeToken,
  takeTokens,
} from '../../Shared/Time/TokenBucket.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';

/** Requests of one registered peer. */
const REQUEST_RATE: Rate = { perSecond: 20, burst: 60 };
/** New searches of one registered peer. Further pages of a search count as requests. */
const SEARCH_RATE: Rate = { perSecond: 0.8, burst: 16 };
/** Catalog pages and answers to relayed queries of one registered peer. */
const PUBLISH_RATE: Rate = { perSecond: 2_000, burst: 2_000 };

/** Budgets of one host, shared by its peers and unregistered addresses. */
const HOST_RATES = {
  /** Requests of unregistered addresses. Enough for 64 peers that start behind one address. */
  strange: { perSecond: 100, burst: 400 },
  /** New searches of unregistered addresses: a program that asks once and goes. */
  strangeSearches: { perSecond: 1, burst: 8 },
  /** New searches of all: a share of the tracker's time. */
  searches: { perSecond: 8, burst: 64 },
  /** Proofs of keys: 64 peers that start behind one address, twice. A wrong one counts WRONG_PROOF times. */
  proofs: { perSecond: 16, burst: 128 },
  /** Queries to peers caused by relayed questions: a quarter of QUERY_RATE. */
  queries: { perSecond: 5_000, burst: 10_000 },
} satisfies Record<string, Rate>;

/** Proofs of all hosts: a third of the tracker's time at most. 65,536 peers register again within 60 s of a restart. */
const PROOF_RATE: Rate = { perSecond: 1_500, burst: 1_500 };
/** Weight of a wrong proof in the budget of its host. */
const WRONG_PROOF = 8;

type Budget = keyof typeof HOST_RATES;

/** Time in which every budget is full again. */
const REFILL_MS = 8_000;
/** Hosts with budgets. Beyond this the host idle for longest is evicted. */
const HOSTS_MAX = 16_384;

/** The limit that a request counts against. */
export type Purpose = 'request' | 'publish';

/** Budgets of a host, created on first use, and the time of the last use. */
interface HostBudgets extends Partial<Record<Budget, TokenBucket>> {
  usedMs: number;
}

/** Rate limits for registered peers, and for hosts. Loopback is exempt. */
export class RateLimits {
  readonly #hostsMax: number;
  /** In order of the last use, oldest first. */
  readonly #hosts = new Map<string, HostBudgets>();

  #proofs: TokenBucket | undefined;

  constructor(hostsMax = HOSTS_MAX) {
    this.#hostsMax = hostsMax;
  }

  /** Hosts with budgets. */
  get hosts(): number {
    return this.#hosts.size;
  }

  /** Counts one request of an unregistered address; false: over the limit. */
  allowsStranger(host: string, nowMs: number): boolean {
    return this.#take(host, 'strange', nowMs);
  }

  /** Counts one request of a registered peer; false: over the limit. */
  allowsPeer(peer: RegisteredPeer, purpose: Purpose, nowMs: number): boolean {
    if (peer.isLocal) return true;
    if (purpose === 'publish') {
      peer.pages ??= fullBucket(nowMs);
      return takeToken(peer.pages, PUBLISH_RATE, nowMs);
    }
    peer.requests ??= fullBucket(nowMs);
    return takeToken(peer.requests, REQUEST_RATE, nowMs);
  }

  /** Counts a new search; false: over the limit. @param peer - undefined: an unregistered address */
  allowsSearch(host: string, peer: RegisteredPeer | undefined, nowMs: number): boolean {
    if (isLoopback(host)) return true;
    if (peer === undefined) {
      return this.#take(host, 'strangeSearches', nowMs) && this.#take(host, 'searches', nowMs);
    }
    peer.searches ??= fullBucket(nowMs);
    return takeToken(peer.searches, SEARCH_RATE, nowMs) && this.#take(host, 'searches', nowMs);
  }

  /** Counts the verification of a proof; false: over the limit of the host, or of all. */
  allowsProof(host: string, nowMs: number): boolean {
    if (isLoopback(host)) return true;
    this.#proofs ??= fullBucket(nowMs);
    return this.#take(host, 'proofs', nowMs) && takeToken(this.#proofs, PROOF_RATE, nowMs);
  }

  /** Charges the host of a wrong proof, besides `allowsProof`. */
  countWrongProof(host: string, nowMs: number): void {
    if (isLoopback(host)) return;
    takeTokens(this.#bucket(host, 'proofs', nowMs), HOST_RATES.proofs, nowMs, WRONG_PROOF - 1);
  }

  /** Takes queries to peers on account of a question from this host. @returns how many of those wanted it may cause */
  takeQueries(host: string, wanted: number, nowMs: number): number {
    if (isLoopback(host)) return wanted;
    return takeTokens(this.#bucket(host, 'queries', nowMs), HOST_RATES.queries, nowMs, wanted);
  }

  #take(host: string, budget: Budget, nowMs: number): boolean {
    return isLoopback(host) || takeToken(this.#bucket(host, budget, nowMs), HOST_RATES[budget], nowMs);
  }

  #bucket(host: string, budget: Budget, nowMs: number): TokenBucket {
    const budgets = this.#hosts.get(host) ?? { usedMs: nowMs };
    budgets.usedMs = nowMs;
    this.#hosts.delete(host);
    this.#hosts.set(host, budgets);
    this.#evictIdle(nowMs);
    budgets[budget] ??= fullBucket(nowMs);
    return budgets[budget];
  }

  /** Evicts hosts whose budgets are full again, and the host idle for longest when there are too many. */
  #evictIdle(nowMs: number): void {
    for (const [host, { usedMs }] of this.#hosts) {
      if (this.#hosts.size <= this.#hostsMax && nowMs - usedMs < REFILL_MS) return;
      this.#hosts.delete(host);
    }
  }
}
