import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { HostRates } from '../../../Shared/Time/HostRates.ts';
import { remoteOf } from '../Files/ClientSocket.ts';

/** Clients whose rate is known. */
const CLIENTS_MAX = 1_024;
/** Requests of one client, and of all together, that make the peer ask the network or list its share. */
const RATES = {
  perHost: { burst: 30, perSecond: 10 },
  inAll: { burst: 120, perSecond: 40 },
  hostsMax: CLIENTS_MAX,
};

/** Limits how often clients may ask for work: a flood of searches must not slow transfers. */
export class GuestLimits {
  readonly #rates = new HostRates(RATES);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a request. @returns whether its client may ask now */
  allows(request: IncomingMessage): boolean {
    return this.#rates.allows(remoteOf(request).host, this.#clock.nowMs());
  }
}
