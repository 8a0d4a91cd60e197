import type { NetworkClass } from '../../../../Shared/Network/Address.ts';
import type { Interfaces } from '../../../../Shared/Network/NetworkInterfaces.ts';
import { LIMIT_SCOPES, type Rates } from '../../../../Shared/Network/Rates.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { Inflow, LimitStatus } from '../../../NetworkModel.ts';
import { localClass } from './AddressClass.ts';
import { RateLimiter } from './RateLimiter.ts';

/** Bytes per second in total (undefined: unlimited), or by scope. */
export type Limit = number | undefined | Rates;

/** Omitted directions and scopes stay unchanged. */
export interface Limits {
  readonly up?: Limit;
  readonly down?: Limit;
}

/** Limits of all lanes together, in both directions. */
export class TransferLimits {
  readonly up: RateLimiter;
  readonly down: RateLimiter;
  /** Bytes received from clients that are no peers. */
  takenIn = 0;

  /** Network class of an IP. */
  readonly classOf: (host: string) => NetworkClass;

  /** @param interfaces - reads this computer's network interfaces */
  constructor(clock: Clock, { up, down }: Limits, interfaces: () => Interfaces = () => ({})) {
    this.classOf = (host) => localClass(host, interfaces);
    this.up = new RateLimiter(clock, ratesOf(up));
    this.down = new RateLimiter(clock, ratesOf(down));
  }

  /** Limits and throughput, the total first. */
  status(): readonly LimitStatus[] {
    const { up, down } = this;
    return LIMIT_SCOPES.map((scope) => ({
      scope,
      up: up.rate(scope),
      down: down.rate(scope),
      sending: up.moving(scope),
      receiving: down.moving(scope),
    }));
  }

  /** The download limit that currently delays bytes from a host. */
  limitFor(host: string): number | undefined {
    return this.down.holdingBack(this.classOf(host));
  }

  /** Opens the account of a client that is no peer: its bytes count as received, within the download limits. */
  inflow(host: string): Inflow {
    const flow = this.down.flow(this.classOf(host));
    return {
      take: (bytes) => {
        this.takenIn += bytes;
        return flow.take(bytes);
      },
      close: () => flow.close(),
    };
  }

  /** Takes effect at once. */
  set(limits: Limits): void {
    if ('up' in limits) this.up.setRates(ratesOf(limits.up));
    if ('down' in limits) this.down.setRates(ratesOf(limits.down));
  }

  close(): void {
    this.up.close();
    this.down.close();
  }
}

function ratesOf(limit: Limit): Rates {
  return typeof limit === 'object' ? limit : { total: limit };
}
