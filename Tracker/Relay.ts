import { RELAY_MS, RELAY_REPEAT_MS, SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../Protocol/RelayMessages.ts';
import type { ReplyOf } from '../Protocol/TrackerMessages.ts';
import { answers } from '../Protocol/WordMatch.ts';
import { type Address, formatAddress } from '../Shared/Address.ts';
import { fullBucket, type Rate, type TokenBucket, takeToken } from '../Shared/TokenBucket.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';

/** Queries that all searches together may cause: one search asks every peer. */
export const QUERY_RATE: Rate = { perSecond: 20_000, burst: 40_000 };
/** Questions under way at once; beyond it the index answers alone. */
export const RELAYS_MAX = 1_024;
const REPEATS_MAX = 4_096;
const NOTHING: readonly never[] = [];

/** A question that peers are being asked. Gone when all have answered, or after RELAY_MS. */
export interface Relayed {
  readonly number: number;
  readonly asker: Address;
  readonly transactionId: number;
  readonly question: RelayQuestion;
  readonly asked: number;
  readonly untilMs: number;
  readonly waiting: Set<RegisteredPeer>;
  /** Files that may still be passed on. */
  hitsLeft: number;
}

/** What a peer's answer comes to: files to pass on to the asker, and whether it was the last one awaited. */
export interface RelayedAnswer {
  readonly relayed: Relayed;
  readonly files: readonly RelayedFile[];
  readonly isLast: boolean;
}

/** Questions passed on to peers whose catalog is not here. Remembers who asked, for two seconds, and no answer. */
export class Relay {
  readonly #open = new Map<number, Relayed>();
  readonly #recent = new Map<string, number>();
  readonly #budget: TokenBucket = fullBucket(0);
  #number: number;

  /** @param first - where numbers begin, so that those of an earlier run mean nothing */
  constructor(first: number) {
    this.#number = first;
  }

  /** When the next question ends; undefined: none is under way. */
  get nextEndMs(): number | undefined {
    // All run equally long: the oldest ends first.
    return this.#open.values().next().value?.untilMs;
  }

  /** The same question, sent again because an answer was lost: it is not passed on twice. */
  isRepeated(asker: Address, transactionId: number, nowMs: number): boolean {
    return (this.#recent.get(keyOf(asker, transactionId)) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  /** Begins to ask. Undefined: there is nobody to ask, or too much is under way. */
  begin(
    from: { readonly asker: Address; readonly transactionId: number },
    question: RelayQuestion,
    peers: Iterable<RegisteredPeer>,
    nowMs: number,
  ): Relayed | undefined {
    if (this.#open.size >= RELAYS_MAX) return undefined;
    const waiting = new Set<RegisteredPeer>();
    for (const peer of peers) if (takeToken(this.#budget, QUERY_RATE, nowMs)) waiting.add(peer);
    if (waiting.size === 0) return undefined;
    this.#number = (this.#number + 1) >>> 0;
    const relayed: Relayed = {
      ...from,
      number: this.#number,
      question,
      asked: waiting.size,
      untilMs: nowMs + RELAY_MS,
      waiting,
      hitsLeft: SEARCH_HITS_MAX,
    };
    this.#open.set(relayed.number, relayed);
    this.#remember(keyOf(from.asker, from.transactionId), nowMs);
    return relayed;
  }

  /** What a peer says. Undefined: it was not asked, has answered already, or is too late. */
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

  /** Takes out the questions whose time is up. */
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

  #remember(key: string, nowMs: number): void {
    this.#recent.delete(key);
    this.#recent.set(key, nowMs + RELAY_REPEAT_MS);
    this.#forgetRepeats(nowMs);
  }

  #forgetRepeats(nowMs: number): void {
    for (const [oldest, untilMs] of this.#recent) {
      if (this.#recent.size <= REPEATS_MAX && untilMs > nowMs) return;
      this.#recent.delete(oldest);
    }
  }
}

/** What the tracker sends to a peer that is asked. */
export function queryTo(peer: RegisteredPeer, { number, question }: Relayed): ReplyOf<'query'> {
  return { type: 'query', queryToken: peer.beat.queryToken, relay: number, question };
}

function keyOf(asker: Address, transactionId: number): string {
  return `${formatAddress(asker)} ${transactionId}`;
}
