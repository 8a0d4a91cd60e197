import { isLoopback } from '../../../../Shared/Address.ts';

const CONNECTIONS_MAX = 512;
/** Limit per host, enough for several peers and their lanes. Loopback is exempt. */
const CONNECTIONS_PER_HOST_MAX = 32;

/** Counts open incoming connections, in total and per host. */
export class ConnectionLimits {
  readonly #byHost = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Admits a connection; false: a limit is reached. */
  enter(host: string): boolean {
    const count = this.#byHost.get(host) ?? 0;
    if (this.#total >= CONNECTIONS_MAX) return false;
    if (count >= CONNECTIONS_PER_HOST_MAX && !isLoopback(host)) return false;
    this.#total++;
    this.#byHost.set(host, count + 1);
    return true;
  }

  leave(host: string): void {
    this.#total--;
    const count = (this.#byHost.get(host) ?? 0) - 1;
    if (count > 0) this.#byHost.set(host, count);
    else this.#byHost.delete(host);
  }
}
