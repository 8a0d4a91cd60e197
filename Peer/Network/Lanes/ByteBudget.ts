/** Time that may be caught up after a late timer, in milliseconds: 2 % of the 5 s over which a limit is exact. */
const BURST_MS = 100;
/** Most that is waited for what one piece of a faster time took, in milliseconds. */
const DEBT_MS = 1_000;
/** The smallest piece is paid for in full, however slow the rate. */
const DEBT_BYTES_MIN = 1_024;

/**
 * Bytes a second as a balance that grows with time. Spending is always possible and may leave a debt; whoever wants to
 * spend waits until there is none. So the average is exact whatever the size of the pieces.
 */
export class ByteBudget {
  #rate: number | undefined;
  #balance = 0;
  #atMs: number;

  /** @param rate - bytes a second; undefined: no limit */
  constructor(rate: number | undefined, nowMs: number) {
    this.#rate = rate;
    this.#atMs = nowMs;
  }

  get rate(): number | undefined {
    return this.#rate;
  }

  setRate(rate: number | undefined, nowMs: number): void {
    this.#settle(nowMs);
    this.#rate = rate;
    // A debt of an old, faster rate would take for ever at a slower one.
    this.#balance = Math.max(this.#balance, -this.#burst());
    if (rate === undefined) this.#balance = 0;
  }

  spend(bytes: number, nowMs: number): void {
    this.#settle(nowMs);
    if (this.#rate === undefined) return;
    const debtMax = Math.max(DEBT_BYTES_MIN, (this.#rate * DEBT_MS) / 1_000);
    this.#balance = Math.max(this.#balance - bytes, -debtMax);
  }

  /** Takes back what was spent and not used. */
  refund(bytes: number, nowMs: number): void {
    this.#settle(nowMs);
    if (this.#rate !== undefined) this.#balance = Math.min(this.#burst(), this.#balance + bytes);
  }

  /** Milliseconds until something may be spent; 0: now. */
  waitMs(nowMs: number): number {
    this.#settle(nowMs);
    if (this.#rate === undefined || this.#balance >= 0) return 0;
    return (-this.#balance / this.#rate) * 1_000;
  }

  #settle(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    if (this.#rate === undefined) return;
    this.#balance = Math.min(this.#burst(), this.#balance + (this.#rate * passedMs) / 1_000);
  }

  #burst(): number {
    return ((this.#rate ?? 0) * BURST_MS) / 1_000;
  }
}
