import { randomInt } from 'node:crypto';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { type PagePaths, writePath } from '../../../Shared/Paths/PagePaths.ts';
import { type FileState, stateOfColumns } from '../Disk/FileState.ts';

/** Rows of a page, which is allocated whole, and freed with its last file. */
const PAGE_ROWS = 1_024;
const HASH_BYTES = 32;
const HASH_HALVES = HASH_BYTES / 2;
/** Inode, mtime and ctime. */
const STATS = 3;
/** Place of each column in the memory of a page. The paths come last: longer ones than these get memory of their own. */
const STATS_AT = 2 * PAGE_ROWS * HASH_BYTES;
const SIZES_AT = STATS_AT + 8 * STATS * PAGE_ROWS;
const ENDS_AT = SIZES_AT + 4 * PAGE_ROWS;
const PENDING_AT = ENDS_AT + 4 * PAGE_ROWS;
const EXECUTABLE_AT = PENDING_AT + PAGE_ROWS;
const PATHS_AT = EXECUTABLE_AT + PAGE_ROWS;
const PAGE_BYTES = PATHS_AT + 96 * PAGE_ROWS;
/** A prime: keys are integers below it. */
const KEYS = 2_147_483_647;
/** Secret factors of a key, one for each 16 bits of an id: nobody can make an id with the key of another one. */
const FACTORS = Array.from({ length: HASH_HALVES }, () => randomInt(KEYS));

/** A file of one chunk that this program put into the share. */
export interface InstalledFile {
  readonly path: string;
  readonly state: FileState;
  readonly fileId: FileId;
  readonly hash: ChunkHash;
}

/** `number`: files that were added before it. */
export type TakenFile = InstalledFile & { readonly number: number };

interface Page extends PagePaths {
  /** Of all columns. */
  readonly memory: ArrayBuffer;
  /** FileId and chunk hash of each row. */
  readonly hashes: Buffer;
  /** The same bytes. */
  readonly halves: Uint16Array;
  /** Keys of the ids of its files. */
  readonly ids: Set<number>;
  /** 1: the row was added and not taken yet. */
  readonly pending: Uint8Array;
  /** Rows that were not taken, also those that no file has yet. */
  left: number;
  readonly sizes: Uint32Array;
  readonly stats: BigInt64Array;
  readonly executable: Uint8Array;
  readonly devices: string[];
  /** End of each path in `paths`. */
  readonly ends: Uint32Array;
}

/** A queue of installed files in columns: 100 bytes and the path for each, where the objects take 600. */
export class InstalledFiles {
  /** Undefined: all rows of the page were taken. */
  readonly #pages: (Page | undefined)[] = [];
  #length = 0;
  #taken = 0;
  /** All files with a lower number were taken. */
  #next = 0;

  /** Files that were not taken yet. */
  get pending(): number {
    return this.#length - this.#taken;
  }

  /** Files added so far: the number of the next one. */
  get length(): number {
    return this.#length;
  }

  add({ path, state, fileId, hash }: InstalledFile): void {
    const at = this.#length++ % PAGE_ROWS;
    const page = at === 0 ? this.#addPage() : this.#pages.at(-1);
    if (page === undefined) throw new Error('a page was freed before it was full');
    page.pending[at] = 1;
    page.hashes.write(fileId, 2 * at * HASH_BYTES, 'hex');
    page.ids.add(keyAt(page.halves, 2 * at * HASH_HALVES));
    page.hashes.write(hash, (2 * at + 1) * HASH_BYTES, 'hex');
    page.sizes[at] = state.size;
    page.stats[STATS * at] = state.inode;
    page.stats[STATS * at + 1] = state.mtimeNs;
    page.stats[STATS * at + 2] = state.ctimeNs;
    page.executable[at] = state.executable === true ? 1 : 0;
    page.devices[at] = state.device;
    page.ends[at] = writePath(page, at === 0 ? 0 : (page.ends[at - 1] ?? 0), path);
  }

