import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../Protocol/Limits.ts';
import type { Units } from '../Picking/Units.ts';
import { type FolderFiles, STATE } from './FolderFiles.ts';

/** A folder is cut into about this number of bundles or more, so that its sources share it … */
const BUNDLES_AIM = 64;
/** … of at least this length: each request costs messages and a turn of two threads. */
const BUNDLE_BYTES_MIN = 256 * 1_024;
/** Byte before each file in an answer (Protocol/Bundle.ts). */
const FLAG_BYTES = 1;

/** The small files of a folder, cut into bundles of files that the same peers list. */
export class BundleUnits implements Units {
  readonly count: number;
  readonly size: number;
  readonly bytesMax: number;
  readonly #files: FolderFiles;
  /** Rows by set of holders, then ascending. Numbers that hold both: see `keyOf`. */
  readonly #keys: Float64Array;
  /** Index of the first row of each bundle, and the end. */
  readonly #starts: Uint32Array;

  /** @param rows - of small contents */
  constructor(files: FolderFiles, rows: readonly number[]) {
    this.#files = files;
    this.#keys = new Float64Array(rows.length);
    let size = 0;
    for (const [index, row] of rows.entries()) {
      this.#keys[index] = keyOf(files, row);
      size += FLAG_BYTES + files.sizeOf(row);
    }
    this.#keys.sort();
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

  rowsOf(unit: number): number[] {
    const rows: number[] = [];
    const end = this.#starts[unit + 1] ?? 0;
    for (let at = this.#starts[unit] ?? end; at < end; at++) rows.push(rowOf(this.#keys[at] ?? 0));
    return rows;
  }

  /** Rows whose content is neither verified nor given up. */
  missingOf(unit: number): number[] {
    return this.rowsOf(unit).filter((row) => this.#files.stateOf(row) < STATE.verified);
  }

  isWhole(unit: number): boolean {
    return this.missingOf(unit).length === 0;
  }

  /** The bundle of a row; undefined: it is in none. */
  unitOf(row: number): number | undefined {
    const key = keyOf(this.#files, row);
    const index = lastAtMost(this.#keys, key);
    return index >= 0 && this.#keys[index] === key ? lastAtMost(this.#starts, index) : undefined;
  }

  #cut(limit: number): { readonly starts: readonly number[]; readonly bytesMax: number } {
    const starts = [0];
    let bytesMax = 0;
    let bytes = 0;
    let start = 0;
    let lastSet = -1;
    for (let index = 0; index < this.#keys.length; index++) {
      const row = rowOf(this.#keys[index] ?? 0);
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
    if (this.#keys.length > 0) starts.push(this.#keys.length);
    return { starts, bytesMax };
  }
}

function keyOf(files: FolderFiles, row: number): number {
  return files.setOf(row) * 2 ** 32 + row;
}

function rowOf(key: number): number {
  return key % 2 ** 32;
}

/** Index of the last number that is at most `value`, in ascending order; -1: none. */
function lastAtMost(numbers: Float64Array | Uint32Array, value: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
