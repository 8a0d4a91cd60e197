import { RELAY_MS, RELAY_REPEAT_MS, SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../Protocol/RelayMessages.ts';
import type { ReplyOf } from '../Protocol/TrackerMessages.ts';
import { answers } from '../Protocol/WordMatch.ts';
import { fullBucket, type Rate, type TokenBucket, takeTokens } from '../Shared/TokenBucket.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';

/** Queries to peers caused by all searches together: one search queries many peers. */
const QUERY_RATE: Rate = { perSecond: 20_000, burst: 40_000 };
/** Queries of one question: below a millisecond to choose. */
const QUERIES_MAX = 4_096;
/** Relayed questions at once. Beyond this only the index answers. */
const RELAYS_MAX = 1_024;
/** Transactions remembered to recognize retransmissions. Beyond this the oldest is evicted. */
const REPEATS_MAX = 4_096;
const NOTHING: readonly never[] = [];

/** Takes what a queried peer answers. `peer` undefined: the question has ended without further answers. */
export type TakeAnswer = (
  peer: RegisteredPeer | undefined,
  files: readonly RelayedFile[],
  isLast: boolean,
) => void;

/** A relayed question. It ends when all queried peers have answered, or after RELAY_MS. */
export interface Relayed {
  readonly number: number;
  readonly take: TakeAnswer;
  readonly question: RelayQuestion;
  readonly asked: number;
  readonly untilMs: number;
  readonly waiting: Set<RegisteredPeer>;
  /** Files that may still be forwarded. */
  hitsLeft: number;
}

/** The accepted part of a peer's answer: files to forward, and whether it was the last answer. */
export interface RelayedAnswer {
  readonly relayed: Relayed;
  readonly files: readonly RelayedFile[];
  readonly isLast: boolean;
}

/** Questions relayed to peers whose catalog the index lacks. Remembers transactions for two seconds, answers never. */
export class Relay {
  readonly #open = new Map<number, Relayed>();
  readonly #recent = new Map<string, number>();
  readonly #budget: TokenBucket = fullBucket(0);
  #number: number;

  /** @param first - random start of the numbers, which voids those of an earlier run */
  constructor(first: number) {
    this.#number = first;
  }

  /** End of the oldest question; undefined: none is open. */
  get nextEndMs(): number | undefined {
    // All last equally long: the oldest ends first.
    return this.#open.values().next().value?.untilMs;
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

  /**
   * Opens a question to these peers, to QUERIES_MAX of them. Undefined: no peer to query, or a limit is reached.
   * @param share - takes queries from the share of the sender's host, and returns how many of those wanted it has
   */
  begin(
    take: TakeAnswer,
    question: RelayQuestion,
    peers: Iterable<RegisteredPeer>,
    nowMs: number,
    share: (wanted: number) => number = (wanted) => wanted,
  ): Relayed | undefined {
    if (this.#open.size >= RELAYS_MAX) return undefined;
    const waiting = new Set<RegisteredPeer>();
    const chosen = firstOf(peers, QUERIES_MAX);
    const allowed = takeTokens(this.#budget, QUERY_RATE, nowMs, share(chosen.length));
    for (const peer of chosen.slice(0, allowed)) waiting.add(peer);
    if (waiting.size === 0) return undefined;
    this.#number = (this.#number + 1) >>> 0;
    const relayed: Relayed = {
      take,
      number: this.#number,
      question,
      asked: waiting.size,
      untilMs: nowMs + RELAY_MS,
      waiting,
      hitsLeft: SEARCH_HITS_MAX,
    };
    this.#open.set(relayed.number, relayed);
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
    if (relayed === undefined || nowMs >= relayed.untilMs || !relayed.waiting.delete(peer)) return undefined;
    const room =
      relayed.question.fileId === undefined ? Math.min(relayed.hitsLeft, SEARCH_HITS_PER_PEER_MAX) : 1;
    const fitting = files.filter((file) => answers(relayed.question, file)).slice(0, room);
    relayed.hitsLeft -= fitting.length;
    const isLast = relayed.waiting.size === 0;
    if (isLast) this.#open.delete(number);
    return { relayed, files: fitting, isLast };
  }

  /** Removes and returns the questions past their end. */
  expire(nowMs: number): readonly Relayed[] {
    if (this.#open.size === 0 && this.#recent.size === 0) return NOTHING;
    const ended: Relayed[] = [];
    for (const relayed of this.#open.values()) {
      if (relayed.untilMs > nowMs) break; // The oldest is first.
      this.#open.delete(relayed.number);
      ended.push(relayed);
    }
    this.#forgetRepeats(nowMs);
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
