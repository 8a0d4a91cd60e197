import { isLoopback } from '../../../../Shared/Address.ts';

const CONNECTIONS_MAX = 512;
/** Of one address; several peers and lanes of one host fit. Loopback is exempt. */
const CONNECTIONS_PER_HOST_MAX = 32;

/** How many connections from outside are open, in all and of each address. */
export class ConnectionLimits {
  readonly #byHost = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Counts one more; false: no room. */
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
