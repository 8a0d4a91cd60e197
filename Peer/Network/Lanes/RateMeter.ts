/** How far back the rate looks, in milliseconds: older bytes count for less and less. */
const MEMORY_MS = 2_000;

/** Bytes a second, lately. */
export class RateMeter {
  #rate = 0;
  #atMs: number;
  /** All bytes. */
  total = 0;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#rate = this.bytesPerSecond(nowMs) + (bytes * 1_000) / MEMORY_MS;
    this.#atMs = nowMs;
    this.total += bytes;
  }

  bytesPerSecond(nowMs: number): number {
    return this.#rate * Math.exp(-Math.max(0, nowMs - this.#atMs) / MEMORY_MS);
  }
}
