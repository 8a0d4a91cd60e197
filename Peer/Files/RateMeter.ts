/** How much weight the past keeps for one second. */
const MEMORY_MS = 3_000;

/** A rate that follows changes within a few seconds and does not jump. Time is passed in. */
export class RateMeter {
  #perMs = 0;
  #gathered = 0;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  add(amount: number, nowMs: number): void {
    this.#gathered += amount;
    this.#fold(nowMs);
  }

  perSecond(nowMs: number): number {
    this.#fold(nowMs);
    return this.#perMs * 1_000;
  }

  /** Half a second or more becomes part of the rate, weighted by its length. */
  #fold(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < 500) return;
    const weight = 1 - Math.exp(-elapsedMs / MEMORY_MS);
    const recent = this.#gathered / elapsedMs;
    this.#perMs = this.#perMs === 0 ? recent : this.#perMs + weight * (recent - this.#perMs);
    this.#gathered = 0;
    this.#sinceMs = nowMs;
  }
}
