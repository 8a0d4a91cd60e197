import { badFrame } from './Codec.ts';
import { FRAME_HEADER_BYTES } from './PeerMessages.ts';

/** A complete frame. The body is valid until the next call of `push`. */
export interface Frame {
  readonly type: number;
  readonly body: Uint8Array;
}

/**
 * Splits a TCP byte stream into frames. A length above the limit is rejected with its header, before any of the body is stored.
 * At most one incomplete frame is buffered.
 */
export class FrameDecoder {
  /** Largest accepted body; may be raised after the handshake. */
  maxBodyBytes: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes;
  }

  /**
   * Yields the completed frames. After an early exit from the loop the rest is yielded by the next `push`.
   * @throws ShoalError BAD_FRAME; the decoder must not be used afterwards
   */
  *push(bytes: Uint8Array): Generator<Frame> {
    let input = this.#pending.length === 0 ? asBuffer(bytes) : Buffer.concat([this.#pending, bytes]);
    this.#pending = Buffer.alloc(0);
    try {
      while (input.length >= FRAME_HEADER_BYTES) {
        const bodyBytes = input.readUInt32BE(0);
        if (bodyBytes > this.maxBodyBytes)
          throw badFrame(`a frame of ${bodyBytes} bytes, at most ${this.maxBodyBytes}`);
        const end = FRAME_HEADER_BYTES + bodyBytes;
        if (input.length < end) break;
        const frame = { type: input.readUInt8(4), body: input.subarray(FRAME_HEADER_BYTES, end) };
        input = input.subarray(end);
        yield frame;
      }
    } finally {
      // A copy: a small rest must not retain a large read buffer.
      this.#pending = Buffer.from(input);
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
