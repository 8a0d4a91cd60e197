import { RELAY_REPEAT_MS, SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../../Protocol/RelayMessages.ts';
import type { ReplyOf } from '../../Protocol/TrackerMessages.ts';
import { answers } from '../../Protocol/WordMatch.ts';
import { fullBucket, type Rate, type TokenBucket, takeTokens } from '../../Shared/Time/TokenBucket.ts';
import type { RegisteredPeer } from '../Peers/RegisteredPeer.ts';

/** Queries to peers caused by all searches together: one search queries many peers. */
const QUERY_RATE: Rate = { perSecond: 20_000, burst: 40_000 };
/** Queries of one question: below a millisecond to choose. */
const QUERIES_MAX = 4_096;
/** Relayed questions at once. Beyond this only the index answers. */
const RELAYS_MAX = 1_024;
/** Unanswered queries in a row after which a peer is still queried, but delays no answer. A single one may be lost. */
const MISSED_MAX = 2;
/** Transactions remembered to recognize retransmissions. Beyond this the oldest is evicted. */
const REPEATS_MAX = 4_096;
const NOTHING: readonly never[] = [];

/** Takes what a queried peer answers. `peer` undefined: the question has ended without further answers. */
export type TakeAnswer = (
  peer: RegisteredPeer | undefined,
  files: readonly RelayedFile[],
  isLast: boolean,
) => void;

/** A relayed question. It ends when all awaited peers have answered, at `untilMs` at the latest. */
export interface Relayed {
  readonly number: number;
  readonly take: TakeAnswer;
  readonly question: RelayQuestion;
  /** Queried peers whose answers are awaited, at first; 0: `take` is not called. */
  readonly asked: number;
  readonly untilMs: number;
  /** Queried peers that have not answered: awaited ones, and those that missed MISSED_MAX earlier queries. */
  readonly waiting: Set<RegisteredPeer>;
  readonly unresponsive: Set<RegisteredPeer>;
  /** Peers whose query is still to be sent; the last one is the next. */
  readonly unsent: RegisteredPeer[];
  /** Files that may still be forwarded. */
  hitsLeft: number;
}

/** The accepted part of a peer's answer: files to forward, and whether it was the last answer. */
export interface RelayedAnswer {
  readonly relayed: Relayed;
  readonly files: readonly RelayedFile[];
  readonly isLast: boolean;
}

export interface RelayOptions {
  /** Time for the answers, in milliseconds. */
  readonly lastsMs: number;
  /** Takes queries from the share of the sender's host. @returns how many of those wanted it has */
  readonly share: (wanted: number) => number;
}

/** Questions relayed to peers whose catalog the index lacks. Remembers transactions for two seconds, answers never. */
export class Relay {
  readonly #open = new Map<number, Relayed>();
  readonly #recent = new Map<string, number>();
  readonly #budget: TokenBucket = fullBucket(0);
  #number: number;
  /** No open question ends before this time. */
  #nextEndMs = Number.POSITIVE_INFINITY;

  /** @param first - random start of the numbers, which voids those of an earlier run */
  constructor(first: number) {
    this.#number = first;
  }

  /** Time of the next `expire`; undefined: no question is open. */
  get nextEndMs(): number | undefined {
    return this.#open.size === 0 ? undefined : this.#nextEndMs;
  }

  /** Whether a question is a retransmission, which is not relayed again. */
  isRepeated(key: string, nowMs: number): boolean {
    return (this.#recent.get(key) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  /** Marks a question, so that a retransmission is recognized. */
  remember(key: string, nowMs: number): void {
    this.#recent.delete(key);
    this.#recent.set(key, nowMs + RELAY_REPEAT_MS);
    this.#forgetRepeats(nowMs);
  }

  /** Opens a question to these peers, to QUERIES_MAX of them. Undefined: no peer to query, or a limit is reached. */
  begin(
    take: TakeAnswer,
    question: RelayQuestion,
    peers: Iterable<RegisteredPeer>,
    { lastsMs, share }: RelayOptions,
    nowMs: number,
  ): Relayed | undefined {
    if (this.#open.size >= RELAYS_MAX) return undefined;
    const chosen = firstOf(peers, QUERIES_MAX);
    const allowed = takeTokens(this.#budget, QUERY_RATE, nowMs, share(chosen.length));
    if (allowed === 0) return undefined;
    const waiting = new Set<RegisteredPeer>();
    const unresponsive = new Set<RegisteredPeer>();
    for (const peer of chosen.slice(0, allowed)) {
      (peer.missedQueries < MISSED_MAX ? waiting : unresponsive).add(peer);
    }
    this.#number = (this.#number + 1) >>> 0;
    const relayed: Relayed = {
      take,
      number: this.#number,
      question,
      asked: waiting.size,
      untilMs: nowMs + lastsMs,
      waiting,
      unresponsive,
      unsent: [...waiting, ...unresponsive].toReversed(),
      hitsLeft: SEARCH_HITS_MAX,
    };
    this.#open.set(relayed.number, relayed);
    this.#nextEndMs = Math.min(this.#nextEndMs, relayed.untilMs);
    return relayed;
  }

  /** Accepts a peer's answer. Undefined: the peer was not queried, has answered, or is late. */
  answered(
    number: number,
    peer: RegisteredPeer,
    files: readonly RelayedFile[],
    nowMs: number,
  ): RelayedAnswer | undefined {
    const relayed = this.#open.get(number);
    if (relayed === undefined || nowMs >= relayed.untilMs) return undefined;
    const { waiting, unresponsive } = relayed;
    const hadEnded = waiting.size === 0;
    if (!waiting.delete(peer) && !unresponsive.delete(peer)) return undefined;
    peer.missedQueries = 0;
    if (waiting.size + unresponsive.size === 0) this.#open.delete(number);
    if (hadEnded) return undefined;
    const room =
      relayed.question.fileId === undefined ? Math.min(relayed.hitsLeft, SEARCH_HITS_PER_PEER_MAX) : 1;
    const fitting = files.filter((file) => answers(relayed.question, file)).slice(0, room);
    relayed.hitsLeft -= fitting.length;
    return { relayed, files: fitting, isLast: waiting.size === 0 };
  }

  /** Removes the questions past their end. @returns those of them that had not ended before */
  expire(nowMs: number): readonly Relayed[] {
    if (this.#recent.size > 0) this.#forgetRepeats(nowMs);
    if (nowMs < this.#nextEndMs) return NOTHING;
    const ended: Relayed[] = [];
    this.#nextEndMs = Number.POSITIVE_INFINITY;
    for (const relayed of this.#open.values()) {
      const { number, untilMs, waiting, unresponsive, unsent } = relayed;
      if (untilMs > nowMs) {
        this.#nextEndMs = Math.min(this.#nextEndMs, untilMs);
        continue;
      }
      this.#open.delete(number);
      const unqueried = new Set(unsent);
      for (const peer of [...waiting, ...unresponsive]) if (!unqueried.has(peer)) peer.missedQueries++;
      if (waiting.size > 0) ended.push(relayed);
    }
    return ended;
  }

  #forgetRepeats(nowMs: number): void {
    for (const [oldest, untilMs] of this.#recent) {
      if (this.#recent.size <= REPEATS_MAX && untilMs > nowMs) return;
      this.#recent.delete(oldest);
    }
  }
}

/** The message that queries a peer. */
export function queryTo(peer: RegisteredPeer, { number, question }: Relayed): ReplyOf<'query'> {
  return { type: 'query', queryToken: peer.beat.queryToken, relay: number, question };
}

function firstOf<T>(items: Iterable<T>, max: number): T[] {
  const first: T[] = [];
  for (const item of items) if (first.push(item) === max) break;
  return first;
}
