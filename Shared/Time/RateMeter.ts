const BUCKETS = 8;
const BUCKET_MS = 250;

/** Bytes per second over the last two seconds, for display: steady enough to read, quick enough to show a stall. */
export class RateMeter {
  /** All bytes. */
  total = 0;
  readonly #buckets = new Float64Array(BUCKETS);
  #newest = 0;
  /** End of the newest bucket. */
  #endMs = BUCKET_MS;
  #startMs: number | undefined;

  add(bytes: number, nowMs: number): void {
    this.#startMs ??= nowMs;
    if (nowMs >= this.#endMs) this.#move(nowMs);
    this.total += bytes;
    this.#buckets[this.#newest % BUCKETS] = (this.#buckets[this.#newest % BUCKETS] ?? 0) + bytes;
  }

  bytesPerSecond(nowMs: number): number {
    if (this.#startMs === undefined) return 0;
    this.#move(nowMs);
    const windowStartMs = (this.#newest - BUCKETS + 1) * BUCKET_MS;
    const elapsedMs = Math.max(BUCKET_MS, nowMs - Math.max(windowStartMs, this.#startMs));
    return (this.#buckets.reduce((sum, bytes) => sum + bytes, 0) / elapsedMs) * 1_000;
  }

  /** Advances to the current bucket and clears those between. */
  #move(nowMs: number): void {
    const now = Math.floor(nowMs / BUCKET_MS);
    const passed = Math.min(BUCKETS, now - this.#newest);
    for (let step = 1; step <= passed; step++) this.#buckets[(now - passed + step) % BUCKETS] = 0;
    if (passed <= 0) return;
    this.#newest = now;
    this.#endMs = (now + 1) * BUCKET_MS;
  }
}
