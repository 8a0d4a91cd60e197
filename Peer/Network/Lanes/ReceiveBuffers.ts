import { RECEIVE_BUFFERS_BYTES } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { BufferPool, type Memory, type Pooled } from './BufferPool.ts';

/** Most bytes of a region: a bundle of one file of 1 MiB, and a little. */
export const REGION_ROOM = 1_048_576 + 4_096;
/** What is larger gets a buffer of its own; smaller regions share one. */
const SHARED_MAX = REGION_ROOM / 2;

/**
 * With so many in use, of which so many are full and on their way to the disk, reading waits. Without that, a disk that is slower than
 * the network for a moment makes a download use all of its memory, each MiB of it fresh from the system.
 */
const CALM = 20;
const WRITING_MAX = 8;

/** Memory for bytes that arrive. */
export interface Region {
  readonly bytes: Buffer;
  /** Nothing more is read into it: it is to be written, then released. */
  full?(): void;
  release(): void;
}

/**
 * Where the bytes of all lanes arrive: 1 MiB buffers (and a little), at most 64 MiB together. Small regions are cut from a common
 * buffer, so that many slow lanes do not hold a whole one each.
 */
export class ReceiveBuffers {
  readonly #pool: BufferPool;
  #shared: Pooled | undefined;
  #sharedAt = 0;
  /** Large ones that are full. */
  #writing = 0;

  constructor(clock: Clock, maxBytes = RECEIVE_BUFFERS_BYTES, memory?: Memory) {
    const mayGive = (taken: number) => taken < CALM || this.#writing < WRITING_MAX;
    this.#pool = new BufferPool(REGION_ROOM, maxBytes, clock, memory, mayGive);
  }

  get bytesTaken(): number {
    return this.#pool.taken * REGION_ROOM;
  }

  /** Room for `count` bytes (1 to REGION_ROOM); undefined: everything is in use, or too much is being written. */
  region(count: number): Region | undefined {
    if (this.#fitsShared(count)) return this.#cut(count);
    const buffer = this.#pool.take();
    return buffer && this.#from(buffer, count);
  }

  /** The same, later, in the order of asking. Returns how to give up. */
  wait(count: number, taker: (region: Region) => void): () => void {
    return this.#pool.wait((buffer) => taker(this.#from(buffer, count)));
  }

  /** Lets go of the buffer that small regions share. */
  trim(): void {
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.release();
  }

  #from(buffer: Pooled, count: number): Region {
    if (count > SHARED_MAX) return this.#whole(buffer, count);
    const former = this.#shared;
    this.#shared = buffer;
    this.#sharedAt = 0;
    const region = this.#cut(count);
    // Last, because it may serve the next who waits, who comes through here again.
    former?.release();
    return region;
  }

  #whole(buffer: Pooled, count: number): Region {
    let isFull = false;
    return {
      bytes: buffer.bytes.subarray(0, count),
      full: () => {
        isFull = true;
        this.#writing++;
      },
      release: () => {
        if (isFull) this.#writing--;
        isFull = false;
        buffer.release();
      },
    };
  }

  #fitsShared(count: number): boolean {
    return count <= SHARED_MAX && this.#shared !== undefined && this.#sharedAt + count <= REGION_ROOM;
  }

  #cut(count: number): Region {
    const buffer = this.#shared;
    if (buffer === undefined) throw new RangeError('no buffer to cut from');
    buffer.hold();
    const bytes = buffer.bytes.subarray(this.#sharedAt, this.#sharedAt + count);
    this.#sharedAt += count;
    return { bytes, release: buffer.release };
  }
}
