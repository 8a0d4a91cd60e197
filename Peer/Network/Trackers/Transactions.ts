import { TRACKER_RETRY_MS } from '../../../Protocol/Limits.ts';
import { backoffMs } from '../../../Shared/Backoff.ts';
import type { Random } from '../../../Shared/Clock.ts';

/** One request that waits for its answer. Repeats keep the id, so that the answer to any of them counts. */
export interface Transaction<T> {
  readonly id: number;
  readonly purpose: T;
  /** When its present row of tries began. */
  firstSentMs: number;
  /** How often it was sent. */
  tries: number;
  /** When it is sent (again). */
  dueMs: number;
  /** The connection id it was last sent with. */
  sentWith: string | undefined;
  /** Waits for a cookie or a registration, not for time. */
  parked: boolean;
}

/** The requests to one tracker that are not answered yet. */
export class Transactions<T> {
  readonly #byId = new Map<number, Transaction<T>>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Due at `nowMs`, never sent yet. */
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

  /** Takes out what matches. */
  removeAll(matches: (purpose: T) => boolean): Transaction<T>[] {
    const removed = this.all().filter((transaction) => matches(transaction.purpose));
    for (const transaction of removed) this.#byId.delete(transaction.id);
    return removed;
  }

  /** Notes that it was sent and when it is due again. */
  sent(transaction: Transaction<T>, connectionId: string | undefined, nowMs: number): void {
    transaction.dueMs = nowMs + backoffMs(TRACKER_RETRY_MS, transaction.tries, this.#random());
    transaction.tries++;
    transaction.sentWith = connectionId;
    transaction.parked = false;
  }

  /** What waited for a cookie or a registration is due now, as if for the first time. */
  unpark(nowMs: number): void {
    for (const transaction of this.#byId.values()) {
      if (!transaction.parked) continue;
      transaction.parked = false;
      transaction.dueMs = nowMs;
      transaction.firstSentMs = nowMs;
      transaction.tries = 0;
    }
  }

  due(nowMs: number): Transaction<T>[] {
    return this.all().filter((transaction) => !transaction.parked && transaction.dueMs <= nowMs);
  }

  /** Infinity when nothing waits for time. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { parked, dueMs } of this.#byId.values()) if (!parked) next = Math.min(next, dueMs);
    return next;
  }

  /** 0 is left for what a tracker sends unasked. */
  #freeId(): number {
    for (;;) {
      const id = Math.floor(this.#random() * 2 ** 32);
      if (id !== 0 && !this.#byId.has(id)) return id;
    }
  }
}
