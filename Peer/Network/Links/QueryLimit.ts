import { PEER_IDS_BURST, PEER_IDS_MS, PEER_WORDS_BURST, PEER_WORDS_MS } from '../../../Protocol/Limits.ts';
import type { RelayQuestion } from '../../../Protocol/RelayMessages.ts';

/** How many questions one peer is answered: some in a row, then one in so many milliseconds. */
export class QueryLimit {
  readonly #words: Allowance;
  readonly #ids: Allowance;

  constructor(nowMs: number) {
    this.#words = new Allowance(PEER_WORDS_BURST, PEER_WORDS_MS, nowMs);
    this.#ids = new Allowance(PEER_IDS_BURST, PEER_IDS_MS, nowMs);
  }

  /** False: one too many. */
  take({ fileId }: RelayQuestion, nowMs: number): boolean {
    return (fileId === undefined ? this.#words : this.#ids).take(nowMs);
  }
}

/** `burst` at once, and one more every `eachMs`. */
export class Allowance {
  readonly #burst: number;
  readonly #eachMs: number;
  #left: number;
  #countedMs: number;

  constructor(burst: number, eachMs: number, nowMs: number) {
    this.#burst = burst;
    this.#eachMs = eachMs;
    this.#left = burst;
    this.#countedMs = nowMs;
  }

  take(nowMs: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#countedMs) / this.#eachMs);
    this.#countedMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
