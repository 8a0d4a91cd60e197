import { badFrame } from './Codec.ts';
import { FRAME_HEADER_BYTES } from './PeerMessages.ts';

/** A complete frame. The body is valid until the next call of `push`. */
export interface Frame {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Bytes of an incomplete frame in the first buffer that holds one. */
const FIRST_BYTES = 256;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Splits a TCP byte stream into frames. A length above the limit is rejected with its header, before any of the body
 * is stored. At most one incomplete frame is buffered, in memory that doubles as it arrives: the cost is linear in
 * the bytes, however small the segments are.
 */
export class FrameDecoder {
  /** Largest accepted body; may be raised after the handshake. */
  maxBodyBytes: number;
  /** Holds the bytes of an incomplete frame, from its start on. */
  #storage = NOTHING;
  #stored = 0;

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes;
  }

  /**
   * Yields the completed frames. After an early exit from the loop the rest is yielded by the next `push`.
   * @throws ShoalError BAD_FRAME; the decoder must not be used afterwards
   */
  *push(bytes: Uint8Array): Generator<Frame> {
    const input = this.#stored === 0 ? asBuffer(bytes) : this.#append(bytes);
    let at = 0;
    try {
      while (input.length - at >= FRAME_HEADER_BYTES) {
        const bodyBytes = input.readUInt32BE(at);
        if (bodyBytes > this.maxBodyBytes)
          throw badFrame(`a frame of ${bodyBytes} bytes, at most ${this.maxBodyBytes}`);
        const end = at + FRAME_HEADER_BYTES + bodyBytes;
        if (input.length < end) break;
        const frame = { type: input.readUInt8(at + 4), body: input.subarray(at + FRAME_HEADER_BYTES, end) };
        at = end;
        yield frame;
      }
    } finally {
      this.#keep(input.subarray(at), at === 0);
    }
  }

  /** Appends to the stored bytes, and returns all of them. */
  #append(bytes: Uint8Array): Buffer {
    const needed = this.#stored + bytes.length;
    if (needed > this.#storage.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, FIRST_BYTES, 2 * this.#storage.length));
      this.#storage.copy(larger, 0, 0, this.#stored);
      this.#storage = larger;
    }
    this.#storage.set(bytes, this.#stored);
    return this.#storage.subarray(0, needed);
  }

  /** @param isWhole - nothing was consumed */
  #keep(rest: Buffer, isWhole: boolean): void {
    const isStored = isWhole && this.#stored > 0;
    this.#stored = rest.length;
    // A copy: a small rest must not retain a large buffer, and a frame given out stays valid until the next push.
    if (!isStored) this.#storage = rest.length === 0 ? NOTHING : Buffer.from(rest);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
