/** Window of the rate in milliseconds: one chunk may take seconds. */
const OVER_MS = 30_000;
/** Minimum distance of samples in milliseconds. */
const APART_MS = 250;

/** Rate of growth of a reported count. */
export class Growth {
  readonly #samples: { atMs: number; count: number }[] = [];

  add(count: number, nowMs: number): void {
    const [before, last] = this.#samples.slice(-2);
    if (last !== undefined && before !== undefined && nowMs - before.atMs < APART_MS) {
      last.count = count;
      last.atMs = nowMs;
    } else this.#samples.push({ atMs: nowMs, count });
    this.#forget(nowMs);
  }

  /** Starts a new measurement: the next announcement is of earlier chunks. */
  restart(): void {
    this.#samples.length = 0;
  }

  perSecond(nowMs: number): number {
    this.#forget(nowMs);
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || nowMs <= first.atMs) return 0;
    return Math.max(0, ((last.count - first.count) * 1_000) / (nowMs - first.atMs));
  }

  /** Drops samples older than the window, except the newest. */
  #forget(nowMs: number): void {
    while (this.#samples.length > 1 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > OVER_MS)
      this.#samples.shift();
  }
}
