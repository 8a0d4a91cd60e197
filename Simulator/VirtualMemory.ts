/** Distance between the starts of buffers, of which only the first few bytes are written. */
const STEP_BYTES = 64;
const BUFFERS = 128;

/**
 * Memory of one simulated peer. Only the first bytes of a chunk are real (WireStream), so its buffers overlap, a few
 * bytes apart: hundreds of peers fit in memory without garbage collection.
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
