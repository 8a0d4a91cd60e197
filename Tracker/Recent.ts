/** Answers to the same question within this long are the same, so that its pages belong together. */
const KEPT_MS = 3_000;
const KEPT_MAX = 64;

/** Remembers the newest few results for some seconds. */
export class Recent<T> {
  readonly #kept = new Map<string, { readonly value: T; readonly untilMs: number }>();

  /** What was found for `key` a moment ago, or what `find` finds now. @param fresh - look anew in any case */
  get(key: string, fresh: boolean, nowMs: number, find: () => T): T {
    const known = this.#kept.get(key);
    if (known !== undefined && known.untilMs > nowMs && !fresh) return known.value;
    const value = find();
    this.#kept.delete(key);
    this.#kept.set(key, { value, untilMs: nowMs + KEPT_MS });
    for (const [oldest, { untilMs }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && untilMs > nowMs) break;
      this.#kept.delete(oldest);
    }
    return value;
  }
}
