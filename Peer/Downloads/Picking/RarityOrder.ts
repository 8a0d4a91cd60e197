import type { Random } from '../../../Shared/Time/Clock.ts';

/**
 * Missing units, rarest first, in random order among equally rare ones. Adding, removing and counting take one
 * step per level of rarity, for any number of units: one array holds the units grouped by count, and a unit
 * changes its group by swapping with the one at the border.
 */
export class RarityOrder {
  readonly #random: Random;
  /** Number of holders per unit, also of units outside the order. */
  readonly #counts: Uint16Array;
  readonly #order: Uint32Array;
  /** Position of each unit in `#order`; -1: not in it. */
  readonly #places: Int32Array;
  /** Group `count` is `#order[#starts[count] .. #starts[count + 1]]`; the last entry is the length. */
  readonly #starts: number[] = [0, 0];

  constructor(size: number, random: Random) {
    this.#random = random;
    this.#counts = new Uint16Array(size);
    this.#order = new Uint32Array(size);
    this.#places = new Int32Array(size).fill(-1);
  }

  get length(): number {
    return this.#starts[this.#starts.length - 1] ?? 0;
  }

  /** Number of units without a holder. */
  get unheld(): number {
    return this.#start(1);
  }

  /** Returns the unit at a position; 0 is the rarest. */
  at(place: number): number {
    return this.#order[place] ?? -1;
  }

  countOf(unit: number): number {
    return this.#counts[unit] ?? 0;
  }

  add(unit: number): void {
    if (this.#place(unit) >= 0) return;
    const count = this.countOf(unit);
    let hole = this.length;
    this.#starts[this.#starts.length - 1] = hole + 1;
    for (let group = this.#starts.length - 2; group > count; group--) {
      const first = this.#start(group);
      if (first !== hole) this.#put(this.at(first), hole);
      hole = first;
      this.#starts[group] = first + 1;
    }
    this.#put(unit, hole);
    this.#mix(unit);
  }

  remove(unit: number): void {
    let hole = this.#place(unit);
    if (hole < 0) return;
    this.#places[unit] = -1;
    for (let group = this.countOf(unit); group < this.#starts.length - 1; group++) {
      const last = this.#start(group + 1) - 1;
      if (last >= this.#start(group)) {
        if (last !== hole) this.#put(this.at(last), hole);
        hole = last;
      }
      this.#starts[group + 1] = last;
    }
  }

  /** Counts one more holder of a unit. */
  raise(unit: number): void {
    const count = this.countOf(unit);
    while (this.#starts.length < count + 3) this.#starts.push(this.length);
    this.#counts[unit] = count + 1;
    if (this.#place(unit) < 0) return;
    const border = this.#start(count + 1) - 1;
    this.#swap(unit, border);
    this.#starts[count + 1] = border;
    this.#mix(unit);
  }

  /** Counts one holder less of a unit. */
  lower(unit: number): void {
    const count = this.countOf(unit);
    if (count === 0) return;
    this.#counts[unit] = count - 1;
    if (this.#place(unit) < 0) return;
    const border = this.#start(count);
    this.#swap(unit, border);
    this.#starts[count] = border + 1;
    this.#mix(unit);
  }

  /** Moves a unit to a random position of its group. */
  #mix(unit: number): void {
    const count = this.countOf(unit);
    const first = this.#start(count);
    this.#swap(unit, first + Math.floor(this.#random() * (this.#start(count + 1) - first)));
  }

  #swap(unit: number, place: number): void {
    const other = this.at(place);
    this.#put(other, this.#place(unit));
    this.#put(unit, place);
  }

  #put(unit: number, place: number): void {
    this.#order[place] = unit;
    this.#places[unit] = place;
  }

  #place(unit: number): number {
    return this.#places[unit] ?? -1;
  }

  #start(group: number): number {
    return this.#starts[group] ?? this.length;
  }
}
