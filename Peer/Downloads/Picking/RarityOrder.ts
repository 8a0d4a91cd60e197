import type { Random } from '../../../Shared/Clock.ts';

/**
 * Missing chunks, rarest first, in random order among equally rare ones. Adding, removing and counting take one
 * step per level of rarity, for any number of chunks: one array holds the chunks grouped by count, and a chunk
 * changes its group by swapping with the one at the border.
 */
export class RarityOrder {
  readonly #random: Random;
  /** Number of holders per chunk, also of chunks outside the order. */
  readonly #counts: Uint16Array;
  readonly #order: Uint32Array;
  /** Position of each chunk in `#order`; -1: not in it. */
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

  /** Number of chunks without a holder. */
  get unheld(): number {
    return this.#start(1);
  }

  /** Returns the chunk at a position; 0 is the rarest. */
  at(place: number): number {
    return this.#order[place] ?? -1;
  }

  countOf(chunk: number): number {
    return this.#counts[chunk] ?? 0;
  }

  add(chunk: number): void {
    if (this.#place(chunk) >= 0) return;
    const count = this.countOf(chunk);
    let hole = this.length;
    this.#starts[this.#starts.length - 1] = hole + 1;
    for (let group = this.#starts.length - 2; group > count; group--) {
      const first = this.#start(group);
      if (first !== hole) this.#put(this.at(first), hole);
      hole = first;
      this.#starts[group] = first + 1;
    }
    this.#put(chunk, hole);
    this.#mix(chunk);
  }

  remove(chunk: number): void {
    let hole = this.#place(chunk);
    if (hole < 0) return;
    this.#places[chunk] = -1;
    for (let group = this.countOf(chunk); group < this.#starts.length - 1; group++) {
      const last = this.#start(group + 1) - 1;
      if (last >= this.#start(group)) {
        if (last !== hole) this.#put(this.at(last), hole);
        hole = last;
      }
      this.#starts[group + 1] = last;
    }
  }

  /** Counts one more holder of a chunk. */
  raise(chunk: number): void {
    const count = this.countOf(chunk);
    while (this.#starts.length < count + 3) this.#starts.push(this.length);
    this.#counts[chunk] = count + 1;
    if (this.#place(chunk) < 0) return;
    const border = this.#start(count + 1) - 1;
    this.#swap(chunk, border);
    this.#starts[count + 1] = border;
    this.#mix(chunk);
  }

  /** Counts one holder less of a chunk. */
  lower(chunk: number): void {
    const count = this.countOf(chunk);
    if (count === 0) return;
    this.#counts[chunk] = count - 1;
    if (this.#place(chunk) < 0) return;
    const border = this.#start(count);
    this.#swap(chunk, border);
    this.#starts[count] = border + 1;
    this.#mix(chunk);
  }

  /** Moves a chunk to a random position of its group. */
  #mix(chunk: number): void {
    const count = this.countOf(chunk);
    const first = this.#start(count);
    this.#swap(chunk, first + Math.floor(this.#random() * (this.#start(count + 1) - first)));
  }

  #swap(chunk: number, place: number): void {
    const other = this.at(place);
    this.#put(other, this.#place(chunk));
    this.#put(chunk, place);
  }

  #put(chunk: number, place: number): void {
    this.#order[place] = chunk;
    this.#places[chunk] = place;
  }

  #place(chunk: number): number {
    return this.#places[chunk] ?? -1;
  }

  #start(group: number): number {
    return this.#starts[group] ?? this.length;
  }
}
