import type { Address } from '../Shared/Network/Address.ts';
import type { ByteStream, Dial, Listen, StreamHandler } from '../Shared/Network/Transport.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { Clock, Random } from '../Shared/Time/Clock.ts';
import { join, WireStream } from './WireStream.ts';

/** Properties of all lines of the network. */
export interface WireOptions {
  /** One-way latency in milliseconds. */
  readonly latencyMs: number;
  /** Share of packets lost and retransmitted. */
  readonly lossRatio: number;
}

/** TCP's first retransmission timeout on Linux: the cost of a lost last packet. */
const RETRANSMIT_MS = 200;
const SEGMENT_BYTES = 1_460;
const DIAL_TIMEOUT_MS = 5_000;

/** A network of hosts. Each has an uplink and a downlink, shared fairly by its streams. */
export class Wire {
  readonly clock: Clock;
  readonly random: Random;
  readonly #options: WireOptions;
  readonly #hosts = new Map<string, WireHost>();

  constructor(clock: Clock, random: Random, options: WireOptions) {
    this.clock = clock;
    this.random = random;
    this.#options = options;
  }

  /** @param upRate, downRate - bytes per second */
  host(ip: string, upRate: number, downRate: number): WireHost {
    const host = new WireHost(this, ip, upRate, downRate);
    this.#hosts.set(ip, host);
    return host;
  }

  at(ip: string): WireHost | undefined {
    return this.#hosts.get(ip);
  }

  forget(host: WireHost): void {
    if (this.#hosts.get(host.ip) === host) this.#hosts.delete(host.ip);
  }

  get latencyMs(): number {
    return this.#options.latencyMs;
  }

  /** Bytes on the line per byte delivered, retransmissions included. */
  get overhead(): number {
    return 1 / (1 - this.#options.lossRatio);
  }

  /**
   * Bytes per second of one stream: under loss p TCP keeps about 1.22 / sqrt(p) segments in flight (Mathis et al.
   * 1997).
   */
  get streamRate(): number {
    const { lossRatio, latencyMs } = this.#options;
    if (lossRatio === 0) return Number.POSITIVE_INFINITY;
    return ((1.22 / Math.sqrt(lossRatio)) * SEGMENT_BYTES * 1_000) / (2 * latencyMs);
  }

  /** Travel time of the next segment, whose last packet may be lost. */
  travelMs(): number {
    const late = this.random() < this.#options.lossRatio ? RETRANSMIT_MS : 0;
    return this.latencyMs + late;
  }
}

/** A host with its line. */
export class WireHost {
  readonly ip: string;
  readonly wire: Wire;
  readonly upRate: number;
  readonly downRate: number;
  /** Time at which the downlink has received all segments in flight. */
  downFreeMs = 0;
  readonly streams = new Set<WireStream>();
  readonly #listeners = new Map<number, (stream: ByteStream) => StreamHandler>();
  /** Streams with data to send, in turn. */
  readonly #ready: WireStream[] = [];
  #sending = false;
  #nextPort = 40_000;
  #dead = false;

  constructor(wire: Wire, ip: string, upRate: number, downRate: number) {
    this.wire = wire;
    this.ip = ip;
    this.upRate = upRate;
    this.downRate = downRate;
  }

  get dead(): boolean {
    return this.#dead;
  }

  readonly listen: Listen = async (port, accept) => {
    this.#listeners.set(port, accept);
    return {
      local: { host: '0.0.0.0', port },
      close: async () => {
        this.#listeners.delete(port);
      },
    };
  };

  readonly dial: Dial = (address, handler, { signal, into } = {}) =>
    new Promise((resolve, reject) => {
      const { clock, latencyMs } = this.wire;
      const fail = (error: ShoalError) => {
        cancel();
        reject(error);
      };
      const target = this.wire.at(address.host);
      const cancel = clock.after(target === undefined ? DIAL_TIMEOUT_MS : 3 * latencyMs, () => {
        const accept = target?.dead === false ? target.#listeners.get(address.port) : undefined;
        if (signal?.aborted || this.#dead) return;
        if (target === undefined || accept === undefined) {
          fail(new ShoalError('UNREACHABLE', `nobody listens at ${address.host}`));
          return;
        }
        const near: Address = { host: this.ip, port: this.#nextPort++ };
        const dialled = new WireStream(this, address, false);
        const accepted = new WireStream(target, near, into !== undefined);
        join(dialled, handler, into, accepted, accept);
        resolve(dialled);
      });
      signal?.addEventListener('abort', () => fail(new ShoalError('CANCELLED', 'given up')), { once: true });
    });

  /** Switches the host off: its connections break. */
  kill(): void {
    this.#dead = true;
    this.wire.forget(this);
    this.#listeners.clear();
    for (const stream of [...this.streams]) stream.kill();
  }

  /** Queues a stream with data to send. */
  ready(stream: WireStream): void {
    this.#ready.push(stream);
    this.#send();
  }

  #send(): void {
    if (this.#sending) return;
    const stream = this.#ready.shift();
    if (stream === undefined) return;
    const bytes = stream.takeSegment();
    this.#sending = true;
    this.wire.clock.after(((bytes * this.wire.overhead) / this.upRate) * 1_000, () => {
      this.#sending = false;
      stream.segmentSent();
      this.#send();
    });
  }
}
