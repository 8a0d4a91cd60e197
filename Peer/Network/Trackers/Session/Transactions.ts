import { TRACKER_RETRY_MS } from '../../../../Protocol/Limits.ts';
import { backoffMs } from '../../../../Shared/Time/Backoff.ts';
import type { Random } from '../../../../Shared/Time/Clock.ts';

/** One pending request. Retransmissions keep the id, so that a reply to any of them counts. */
export interface Transaction<T> {
  readonly id: number;
  readonly purpose: T;
  /** Time of the first transmission since it was added or last unparked. */
  firstSentMs: number;
  /** Number of transmissions since then. */
  tries: number;
  /** Time of the next transmission. */
  dueMs: number;
  /** Connection id of the last transmission. */
  sentWith: string | undefined;
  /** Blocked on a cookie or a registration instead of a timer. */
  parked: boolean;
}

/** Pending requests to one tracker. */
export class Transactions<T> {
  readonly #byId = new Map<number, Transaction<T>>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Adds an unsent request, due at `nowMs`. */
  add(purpose: T, nowMs: number): Transaction<T> {
    const id = this.#freeId();
    const transaction: Transaction<T> = {
      id,
      purpose,
      firstSentMs: nowMs,
      tries: 0,
      dueMs: nowMs,
      sentWith: undefined,
      parked: false,
    };
    this.#byId.set(id, transaction);
    return transaction;
  }

  get(id: number): Transaction<T> | undefined {
    return this.#byId.get(id);
  }

  remove(id: number): void {
    this.#byId.delete(id);
  }

  find(matches: (purpose: T) => boolean): Transaction<T> | undefined {
    for (const transaction of this.#byId.values()) if (matches(transaction.purpose)) return transaction;
    return undefined;
  }

  all(): Transaction<T>[] {
    return [...this.#byId.values()];
  }

  /** Removes and returns all matching requests. */
  removeAll(matches: (purpose: T) => boolean): Transaction<T>[] {
    const removed = this.all().filter((transaction) => matches(transaction.purpose));
    for (const transaction of removed) this.#byId.delete(transaction.id);
    return removed;
  }

  /** Records a transmission and schedules the next one. */
  sent(transaction: Transaction<T>, connectionId: string | undefined, nowMs: number): void {
    transaction.dueMs = nowMs + backoffMs(TRACKER_RETRY_MS, transaction.tries, this.#random());
    transaction.tries++;
    transaction.sentWith = connectionId;
    transaction.parked = false;
  }

  /** Makes parked requests due now, with fresh retry counts. */
  unpark(nowMs: number): void {
    for (const transaction of this.#byId.values()) {
      if (!transaction.parked) continue;
      transaction.parked = false;
      this.restart(transaction, nowMs);
    }
  }

  /** Makes a request due now, with a fresh retry count. */
  restart(transaction: Transaction<T>, nowMs: number): void {
    transaction.dueMs = nowMs;
    transaction.firstSentMs = nowMs;
    transaction.tries = 0;
  }

  due(nowMs: number): Transaction<T>[] {
    return this.all().filter((transaction) => !transaction.parked && transaction.dueMs <= nowMs);
  }

  /** Earliest due time; Infinity without unparked requests. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { parked, dueMs } of this.#byId.values()) if (!parked) next = Math.min(next, dueMs);
    return next;
  }

  /** Id 0 is reserved for unsolicited messages of a tracker. */
  #freeId(): number {
    for (;;) {
      const id = Math.floor(this.#random() * 2 ** 32);
      if (id !== 0 && !this.#byId.has(id)) return id;
    }
  }
}
