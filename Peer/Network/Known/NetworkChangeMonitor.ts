import type { networkInterfaces } from 'node:os';
import { type Clock, every, type WallClock } from '../../../Shared/Time/Clock.ts';

const POLL_MS = 2_000;
/**
 * Jump of the wall clock against the monotonic clock that counts as a sleep. A manual change of the time is a
 * harmless false alarm.
 */
const SLEPT_MS = 5_000;

export interface NetworkChangeMonitorOptions {
  readonly interfaces: typeof networkInterfaces;
  /** Monotonic clock; stands still during sleep and while the process is stopped. */
  readonly clock: Clock;
  readonly wallMs: WallClock;
  /** Called when connections and peers need to be checked again. */
  readonly changed: (what: 'moved' | 'slept') => void;
}

/** Detects changed addresses and sleep by polling. */
export class NetworkChangeMonitor {
  readonly #options: NetworkChangeMonitorOptions;
  #addresses = '';
  #aheadMs = 0;
  #stop: () => void = () => {};

  constructor(options: NetworkChangeMonitorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#addresses = this.#addressesNow();
    this.#aheadMs = this.#aheadNow();
    this.#stop = every(this.#options.clock, POLL_MS, () => this.#poll());
  }

  /** Safe to call twice. */
  close(): void {
    this.#stop();
  }

  #poll(): void {
    const addresses = this.#addressesNow();
    const aheadMs = this.#aheadNow();
    const moved = addresses !== this.#addresses;
    const slept = Math.abs(aheadMs - this.#aheadMs) > SLEPT_MS;
    this.#addresses = addresses;
    // Ignores slow drift of the wall clock.
    this.#aheadMs = aheadMs;
    if (moved) this.#options.changed('moved');
    else if (slept) this.#options.changed('slept');
  }

  #aheadNow(): number {
    return this.#options.wallMs() - this.#options.clock.nowMs();
  }

  #addressesNow(): string {
    const all = Object.values(this.#options.interfaces()).flatMap((addresses) => addresses ?? []);
    const outside = all
      .filter(({ internal }) => !internal)
      .map(({ address, netmask }) => `${address}/${netmask}`);
    return outside.toSorted().join(' ');
  }
}
