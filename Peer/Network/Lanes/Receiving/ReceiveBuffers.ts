import { RECEIVE_BUFFERS_BYTES } from '../../../../Protocol/Limits.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { BufferPool, type Memory, type Pooled } from '../BufferPool.ts';

/** Largest region: the section of one bundled file of 1 MiB, with its flag. */
export const REGION_ROOM = 1_048_576 + 4_096;
/** Size up to which regions share a buffer. */
const SHARED_MAX = REGION_ROOM / 2;

/**
 * Reading pauses with READING_BUFFERS buffers in use of which WRITING_MAX are full and being written to disk. Without
 * this, a briefly slow disk would make a download use all of its memory, each MiB of it freshly allocated.
 */
const READING_BUFFERS = 20;
const WRITING_MAX = 8;

/** Memory for arriving bytes. */
export interface Region {
  readonly bytes: Buffer;
  /** The same memory with what follows it and is free: a read may go beyond `bytes`, and loses what it finds there. */
  readonly room: Buffer;
  /** Marks the region as full: it is to be written, then released. */
  full?(): void;
  release(): void;
}

/**
 * Memory for the bytes of all lanes: buffers of 1 MiB, at most 64 MiB together. Small regions are cut from a shared
 * buffer, so that slow lanes do not hold a whole one each.
 */
export class ReceiveBuffers {
  readonly #pool: BufferPool;
  #shared: Pooled | undefined;
  #sharedAt = 0;
  /** Number of full large regions. */
  #writing = 0;

  constructor(clock: Clock, maxBytes = RECEIVE_BUFFERS_BYTES, memory?: Memory) {
    const mayGive = (taken: number) => taken < READING_BUFFERS || this.#writing < WRITING_MAX;
    this.#pool = new BufferPool(REGION_ROOM, maxBytes, clock, memory, mayGive);
  }

  get bytesTaken(): number {
    return this.#pool.taken * REGION_ROOM;
  }

  /** Room for `count` bytes (1 to REGION_ROOM). Undefined when all memory is in use, or the disk is behind. */
  region(count: number): Region | undefined {
    if (this.#fitsShared(count)) return this.#cut(count);
    const buffer = this.#pool.take();
    return buffer && this.#from(buffer, count);
  }

  /** Queues a request for a region. Returns the function that cancels it. */
  wait(count: number, taker: (region: Region) => void): () => void {
    return this.#pool.wait((buffer) => taker(this.#from(buffer, count)));
  }

  /** Releases the shared buffer of small regions. */
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
    // Last, because the release may serve the next queued request, which re-enters here.
    former?.release();
    return region;
  }

  #whole(buffer: Pooled, count: number): Region {
    let isFull = false;
    return {
      bytes: buffer.bytes.subarray(0, count),
      room: buffer.bytes,
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
    return { bytes, room: bytes, release: buffer.release };
  }
}
