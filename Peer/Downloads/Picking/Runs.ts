import type { UnitSet } from './UnitSet.ts';

/**
 * Contiguous runs: each source works through its own stretch, so that its disk reads sequentially and sources meet
 * only at the end. A source that reaches the stretch of another starts again in the middle of the longest stretch
 * that is left.
 */
export class Runs<Key> {
  /** The unit after the last one given to each source. */
  readonly #cursors = new Map<Key, number>();

  forget(source: Key): void {
    this.#cursors.delete(source);
  }

  /** Returns the next unit for a complete source; -1: none is missing. */
  next(source: Key, missing: UnitSet): number {
    const own = this.#cursors.get(source);
    const ahead = own === undefined ? -1 : missing.next(own);
    const unit =
      ahead >= 0 && own !== undefined && !this.#othersWithin(source, own, ahead)
        ? ahead
        : this.#newStretch(source, missing);
    if (unit >= 0) this.#cursors.set(source, unit + 1);
    return unit;
  }

  #othersWithin(source: Key, after: number, upTo: number): boolean {
    for (const [other, cursor] of this.#cursors) {
      if (other !== source && cursor > after && cursor <= upTo) return true;
    }
    return false;
  }

  /**
   * Finds the longest stretch. The cursors of the other sources cut the file into stretches; at the start of each,
   * except the first, a source is at work.
   */
  #newStretch(source: Key, missing: UnitSet): number {
    const others = [...this.#cursors].filter(([key]) => key !== source).map(([, cursor]) => cursor);
    const cuts = [0, ...others.sort((one, other) => one - other), missing.size];
    let best = -1;
    let bestLength = 0;
    for (let at = 0; at + 1 < cuts.length; at++) {
      const end = cuts[at + 1] ?? missing.size;
      const first = missing.next(cuts[at] ?? 0);
      if (first < 0 || first >= end) continue;
      const worked = at > 0;
      const middle = worked ? missing.next(first + Math.ceil((end - first) / 2)) : first;
      const start = middle >= 0 && middle < end ? middle : first;
      const length = worked ? (end - first) / 2 : end - first;
      if (length > bestLength) [best, bestLength] = [start, length];
    }
    return best;
  }
}
