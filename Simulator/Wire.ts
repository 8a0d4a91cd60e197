import type { Address } from '../Shared/Address.ts';
import type { Clock, Random } from '../Shared/Clock.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { ByteStream, Dial, Listen, StreamHandler } from '../Shared/Transport.ts';
import { join, WireStream } from './WireStream.ts';

/** How every line of the network behaves. */
export interface WireOptions {
  /** One way, milliseconds. */
  readonly latencyMs: number;
  /** Share of packets that are lost and sent again. */
  readonly lossRatio: number;
}

/** TCP's first retransmission timeout on Linux: what a lost last packet costs. */
const RETRANSMIT_MS = 200;
const SEGMENT_BYTES = 1_460;
const DIAL_TIMEOUT_MS = 5_000;

/** A network of hosts with a line each: an uplink and a downlink of some rate, shared fairly by their streams. */
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

  /** @param upRate - bytes a second; @param downRate - likewise */
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

  /** What is lost is sent again: so many bytes pass the line for one that arrives. */
  get overhead(): number {
    return 1 / (1 - this.#options.lossRatio);
  }

  /** Bytes a second of one stream: under loss p TCP keeps about 1.22 / sqrt(p) segments under way (Mathis et al. 1997). */
  get streamRate(): number {
    const { lossRatio, latencyMs } = this.#options;
    if (lossRatio === 0) return Number.POSITIVE_INFINITY;
    return ((1.22 / Math.sqrt(lossRatio)) * SEGMENT_BYTES * 1_000) / (2 * latencyMs);
  }

  /** How long the next segment travels: now and then its last packet is lost. */
  travelMs(): number {
    const late = this.random() < this.#options.lossRatio ? RETRANSMIT_MS : 0;
    return this.latencyMs + late;
  }
}

/** One computer. */
export class WireHost {
  readonly ip: string;
  readonly wire: Wire;
  readonly upRate: number;
  readonly downRate: number;
  /** When its downlink has taken in what is on its way. */
  downFreeMs = 0;
  readonly streams = new Set<WireStream>();
  readonly #listeners = new Map<number, (stream: ByteStream) => StreamHandler>();
  /** Streams that have something to send, in turn. */
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

  /** Power off: others see their connections break. */
  kill(): void {
    this.#dead = true;
    this.wire.forget(this);
    this.#listeners.clear();
    for (const stream of [...this.streams]) stream.kill();
  }

  /** A stream has something that may be sent. */
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
