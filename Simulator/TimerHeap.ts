/** A task with its due time. */
export interface Timer {
  readonly atMs: number;
  readonly task: () => void;
}

interface Entry extends Timer {
  /** Order among timers with equal due times. */
  readonly serial: number;
  cancelled: boolean;
}

/** A binary heap of timers, by due time, then by order of addition. */
export class TimerHeap {
  readonly #heap: Entry[] = [];
  #serial = 0;
  #live = 0;

  /** Pending timers, without cancelled ones. */
  get size(): number {
    return this.#live;
  }

  /** Adds a timer. @returns a function that cancels it; no effect after it was taken */
  add(atMs: number, task: () => void): () => void {
    const entry: Entry = { atMs, task, serial: this.#serial++, cancelled: false };
    this.#heap.push(entry);
    this.#live++;
    this.#rise(this.#heap.length - 1);
    return () => {
      if (!entry.cancelled) this.#live--;
      entry.cancelled = true;
    };
  }

  /** Removes and returns the next timer due at or before `limitMs`. */
  takeDue(limitMs: number): Timer | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (!first.cancelled && first.atMs > limitMs) return undefined;
      this.#removeFirst();
      if (first.cancelled) continue;
      first.cancelled = true;
      this.#live--;
      return first;
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapUnlessOrdered(parent, at)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const child = isBefore(this.#heap[left + 1], this.#heap[left]) ? left + 1 : left;
      if (!this.#swapUnlessOrdered(at, child)) return;
      at = child;
    }
  }

  #swapUnlessOrdered(upper: number, lower: number): boolean {
    const [above, below] = [this.#heap[upper], this.#heap[lower]];
    if (above === undefined || below === undefined || !isBefore(below, above)) return false;
    this.#heap[upper] = below;
    this.#heap[lower] = above;
    return true;
  }
}

function isBefore(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.serial < other.serial);
}
