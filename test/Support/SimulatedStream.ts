import type { Address } from '../../Shared/Network/Address.ts';
import type { ByteStream, ReadTarget, StreamHandler } from '../../Shared/Network/Transport.ts';
import type { SimulatedLinks } from './SimulatedLinks.ts';

/** Unsent bytes from which `write` returns false, as in Node. */
const HIGH_WATER_BYTES = 64 * 1024;
const SEGMENT_BYTES_MAX = 64 * 1024;
/** Upper bound on bytes in flight and unread by the receiver. */
const WINDOW_BYTES = 256 * 1024;
/** Interval of retransmissions during a partition. */
const RETRANSMIT_MS = 250;
/** Time without delivery after which a connection breaks. */
const GIVE_UP_MS = 60_000;

interface Pending {
  readonly bytes: Uint8Array;
  readonly done: (() => void) | undefined;
  sent: number;
}

/** The host of a stream. */
export interface StreamHost {
  readonly ip: string;
  /** Open ends of streams on this host. */
  readonly streams: Set<SimulatedStream>;
}

interface End {
  readonly host: StreamHost;
  readonly address: Address;
}

/** Makes both ends of a connection and returns the dialling one. */
export function connectStreams(
  links: SimulatedLinks,
  options: {
    dialling: End;
    accepting: End;
    handler: StreamHandler;
    into: ReadTarget | undefined;
    accept: (stream: ByteStream) => StreamHandler;
  },
): ByteStream {
  const { dialling, accepting, handler, into, accept } = options;
  const near = new SimulatedStream(links, dialling, accepting);
  const far = new SimulatedStream(links, accepting, dialling);
  near.join(far, handler, into);
  far.join(near, accept(far), undefined);
  return near;
}

/** One end of a simulated TCP connection: reliable, ordered, with windows, delays and sudden ends. */
export class SimulatedStream implements ByteStream {
  readonly remote: Address;
  /** @internal The host at the other end. */
  readonly peerHost: StreamHost;
  readonly #links: SimulatedLinks;
  readonly #host: StreamHost;
  #peer: SimulatedStream | undefined;
  #handler: StreamHandler | undefined;
  #into: ReadTarget | undefined;

  // Sending
  readonly #queue: Pending[] = [];
  #queuedBytes = 0;
  #wantsDrain = false;
  #sending = false;
  #ending = false;
  #finSent = false;
  /** Segments in flight to the peer, in order; undefined: the end. */
  readonly #wire: (Buffer | undefined)[] = [];
  #wireBytes = 0;
  #lastArrivalMs = 0;

  // Receiving
  readonly #unread: Buffer[] = [];
  #unreadBytes = 0;
  #paused = false;
  #finReceived = false;
  #reading = false;

  #closed = false;

  constructor(links: SimulatedLinks, local: End, remote: End) {
    this.#links = links;
    this.#host = local.host;
    this.peerHost = remote.host;
    this.remote = remote.address;
    local.host.streams.add(this);
  }

  /** @internal Connects this end; bytes written before are sent now. */
  join(peer: SimulatedStream, handler: StreamHandler, into: ReadTarget | undefined): void {
    this.#peer = peer;
    this.#handler = handler;
    this.#into = into;
    this.#pump();
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    if (this.#closed || this.#ending) {
      if (done !== undefined) this.#soon(done);
      return false;
    }
    this.#queue.push({ bytes, done, sent: 0 });
    this.#queuedBytes += bytes.length;
    this.#pump();
    const roomLeft = this.#queuedBytes < HIGH_WATER_BYTES;
    if (!roomLeft) this.#wantsDrain = true;
    return roomLeft;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#readSoon();
  }

  end(): void {
    this.#ending = true;
    this.#pump();
  }

