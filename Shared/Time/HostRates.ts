import { BoundedMap } from '../BoundedMap.ts';
import { fullBucket, type Rate, type TokenBucket, takeToken } from './TokenBucket.ts';

export interface HostRatesOptions {
  readonly perHost: Rate;
  /** Rate of all hosts together. Undefined: unlimited. */
  readonly inAll?: Rate;
  /** Hosts with a bucket; beyond this the one idle for longest is evicted. */
  readonly hostsMax: number;
}

/** Rate limit of each host, and of all together. */
export class HostRates {
  readonly #options: HostRatesOptions;
  readonly #hosts: BoundedMap<string, TokenBucket>;
  readonly #all = fullBucket(0);

  constructor(options: HostRatesOptions) {
    this.#options = options;
    this.#hosts = new BoundedMap(options.hostsMax);
  }

  /** Counts one event of a host; false: over its limit, or over that of all. */
  allows(host: string, nowMs: number): boolean {
    const bucket = this.#hosts.useOr(host, () => fullBucket(nowMs));
    return takeToken(bucket, this.#options.perHost, nowMs) && this.allowsAny(nowMs);
  }

  /** Counts one event of a host without a limit of its own. */
  allowsAny(nowMs: number): boolean {
    const { inAll } = this.#options;
    return inAll === undefined || takeToken(this.#all, inAll, nowMs);
  }

  /** Fills the bucket of a host. */
  clear(host: string): void {
    this.#hosts.delete(host);
  }
}
