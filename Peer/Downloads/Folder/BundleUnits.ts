import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../Protocol/Limits.ts';
import type { Units } from '../Picking/Units.ts';
import { type FolderFiles, STATE } from './FolderFiles.ts';

/** A folder is cut into about this number of bundles or more, so that its sources share it … */
const BUNDLES_AIM = 64;
/** … of at least this length: each request costs messages and a turn of two threads. */
const BUNDLE_BYTES_MIN = 256 * 1_024;
/** Byte before each file in an answer (Protocol/Bundle.ts). */
const FLAG_BYTES = 1;
/** Rows are below this number. */
const KEY_ROWS = 2 ** 32;

/** The small files of a folder, cut into bundles of files that the same peers list. */
export class BundleUnits implements Units {
  readonly count: number;
  readonly size: number;
  readonly bytesMax: number;
  readonly #files: FolderFiles;
  /** By set of holders, then ascending. */
  readonly #rows: Uint32Array;
  /** Index of the first row of each bundle, and the end. */
  readonly #starts: Uint32Array;

  /** @param rows - of small contents */
  constructor(files: FolderFiles, rows: readonly number[]) {
    this.#files = files;
    const keys = Float64Array.from(rows, (row) => keyOf(files, row)).sort();
    this.#rows = Uint32Array.from(keys, (key) => key % KEY_ROWS);
    let size = 0;
    for (const row of rows) size += FLAG_BYTES + files.sizeOf(row);
    this.size = size;
    const limit = Math.min(BUNDLE_BYTES_MAX, Math.max(BUNDLE_BYTES_MIN, size / BUNDLES_AIM));
    const { starts, bytesMax } = this.#cut(limit);
    this.#starts = Uint32Array.from(starts);
    this.bytesMax = bytesMax;
    this.count = starts.length - 1;
  }

  bytesOf(unit: number): number {
    let bytes = 0;
    for (const row of this.missingOf(unit)) bytes += FLAG_BYTES + this.#files.sizeOf(row);
    return bytes;
  }

  rowsOf(unit: number): Uint32Array {
    return this.#rows.subarray(this.#starts[unit], this.#starts[unit + 1]);
  }

  /** Rows whose content is neither verified nor given up. */
  missingOf(unit: number): Uint32Array {
    return this.rowsOf(unit).filter((row) => this.#files.stateOf(row) < STATE.verified);
  }

  isWhole(unit: number): boolean {
    return this.rowsOf(unit).every((row) => this.#files.stateOf(row) >= STATE.verified);
  }

  /** The bundle of a row; undefined: it is in none. */
  unitOf(row: number): number | undefined {
    const key = keyOf(this.#files, row);
    const after = firstWhere(this.#rows.length, (index) => keyOf(this.#files, this.#rows[index] ?? 0) > key);
    if (this.#rows[after - 1] !== row) return undefined;
    return firstWhere(this.#starts.length, (unit) => (this.#starts[unit] ?? 0) >= after) - 1;
  }

  #cut(limit: number): { readonly starts: readonly number[]; readonly bytesMax: number } {
    const starts = [0];
    let bytesMax = 0;
    let bytes = 0;
    let start = 0;
    let lastSet = -1;
    for (const [index, row] of this.#rows.entries()) {
      const set = this.#files.setOf(row);
      const length = FLAG_BYTES + this.#files.sizeOf(row);
      const isFull = bytes + length > limit || index - start === BUNDLE_FILES_MAX || set !== lastSet;
      if (isFull && index > start) {
        starts.push(index);
        start = index;
        bytes = 0;
      }
      lastSet = set;
      bytes += length;
      bytesMax = Math.max(bytesMax, bytes);
    }
    if (this.#rows.length > 0) starts.push(this.#rows.length);
    return { starts, bytesMax };
  }
}

/** A number that orders rows by set of holders, then ascending. */
function keyOf(files: FolderFiles, row: number): number {
  return files.setOf(row) * KEY_ROWS + row;
}

/** The first index below `end` that meets an ascending condition; `end`: none does. */
function firstWhere(end: number, isMet: (index: number) => boolean): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isMet(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