  destroy(): void {
    if (this.#closed) return;
    // As in the kernel: an orderly end, unless bytes are unread or unsent.
    const lossy = this.#unreadBytes > 0 || this.#queuedBytes > 0;
    const finSent = this.#finSent;
    this.#close(undefined);
    if (lossy) this.#resetPeer();
    else if (!finSent) this.#transmit(undefined, 0);
  }

  /** @internal Both ends see ECONNRESET. */
  breakBoth(): void {
    this.#resetPeer();
    this.#close(connectionError('ECONNRESET'));
  }

  /** @internal Removes this end without notice to its owner; the other sees ECONNRESET. */
  killLocal(): void {
    this.#handler = undefined;
    this.#resetPeer();
    this.#close(undefined);
  }

  /** Sends what the windows allow, one segment at a time. */
  #pump(): void {
    const peer = this.#peer;
    if (peer === undefined || this.#sending || this.#closed) return;
    const first = this.#queue[0];
    if (first === undefined) {
      if (this.#ending && !this.#finSent) {
        this.#finSent = true;
        this.#transmit(undefined, 0);
        this.#closeWhenBothEnded();
      }
      return;
    }
    const window = WINDOW_BYTES - this.#wireBytes - peer.#unreadBytes;
    if (window <= 0) return;
    const { random, clock } = this.#links;
    const longest = Math.min(first.bytes.length - first.sent, window, SEGMENT_BYTES_MAX);
    const count = longest > 1 && random.chance(0.2) ? random.int(1, longest) : longest;
    const link = this.#links.link(this.#host.ip, this.peerHost.ip);
    const startMs = Math.max(clock.nowMs(), link.freeAtMs);
    link.freeAtMs = startMs + (count / link.options.bytesPerSecond) * 1_000;
    this.#sending = true;
    clock.after(link.freeAtMs - clock.nowMs(), () => this.#sent(first, count));
  }

  #sent(first: Pending, count: number): void {
    this.#sending = false;
    if (this.#closed) return;
    // Copied only now: changes by the owner before `done` are sent.
    const segment = Buffer.from(first.bytes.subarray(first.sent, first.sent + count));
    first.sent += count;
    this.#queuedBytes -= count;
    this.#transmit(segment, count);
    if (first.sent === first.bytes.length) {
      this.#queue.shift();
      first.done?.();
    }
    if (this.#wantsDrain && this.#queuedBytes === 0) {
      this.#wantsDrain = false;
      this.#handler?.drained?.();
    }
    this.#pump();
  }

  #transmit(segment: Buffer | undefined, count: number): void {
    const { clock } = this.#links;
    const arrivalMs = clock.nowMs() + this.#links.latency(this.#links.link(this.#host.ip, this.peerHost.ip));
    this.#wire.push(segment);
    this.#wireBytes += count;
    this.#lastArrivalMs = Math.max(arrivalMs, this.#lastArrivalMs);
    clock.after(this.#lastArrivalMs - clock.nowMs(), () => this.#arrive(clock.nowMs()));
  }

  /** Delivers the oldest segment in flight, or defers it during a partition. */
  #arrive(firstTriedMs: number): void {
    if (this.#links.isCut(this.#host.ip, this.peerHost.ip)) {
      if (this.#links.clock.nowMs() - firstTriedMs >= GIVE_UP_MS) this.#close(connectionError('ETIMEDOUT'));
      else this.#links.clock.after(RETRANSMIT_MS, () => this.#arrive(firstTriedMs));
      return;
    }
    const segment = this.#wire.shift();
    this.#wireBytes -= segment?.length ?? 0;
    this.#withPeer((peer) => peer.#receive(segment));
  }

  #receive(segment: Buffer | undefined): void {
    if (this.#closed) {
      // Data for a dead program is answered with a reset.
      if (segment !== undefined) this.#resetPeer();
      return;
    }
    if (segment === undefined) this.#finReceived = true;
    else {
      this.#unread.push(segment);
      this.#unreadBytes += segment.length;
    }
    this.#read();
  }

  #readSoon(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#soon(() => {
      this.#reading = false;
      this.#read();
    });
  }

  /** Delivers received bytes until all are read or the owner pauses. */
  #read(): void {
    while (!this.#paused && !this.#closed) {
      const segment = this.#unread.shift();
      if (segment === undefined) break;
      const taken = this.#handOver(segment);
      this.#unreadBytes -= taken;
      if (taken < segment.length) this.#unread.unshift(segment.subarray(taken));
      this.#withPeer((peer) => peer.#pump());
    }
    if (this.#finReceived && this.#unread.length === 0 && !this.#closed) {
      this.end(); // As Node does without allowHalfOpen.
      this.#closeWhenBothEnded();
    }
  }

  #handOver(segment: Buffer): number {
    if (this.#into === undefined) {
      this.#handler?.data?.(segment);
      return segment.length;
    }
    const target = this.#into.nextBuffer();
    if (target.length === 0) throw new RangeError('nextBuffer() gave an empty buffer');
    const count = segment.copy(target);
    if (!this.#into.filled(count)) this.#paused = true;
    return count;
  }

  #closeWhenBothEnded(): void {
    if (this.#finSent && this.#finReceived && this.#unread.length === 0) this.#close(undefined);
  }

  /** Notifies the other end one trip later; lost during a partition. */
  #resetPeer(): void {
    const link = this.#links.link(this.#host.ip, this.peerHost.ip);
    this.#links.clock.after(this.#links.latency(link), () => {
      if (!this.#links.isCut(this.#host.ip, this.peerHost.ip)) {
        this.#withPeer((peer) => peer.#close(connectionError('ECONNRESET')));
      }
    });
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.streams.delete(this);
    for (const { done } of this.#queue.splice(0)) if (done !== undefined) this.#soon(done);
    this.#queuedBytes = 0;
    this.#unread.length = 0;
    this.#unreadBytes = 0;
    this.#soon(() => this.#handler?.closed(error));
  }

  #withPeer(task: (peer: SimulatedStream) => void): void {
    if (this.#peer !== undefined) task(this.#peer);
  }

  #soon(task: () => void): void {
    this.#links.clock.after(0, task);
  }
}

function connectionError(code: string): Error {
  return Object.assign(new Error(`simulated ${code}`), { code });
}
