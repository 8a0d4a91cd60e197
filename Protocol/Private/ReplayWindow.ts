/** Datagrams that may arrive late or out of order before older ones are refused (as in RFC 6479). */
export const REPLAY_WINDOW = 64;

const ALL = (1n << BigInt(REPLAY_WINDOW)) - 1n;

/** Counters of one sender that were received: each is accepted once, and those too old to be known never. */
export class ReplayWindow {
  #highest = -1;
  /** Bit n: `#highest - n` was received. */
  #seen = 0n;

  /** Whether a counter is neither received nor too old. */
  isNew(counter: number): boolean {
    const age = this.#highest - counter;
    return age < 0 || (age < REPLAY_WINDOW && ((this.#seen >> BigInt(age)) & 1n) === 0n);
  }

  /** Marks a counter of a datagram that is proven to be the sender's. */
  add(counter: number): void {
    const age = this.#highest - counter;
    if (age >= 0) this.#seen |= 1n << BigInt(age);
    else {
      const ahead = Math.min(-age, REPLAY_WINDOW);
      this.#seen = ((this.#seen << BigInt(ahead)) | 1n) & ALL;
      this.#highest = counter;
    }
  }
}
