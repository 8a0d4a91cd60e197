import type { networkInterfaces } from 'node:os';
import { type Clock, every, type WallClock } from '../../../Shared/Clock.ts';

const LOOK_MS = 2_000;
/** The wall clock ran that much further than ours: we slept, or it was set. Nothing is lost when it was set. */
const SLEPT_MS = 5_000;

export interface NetworkChangeMonitorOptions {
  readonly interfaces: typeof networkInterfaces;
  /** Stands still while the computer sleeps, or the process is stopped. */
  readonly clock: Clock;
  readonly wallMs: WallClock;
  /** Whoever is there should be asked again. */
  readonly changed: (what: 'moved' | 'slept') => void;
}

/** Notices that this computer has another address, or was asleep: both without being told. */
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
    this.#stop = every(this.#options.clock, LOOK_MS, () => this.#look());
  }

  /** Safe to call twice. */
  close(): void {
    this.#stop();
  }

  #look(): void {
    const addresses = this.#addressesNow();
    const aheadMs = this.#aheadNow();
    const moved = addresses !== this.#addresses;
    const slept = Math.abs(aheadMs - this.#aheadMs) > SLEPT_MS;
    this.#addresses = addresses;
    // A wall clock that creeps away is not news.
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
