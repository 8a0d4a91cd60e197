/** Time in milliseconds that may be caught up after a late timer: 2 % of the 5 s over which a limit is exact. */
const BURST_MS = 100;
/** Upper bound in milliseconds on the wait for a piece that was spent at a faster rate. */
const DEBT_MS = 1_000;
/** Debt that is always charged in full: the smallest piece, however slow the rate. */
const DEBT_BYTES_MIN = 1_024;

/**
 * A byte rate as a balance that grows with time. Spending is always possible and may leave a debt; the next spender
 * waits until the debt is paid. The average is therefore exact for pieces of any size.
 */
export class ByteBudget {
  #rate: number | undefined;
  #balance = 0;
  #atMs: number;

  /** @param rate - bytes per second; undefined: unlimited */
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
    // A debt made at a faster rate would take far too long at a slower one.
    this.#balance = Math.max(this.#balance, -this.#burst());
    if (rate === undefined) this.#balance = 0;
  }

  spend(bytes: number, nowMs: number): void {
    this.#settle(nowMs);
    if (this.#rate === undefined) return;
    const debtMax = Math.max(DEBT_BYTES_MIN, (this.#rate * DEBT_MS) / 1_000);
    this.#balance = Math.max(this.#balance - bytes, -debtMax);
  }

  /** Returns bytes that were spent in advance and not used. */
  refund(bytes: number, nowMs: number): void {
    this.#settle(nowMs);
    if (this.#rate !== undefined) this.#balance = Math.min(this.#burst(), this.#balance + bytes);
  }

  /** Milliseconds until bytes may be spent; 0: now. */
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
