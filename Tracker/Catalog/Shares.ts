import { Rows } from './Rows.ts';

const OWNER = 0; //   plus 1; 0: abandoned
const FIRST = 1; //   first entry plus 1; 0: none
const ENTRIES = 2; // number of entries
const FIELDS = 3;

/**
 * The catalogs in the index, with numbers of their own. The catalog of a removed owner is void at once; the removal
 * of its entries takes longer. A new owner with the same number starts with an empty one.
 */
export class Shares {
  /** Share plus 1, by owner; 0: none. */
  readonly #ofOwner = new Rows(1);
  readonly #rows = new Rows(FIELDS);
  readonly #free: number[] = [];
  #limit = 0;

  /** The share of an owner, or -1. */
  of(owner: number): number {
    return this.#ofOwner.get(owner, 0) - 1;
  }

  obtain(owner: number): number {
    const known = this.of(owner);
    if (known >= 0) return known;
    const share = this.#free.pop() ?? this.#limit++;
    this.#ofOwner.reach(owner);
    this.#ofOwner.set(owner, 0, share + 1);
    this.#rows.reach(share);
    this.#rows.set(share, OWNER, owner + 1);
    this.#rows.set(share, FIRST, 0);
    this.#rows.set(share, ENTRIES, 0);
    return share;
  }

  /** The owner of a share; -1: abandoned. */
  ownerOf(share: number): number {
    return this.#rows.get(share, OWNER) - 1;
  }

  /** Separates a share from its owner. Its number stays reserved until `release`. */
  abandon(share: number): void {
    this.#ofOwner.set(this.ownerOf(share), 0, 0);
    this.#rows.set(share, OWNER, 0);
  }

  /** Frees the number of an abandoned share without entries. */
  release(share: number): void {
    this.#free.push(share);
  }

  /** Its first entry, or -1. */
  first(share: number): number {
    return this.#rows.get(share, FIRST) - 1;
  }

  entries(share: number): number {
    return this.#rows.get(share, ENTRIES);
  }

  /** Records an added or removed entry. */
  changed(share: number, first: number, entriesAdded: number): void {
    this.#rows.set(share, FIRST, first + 1);
    this.#rows.set(share, ENTRIES, this.entries(share) + entriesAdded);
  }
}
