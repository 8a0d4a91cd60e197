const ROW_BITS = 13;
const ROWS_PER_SLAB = 1 << ROW_BITS;
const ROW_MASK = ROWS_PER_SLAB - 1;

/**
 * A table of 32-bit cells in slabs of 8,192 rows. Growth does not copy, so a large table leaves no garbage and has at
 * most one slab of unused rows. New cells are 0.
 */
export class Rows {
  readonly #fields: number;
  readonly #slabs: Int32Array[] = [];

  /** @param fields - cells per row */
  constructor(fields: number) {
    this.#fields = fields;
  }

  /** Creates the rows up to this one. */
  reach(row: number): void {
    while (row >= this.#slabs.length << ROW_BITS) {
      this.#slabs.push(new Int32Array(ROWS_PER_SLAB * this.#fields));
    }
  }

  get(row: number, field: number): number {
    return this.#slabs[row >> ROW_BITS]?.[(row & ROW_MASK) * this.#fields + field] ?? 0;
  }

  /** @param row - an existing row, see `reach` */
  set(row: number, field: number, value: number): void {
    const slab = this.#slabs[row >> ROW_BITS];
    if (slab !== undefined) slab[(row & ROW_MASK) * this.#fields + field] = value;
  }

  /** The slab with a row at `offset`, for loops over millions of rows; undefined: no such row. */
  slab(row: number): Int32Array | undefined {
    return this.#slabs[row >> ROW_BITS];
  }

  offset(row: number): number {
    return (row & ROW_MASK) * this.#fields;
  }
}
