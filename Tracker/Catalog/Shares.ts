import { grown } from './IntArena.ts';

const OWNER = 0; //   plus 1; 0: abandoned
const FIRST = 1; //   first entry plus 1; 0: none
const ENTRIES = 2; // number of entries
const FIELDS = 3;

/**
 * The catalogs in the index, with numbers of their own. A removed owner's catalog is void at once, however long the removal of
 * its entries takes, and a new owner with the same number starts with an empty one.
 */
export class Shares {
  /** Share plus 1, by owner; 0: none. */
  #ofOwner = new Int32Array(64);
  #cells = new Int32Array(64 * FIELDS);
  readonly #free: number[] = [];
  #limit = 0;

  /** The share of an owner, or -1. */
  of(owner: number): number {
    return (this.#ofOwner[owner] ?? 0) - 1;
  }

  obtain(owner: number): number {
    const known = this.of(owner);
    if (known >= 0) return known;
    const share = this.#free.pop() ?? this.#limit++;
    if ((share + 1) * FIELDS > this.#cells.length) this.#cells = grown(this.#cells, (share + 1) * FIELDS);
    if (owner >= this.#ofOwner.length) this.#ofOwner = grown(this.#ofOwner, owner + 1);
    this.#ofOwner[owner] = share + 1;
    this.#cells.set([owner + 1, 0, 0], share * FIELDS);
    return share;
  }

  /** The owner of a share; -1: abandoned. */
  ownerOf(share: number): number {
    return (this.#cells[share * FIELDS + OWNER] ?? 0) - 1;
  }

  /** Separates a share from its owner. Its number stays reserved until `release`. */
  abandon(share: number): void {
    this.#ofOwner[this.ownerOf(share)] = 0;
    this.#cells[share * FIELDS + OWNER] = 0;
  }

  /** Frees the number of an abandoned share without entries. */
  release(share: number): void {
    this.#free.push(share);
  }

  /** Its first entry, or -1. */
  first(share: number): number {
    return (this.#cells[share * FIELDS + FIRST] ?? 0) - 1;
  }

  entries(share: number): number {
    return share < 0 ? 0 : (this.#cells[share * FIELDS + ENTRIES] ?? 0);
  }

  /** Records an added or removed entry. */
  changed(share: number, first: number, entriesAdded: number): void {
    this.#cells[share * FIELDS + FIRST] = first + 1;
    this.#cells[share * FIELDS + ENTRIES] = this.entries(share) + entriesAdded;
  }
}
