/** Growth is told over this much time, in milliseconds: a chunk may take seconds. */
const OVER_MS = 30_000;
/** Samples are at least this far apart. */
const APART_MS = 250;

/** How fast a count grows, from what was heard of it. */
export class Growth {
  readonly #samples: { atMs: number; count: number }[] = [];

  heard(count: number, nowMs: number): void {
    const [before, last] = this.#samples.slice(-2);
    if (last !== undefined && before !== undefined && nowMs - before.atMs < APART_MS) {
      last.count = count;
      last.atMs = nowMs;
    } else this.#samples.push({ atMs: nowMs, count });
    this.#forget(nowMs);
  }

  /** What is heard next was had before: growth is counted from there. */
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

  /** What is too old goes, but for the newest. */
  #forget(nowMs: number): void {
    while (this.#samples.length > 1 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > OVER_MS)
      this.#samples.shift();
  }
}
