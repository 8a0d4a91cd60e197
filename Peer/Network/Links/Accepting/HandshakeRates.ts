import { isLoopback } from '../../../../Shared/Network/Address.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { HostRates } from '../../../../Shared/Time/HostRates.ts';

const HOSTS_MAX = 4_096;
/** Handshakes of one host (loopback exempt) and of all together. One costs about 2 ms of CPU. */
const RATES = {
  perHost: { burst: 32, perSecond: 8 },
  inAll: { burst: 256, perSecond: 200 },
  hostsMax: HOSTS_MAX,
};
/** Interval at which deferred handshakes try again. */
const RETRY_MS = 100;

/** A connection whose handshake may be deferred. */
interface Deferrable {
  readonly remote: { readonly host: string };
  readonly gone: boolean;
}

/** Limits how many TLS handshakes begin. Those beyond the limits wait, within the connection's deadline. */
export class HandshakeRates {
  readonly #clock: Clock;
  readonly #rates = new HostRates(RATES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a handshake as soon as the limits allow, unless the connection is gone by then. */
  start(connection: Deferrable, begin: () => void): void {
    if (connection.gone) return;
    if (this.#mayStart(connection.remote.host)) begin();
    else this.#clock.after(RETRY_MS, () => this.start(connection, begin));
  }

  #mayStart(host: string): boolean {
    const nowMs = this.#clock.nowMs();
    return isLoopback(host) ? this.#rates.allowsAny(nowMs) : this.#rates.allows(host, nowMs);
  }
}
