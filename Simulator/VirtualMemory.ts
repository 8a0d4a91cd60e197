/** Buffers begin this far from each other: only their first few bytes are ever written. */
const STEP_BYTES = 64;
const BUFFERS = 128;

/**
 * Memory of one simulated peer. Of a chunk only the first bytes are real (WireStream), so all its buffers lie over each other, a few
 * bytes apart: hundreds of peers fit, and the garbage collector has nothing to do.
 */
export class VirtualMemory {
  #base: Buffer | undefined;
  #next = 0;

  readonly allocate = (bytes: number): Buffer => {
    const needed = bytes + BUFFERS * STEP_BYTES;
    if (this.#base === undefined || this.#base.length < needed) this.#base = Buffer.allocUnsafeSlow(needed);
    const from = (this.#next++ % BUFFERS) * STEP_BYTES;
    return this.#base.subarray(from, from + bytes);
  };
}
