import type { Address } from '../Shared/Network/Address.ts';
import type { ByteStream, ReadTarget, StreamHandler } from '../Shared/Network/Transport.ts';
import type { Clock } from '../Shared/Time/Clock.ts';

/** The host of a stream. */
export interface StreamHost {
  readonly wire: {
    readonly clock: Clock;
    readonly latencyMs: number;
    /** Highest rate of one stream, in bytes per second. */
    readonly streamRate: number;
    /** Travel time of the next segment, retransmissions included. */
    travelMs(): number;
  };
  readonly ip: string;
  readonly downRate: number;
  downFreeMs: number;
  readonly streams: Set<WireStream>;
  /** Queues the stream for the uplink. */
  ready(stream: WireStream): void;
}

/** Bytes in flight of one stream. */
const WINDOW_BYTES = 1_048_576;
/** Bytes of one turn on a line. */
const SEGMENT_BYTES = 256 * 1_024;
/** Shorter writes pass at once: they fit between the packets of others. */
const SMALL_BYTES = 4 * 1_024;
/** Real bytes of a long write to a lane: the frame header and the first byte of payload. */
const REAL_BYTES = 10;

interface Write {
  /** The real bytes; the rest is a length only. */
  readonly real: Uint8Array;
  readonly length: number;
  readonly done: (() => void) | undefined;
  at: number;
}

interface Segment {
  readonly real: Uint8Array;
  length: number;
}

/** Connects two ends of a connection. */
export function join(
  dialled: WireStream,
  handler: StreamHandler,
  into: ReadTarget | undefined,
  accepted: WireStream,
  accept: (stream: ByteStream) => StreamHandler,
): void {
  dialled.open(accepted, handler, into);
  accepted.open(dialled, undefined, undefined);
  accepted.open(dialled, accept(accepted), undefined);
}

/** One end of a connection: ordered, with a window, sharing its host's line. Chunk data is carried as lengths. */
export class WireStream implements ByteStream {
  readonly remote: Address;
  readonly #host: StreamHost;
  readonly #isBulk: boolean;
  #peer: WireStream | undefined;
  #handler: StreamHandler | undefined;
  #into: ReadTarget | undefined;
  readonly #queue: Write[] = [];
  #segment: Segment | undefined;
  /** Whether it is queued for the uplink, or sending. */
  #inLine = false;
  #underWayBytes = 0;
  #lastArrivalMs = 0;
  #unread: Segment[] = [];
  #paused = false;
  #ending = false;
  #closed = false;

  /** @param isBulk - carries chunk data */
  constructor(host: StreamHost, remote: Address, isBulk: boolean) {
    this.#host = host;
    this.remote = remote;
    this.#isBulk = isBulk;
    host.streams.add(this);
  }

  open(peer: WireStream, handler: StreamHandler | undefined, into: ReadTarget | undefined): void {
    this.#peer = peer;
    this.#handler = handler;
    this.#into = into;
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    if (this.#closed || this.#ending) {
      if (done !== undefined) this.#host.wire.clock.after(0, done);
      return false;
    }
    const real =
      this.#isBulk && bytes.length > SMALL_BYTES
        ? Buffer.from(bytes.subarray(0, REAL_BYTES))
        : Buffer.from(bytes);
    if (bytes.length <= SMALL_BYTES && this.#queue.length === 0) {
      this.#travel({ real, length: bytes.length });
      if (done !== undefined) this.#host.wire.clock.after(0, done);
      return true;
    }
    this.#queue.push({ real, length: bytes.length, done, at: 0 });
    this.#lineUp();
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#host.wire.clock.after(0, () => this.#read());
  }

  end(): void {
    this.#ending = true;
    if (this.#queue.length === 0) this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#close(undefined);
    const peer = this.#peer;
    this.#arriveLater(() => peer?.ended());
  }

  /** Breaks the connection: the host was switched off. */
  kill(): void {
    const peer = this.#peer;
    this.#handler = undefined;
    this.#close(undefined);
    this.#arriveLater(() => peer?.broke());
  }

  ended(): void {
    this.#close(undefined);
  }

  broke(): void {
    this.#close(new Error('ECONNRESET'));
  }

  /** Sends one turn on the host's uplink. @returns the bytes sent */
  takeSegment(): number {
    const write = this.#queue[0];
    if (write === undefined || this.#closed) return 0;
    const length = Math.min(SEGMENT_BYTES, write.length - write.at);
    this.#segment = { real: write.real.subarray(write.at, write.at + length), length };
    write.at += length;
    return length;
  }

  segmentSent(): void {
    this.#inLine = false;
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment === undefined || this.#closed) return;
    this.#travel(segment);
    const write = this.#queue[0];
    if (write !== undefined && write.at === write.length) {
      this.#queue.shift();
      write.done?.();
    }
    if (this.#queue.length === 0) {
      if (this.#ending) this.destroy();
      else this.#handler?.drained?.();
    }
    this.#lineUp();
  }

  #lineUp(): void {
    if (this.#inLine || this.#closed || this.#queue.length === 0) return;
    if (this.#underWayBytes >= WINDOW_BYTES) return;
    this.#inLine = true;
    this.#host.ready(this);
  }

  #travel(segment: Segment): void {
    const { wire } = this.#host;
    const peer = this.#peer;
    if (peer === undefined) return;
    const { length } = segment;
    this.#underWayBytes += length;
    let arrivalMs = wire.clock.nowMs() + wire.travelMs();
    if (length > SMALL_BYTES) {
      const down = peer.#host;
      arrivalMs = Math.max(arrivalMs, down.downFreeMs) + (length / down.downRate) * 1_000;
      down.downFreeMs = arrivalMs;
      arrivalMs = Math.max(arrivalMs, this.#lastArrivalMs + (length / wire.streamRate) * 1_000);
    }
    this.#lastArrivalMs = Math.max(arrivalMs, this.#lastArrivalMs);
    wire.clock.after(this.#lastArrivalMs - wire.clock.nowMs(), () => peer.#arrived(segment));
  }

  #arriveLater(task: () => void): void {
    const { clock, latencyMs } = this.#host.wire;
    const nowMs = clock.nowMs();
    clock.after(Math.max(this.#lastArrivalMs - nowMs, latencyMs), task);
  }

  #arrived(segment: Segment): void {
    if (this.#closed) return;
    this.#unread.push(segment);
    this.#read();
  }

  #read(): void {
    while (!this.#paused && !this.#closed) {
      const segment = this.#unread[0];
      if (segment === undefined) return;
      if (this.#into === undefined) {
        this.#unread.shift();
        this.#taken(segment.length);
        this.#handler?.data?.(segment.real);
        continue;
      }
      const count = this.#fill(segment, this.#into.nextBuffer());
      this.#taken(count);
      if (!this.#into.filled(count)) this.#paused = true;
    }
  }

  #fill(segment: Segment, buffer: Uint8Array): number {
    const count = Math.min(buffer.length, segment.length);
    const real = segment.real.subarray(0, count);
    buffer.set(real);
    if (count < segment.length) {
      this.#unread[0] = { real: segment.real.subarray(real.length), length: segment.length - count };
    } else this.#unread.shift();
    return count;
  }

  #taken(bytes: number): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    peer.#underWayBytes -= bytes;
    peer.#lineUp();
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.streams.delete(this);
    const handler = this.#handler;
    const unsent = this.#queue.splice(0);
    this.#unread = [];
    this.#host.wire.clock.after(0, () => {
      for (const { done } of unsent) done?.();
      handler?.closed(error);
    });
  }
}
