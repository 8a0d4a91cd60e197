/** A map of at most `max` entries, ordered by last use: a further entry evicts the one unused for longest. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  /** Puts an entry, which becomes the newest one. */
  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#max) {
      const [oldest] = this.keys();
      this.delete(oldest as K);
    }
    return this;
  }

  /** Returns the value of a key like `get`, and makes its entry the newest one. */
  use(key: K): V | undefined {
    const value = this.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** Like `use`; creates the entry if there is none. */
  useOr(key: K, create: () => V): V {
    const value = this.get(key) ?? create();
    this.set(key, value);
    return value;
  }
}
