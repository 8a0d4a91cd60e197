import { badFrame } from './Codec.ts';
import { FRAME_HEADER_BYTES } from './PeerMessages.ts';

/** One whole frame. The body is valid until the next call of `push`. */
export interface Frame {
  readonly type: number;
  readonly body: Uint8Array;
}

/**
 * TCP bytes in, whole frames out. A length above the limit is refused when its header has arrived, before anything
 * is stored; at most one unfinished frame is kept.
 */
export class FrameDecoder {
  /** Largest body accepted; may be raised after the greeting. */
  maxBodyBytes: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes;
  }

  /**
   * Yields each frame as it is whole. A loop that is left early loses nothing: the rest comes with the next `push`.
   * @throws ShoalError BAD_FRAME; the decoder is useless afterwards
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
      // A copy, so that a small rest does not keep a large read alive.
      this.#pending = Buffer.from(input);
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