  /** Takes the oldest file; undefined: none is left. */
  take(): TakenFile | undefined {
    while (this.#next < this.#length) {
      const number = this.#next++;
      const page = this.#pages[Math.floor(number / PAGE_ROWS)];
      if (page !== undefined && page.pending[number % PAGE_ROWS] === 1) return this.#take(page, number);
    }
    return undefined;
  }

  /** Takes the files with this content out of turn, in one pass: all of them may be equal. */
  *takeContent(fileId: FileId): Generator<TakenFile> {
    const id = Buffer.from(fileId, 'hex');
    const [key, word] = [keyAt(new Uint16Array(Uint8Array.from(id).buffer), 0), id.readInt32LE()];
    for (const [index, page] of this.#pages.entries()) {
      if (page?.ids.has(key) !== true) continue;
      for (let at = 0; at < PAGE_ROWS; at++) {
        const place = 2 * at * HASH_BYTES;
        // Nearly all ids differ in their first bytes, which are compared in a fraction of the time.
        if (page.pending[at] !== 1 || page.hashes.readInt32LE(place) !== word) continue;
        if (id.compare(page.hashes, place, place + HASH_BYTES) === 0)
          yield this.#take(page, index * PAGE_ROWS + at);
      }
    }
  }

  #take(page: Page, number: number): TakenFile {
    const at = number % PAGE_ROWS;
    this.#taken++;
    page.pending[at] = 0;
    const digits = page.hashes.toString('hex', 2 * at * HASH_BYTES, 2 * (at + 1) * HASH_BYTES);
    const file = {
      number,
      path: page.paths.toString('utf8', at === 0 ? 0 : page.ends[at - 1], page.ends[at]),
      state: stateOf(page, at),
      fileId: digits.slice(0, 2 * HASH_BYTES) as FileId,
      hash: digits.slice(2 * HASH_BYTES) as ChunkHash,
    };
    if (--page.left === 0) {
      this.#pages[Math.floor(number / PAGE_ROWS)] = undefined;
      page.memory.resize(0);
    }
    return file;
  }

  #addPage(): Page {
    // Resizable memory is mapped: it is the system's again when it is resized to nothing. malloc keeps what is freed.
    const memory = new ArrayBuffer(PAGE_BYTES, { maxByteLength: PAGE_BYTES });
    const page = {
      memory,
      hashes: Buffer.from(memory, 0, STATS_AT),
      halves: new Uint16Array(memory, 0, STATS_AT / 2),
      ids: new Set<number>(),
      pending: new Uint8Array(memory, PENDING_AT, PAGE_ROWS),
      left: PAGE_ROWS,
      sizes: new Uint32Array(memory, SIZES_AT, PAGE_ROWS),
      stats: new BigInt64Array(memory, STATS_AT, STATS * PAGE_ROWS),
      executable: new Uint8Array(memory, EXECUTABLE_AT, PAGE_ROWS),
      devices: [],
      ends: new Uint32Array(memory, ENDS_AT, PAGE_ROWS),
      paths: Buffer.from(memory, PATHS_AT),
    };
    this.#pages.push(page);
    return page;
  }
}

function stateOf({ sizes, stats, executable, devices }: Page, at: number): FileState {
  const first = STATS * at;
  return stateOfColumns(
    executable[at] === 1,
    sizes[at] ?? 0,
    devices[at] ?? '',
    BigInt.asUintN(64, stats[first] ?? 0n),
    stats[first + 1] ?? 0n,
    stats[first + 2] ?? 0n,
  );
}

/** The key of an id. Two ids have the same one with a probability of 1 to KEYS. */
function keyAt(halves: Uint16Array, at: number): number {
  let sum = 0;
  // Below 2 ** 51: exact.
  for (let index = 0; index < HASH_HALVES; index++) sum += (FACTORS[index] ?? 0) * (halves[at + index] ?? 0);
  return sum % KEYS;
}
