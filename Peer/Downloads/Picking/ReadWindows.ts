import type { Holdings } from './Holdings.ts';
import type { UnitSet } from './UnitSet.ts';

/** Units that a reader needs next: from `first` to before `end`. Its owner moves it and then calls `moved`. */
export interface ReadWindow {
  first: number;
  end: number;
}

/** The windows of all readers of one file. */
export class ReadWindows {
  /** Called after a change. Set by the fetch that serves the readers. */
  changed: () => void = () => {};
  readonly #windows = new Set<ReadWindow>();

  get any(): boolean {
    return this.#windows.size > 0;
  }

  add(window: ReadWindow): void {
    this.#windows.add(window);
    this.changed();
  }

  delete(window: ReadWindow): void {
    if (this.#windows.delete(window)) this.changed();
  }

  /** Call after a window has moved. */
  moved(): void {
    this.changed();
  }

  /** Units inside any window. */
  units(): Set<number> {
    const all = new Set<number>();
    for (const { first, end } of this.#windows) for (let unit = first; unit < end; unit++) all.add(unit);
    return all;
  }

  /** The missing unit of a source that is nearest to its reader; -1: none. */
  nearest(missing: UnitSet, source: Holdings): number {
    let nearest = -1;
    let distance = Number.POSITIVE_INFINITY;
    for (const { first, end } of this.#windows) {
      const unit = nextHeld(missing, source, first);
      if (unit < 0 || unit >= end || unit - first >= distance) continue;
      nearest = unit;
      distance = unit - first;
    }
    return nearest;
  }
}

/** The lowest missing unit of a source that is at least `from`; -1: none. */
export function nextHeld(missing: UnitSet, source: Holdings, from: number): number {
  let unit = missing.next(from);
  while (unit >= 0 && !source.has(unit)) unit = missing.next(unit + 1);
  return unit;
}
