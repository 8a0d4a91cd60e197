import { badFrame } from '../../../../Protocol/Codec.ts';
import { PIECE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import {
  decodeLane,
  FRAME_HEADER_BYTES,
  LANE_DATA_HEADER_BYTES,
  LANE_DATA_TYPE,
  type LaneOf,
} from '../../../../Protocol/PeerMessages.ts';
import type { ReadTarget } from '../../../../Shared/Network/Transport.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { REGION_ROOM, type ReceiveBuffers, type Region } from './ReceiveBuffers.ts';

/** Size of the read-ahead for headers and small payloads. */
const SCRATCH_BYTES = 128 * 1_024;
/** Size of the read-ahead on a lane that carries large payloads only, whose headers are read alone. */
const SCRATCH_BYTES_MIN = 1_024;
/** Rest of a payload from which it is read straight into its region. */
const DIRECT_BYTES_MIN = 16 * 1_024;
/** Largest body of a frame that carries no payload; those of later versions are skipped. */
const SMALL_BODY_MAX = 1_024;
/** Slow lanes fill small regions, so that none holds 1 MiB for minutes. */
const REGION_BYTES_MIN = 64 * 1_024;
const REGION_BYTES_MAX = 1_048_576;
const REGION_FAST_MS = 250;
const REGION_SLOW_MS = 1_000;

/** The meaning of a lane's frames, supplied by the lane. A method that throws BAD_FRAME breaks the lane. */
export interface LaneFrames {
  /** Announces `bytes` of payload. Returns false to drop them. @throws ShoalError BAD_FRAME */
  begin(id: number, bytes: number): boolean;
  /** Counts payload bytes, dropped or not. */
  arrived(bytes: number): void;
  /** Takes payload of the current frame, in order. The receiver releases the region. */
  piece(region: Region): void;
  /** Ends the current frame. */
  end(): void;
  /** @throws ShoalError BAD_FRAME */
  rejected(message: LaneOf<'reject'>): void;
  /** Grants a turn of about `bytes`. */
  turn(bytes: number): void;
  /** Whether the next frame is expected to be large. */
  expectsLarge(): boolean;
  /** Upper bound on one read: less than 1 MiB under a rate limit. */
  readBytesMax(): number;
  /** Called after each read. False pauses the stream; the lane resumes it later. */
  mayReadOn(): boolean;
  /** Called when memory is available again: reading may resume. */
  readable(): void;
  broken(reason: unknown): void;
}

/**
 * Parses a lane's bytes. The kernel reads large payloads straight into their region. The last read of a payload goes
 * on to the header of the next frame, which would cost a read of its own. Small payloads pass through a read-ahead,
 * many frames per read.
 */
export class LaneReader implements ReadTarget {
  readonly #frames: LaneFrames;
  readonly #buffers: ReceiveBuffers;
  readonly #clock: Clock;
  #scratch = Buffer.allocUnsafe(SCRATCH_BYTES_MIN);
  /** Range of unparsed bytes in the scratch buffer. */
  #from = 0;
  #to = 0;
  /** Payload bytes of the current frame still to come. */
  #left = 0;
  #keep = false;
  #region: Region | undefined;
  #regionAt = 0;
  #regionSinceMs = 0;
  #regionBytesMax = REGION_BYTES_MIN;
  /** Whether the last buffer given out was the region. */
  #direct = false;
  #stopListening: (() => void) | undefined;
  #closed = false;

  constructor(frames: LaneFrames, buffers: ReceiveBuffers, clock: Clock) {
    this.#frames = frames;
    this.#buffers = buffers;
    this.#clock = clock;
  }

  nextBuffer(): Uint8Array {
    const region = this.#region;
    const unread = this.#to - this.#from;
    if (region !== undefined && unread === 0 && region.bytes.length - this.#regionAt >= DIRECT_BYTES_MIN) {
      this.#direct = true;
      const isLast = this.#left === region.bytes.length - this.#regionAt;
      const end = region.bytes.length + (isLast ? LANE_DATA_HEADER_BYTES : 0);
      return region.room.subarray(
        this.#regionAt,
        Math.min(end, this.#regionAt + this.#frames.readBytesMax()),
      );
    }
    this.#direct = false;
    const headerOnly = this.#left === 0 && unread < LANE_DATA_HEADER_BYTES && this.#frames.expectsLarge();
    if (!headerOnly && this.#scratch.length < SCRATCH_BYTES) {
      const larger = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
      this.#scratch.copy(larger, this.#from, this.#from, this.#to);
      this.#scratch = larger;
    }
    // A stalled parser has always consumed something, so compaction leaves room.
    this.#scratch.copyWithin(0, this.#from, this.#to);
    this.#from = 0;
    this.#to = unread;
    const end = headerOnly ? LANE_DATA_HEADER_BYTES : unread + this.#frames.readBytesMax();
    return this.#scratch.subarray(unread, Math.min(end, SCRATCH_BYTES));
  }

  filled(bytes: number): boolean {
    if (this.#closed) return false;
    try {
      if (this.#direct) this.#tookPayload(bytes - this.#takeHeader(bytes));
      else this.#to += bytes;
      return this.#parse() && this.#frames.mayReadOn();
    } catch (reason) {
      this.#frames.broken(reason);
      return false;
    }
  }

  /** Releases all memory. Destroy the stream first, or the kernel may still write into it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening?.();
    this.#region?.release();
    this.#region = undefined;
  }

  /** Returns false while memory is awaited. */
  #parse(): boolean {
    for (;;) {
      if (this.#left > 0) {
        if (this.#keep && this.#region === undefined && !this.#takeRegion()) return false;
        if (this.#from === this.#to) return true;
        this.#takeFromScratch();
      } else if (!this.#readHeader()) return true;
      if (this.#closed) return false;
    }
  }

  #takeFromScratch(): void {
    const region = this.#region;
    const room = region === undefined ? this.#left : region.bytes.length - this.#regionAt;
    const count = Math.min(room, this.#to - this.#from);
    if (region !== undefined) {
      this.#scratch.copy(region.bytes, this.#regionAt, this.#from, this.#from + count);
    }
    this.#from += count;
    this.#tookPayload(count);
  }

  /** Keeps bytes that a direct read found behind its payload. Returns their number. */
  #takeHeader(count: number): number {
    const region = this.#region;
    const beyond = region === undefined ? 0 : this.#regionAt + count - region.bytes.length;
    if (region === undefined || beyond <= 0) return 0;
    region.room.copy(this.#scratch, 0, region.bytes.length, region.bytes.length + beyond);
    this.#from = 0;
    this.#to = beyond;
    return beyond;
  }

  #tookPayload(count: number): void {
    this.#left -= count;
    this.#frames.arrived(count);
    const region = this.#region;
    if (region !== undefined) {
      this.#regionAt += count;
      if (this.#regionAt === region.bytes.length) {
        this.#region = undefined;
        this.#adaptRegions();
        region.full?.();
        this.#frames.piece(region);
      }
    }
    if (this.#left === 0) this.#frames.end();
  }

  /** Returns false when more bytes are needed. */
  #readHeader(): boolean {
    const unread = this.#to - this.#from;
    if (unread < FRAME_HEADER_BYTES) return false;
    const bodyBytes = this.#scratch.readUInt32BE(this.#from);
    const type = this.#scratch.readUInt8(this.#from + 4);
    if (type === LANE_DATA_TYPE) {
      const payload = bodyBytes - (LANE_DATA_HEADER_BYTES - FRAME_HEADER_BYTES);
      if (payload < 1 || payload > PIECE_BYTES_MAX) throw badFrame(`a piece of ${payload} bytes`);
      if (unread < LANE_DATA_HEADER_BYTES) return false;
      const id = this.#scratch.readUInt32BE(this.#from + FRAME_HEADER_BYTES);
      this.#from += LANE_DATA_HEADER_BYTES;
      this.#keep = this.#frames.begin(id, payload);
      this.#left = payload;
      return true;
    }
    if (bodyBytes > SMALL_BODY_MAX) throw badFrame(`a lane frame of ${bodyBytes} bytes`);
    const end = this.#from + FRAME_HEADER_BYTES + bodyBytes;
    if (this.#to < end) return false;
    const message = decodeLane(type, this.#scratch.subarray(this.#from + FRAME_HEADER_BYTES, end));
    this.#from = end;
    if (message === undefined) return true;
    if (message.type === 'turn') this.#frames.turn(message.bytes);
    else if (message.type === 'reject') this.#frames.rejected(message);
    else throw badFrame(`a ${message.type} from the side that sends`);
    return true;
  }

  #takeRegion(): boolean {
    if (this.#stopListening !== undefined) return false;
    const isFast = this.#regionBytesMax === REGION_BYTES_MAX;
    const count =
      isFast && this.#left <= REGION_ROOM ? this.#left : Math.min(this.#left, this.#regionBytesMax);
    const region = this.#buffers.region(count);
    if (region === undefined) {
      this.#stopListening = this.#buffers.wait(count, (late) => this.#gotRegion(late));
      return false;
    }
    this.#useRegion(region);
    return true;
  }

  /** Whether memory is awaited: the stream must stay paused. */
  get waiting(): boolean {
    return this.#stopListening !== undefined;
  }

  #gotRegion(region: Region): void {
    this.#stopListening = undefined;
    this.#useRegion(region);
    try {
      if (this.#parse()) this.#frames.readable();
    } catch (reason) {
      this.#frames.broken(reason);
    }
  }

  #useRegion(region: Region): void {
    this.#region = region;
    this.#regionAt = 0;
    this.#regionSinceMs = this.#clock.nowMs();
  }

  #adaptRegions(): void {
    const tookMs = this.#clock.nowMs() - this.#regionSinceMs;
    if (tookMs < REGION_FAST_MS) this.#regionBytesMax = Math.min(REGION_BYTES_MAX, this.#regionBytesMax * 2);
    else if (tookMs > REGION_SLOW_MS)
      this.#regionBytesMax = Math.max(REGION_BYTES_MIN, this.#regionBytesMax / 2);
  }
}
