/** Lifetime of a result: pages requested within this time belong to one result. */
const KEPT_MS = 3_000;
const KEPT_MAX = 64;

/** A small cache of the newest results. */
export class RecentResults<T> {
  readonly #kept = new Map<string, { readonly value: T; readonly untilMs: number }>();

  /** The cached result for `key`. */
  known(key: string, nowMs: number): T | undefined {
    const known = this.#kept.get(key);
    return known !== undefined && known.untilMs > nowMs ? known.value : undefined;
  }

  /** Keeps a result. */
  keep(key: string, value: T, nowMs: number): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value, untilMs: nowMs + KEPT_MS });
    for (const [oldest, { untilMs }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && untilMs > nowMs) break;
      this.#kept.delete(oldest);
    }
  }
}
