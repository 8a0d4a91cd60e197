import type { NetworkClass } from '../../../Shared/Address.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { LIMIT_SCOPES, type Rates } from '../../../Shared/Rates.ts';
import type { LimitStatus } from '../../Model.ts';
import { type Interfaces, localClass } from '../Links/Accepting/AddressClass.ts';
import { RateLimiter } from './RateLimiter.ts';

/** Bytes a second in total (undefined: no limit), or by scope. */
export type Limit = number | undefined | Rates;

/** A direction that is left out stays as it is, as do scopes that are not named. */
export interface Limits {
  readonly up?: Limit;
  readonly down?: Limit;
}

/** What all lanes together may move, each way. */
export class TransferLimits {
  readonly up: RateLimiter;
  readonly down: RateLimiter;

  /** Which limits hold for an IP. */
  readonly classOf: (host: string) => NetworkClass;

  /** @param interfaces - this computer's addresses, now */
  constructor(clock: Clock, { up, down }: Limits, interfaces: () => Interfaces = () => ({})) {
    this.classOf = (host) => localClass(host, interfaces);
    this.up = new RateLimiter(clock, ratesOf(up));
    this.down = new RateLimiter(clock, ratesOf(down));
  }

  /** What holds and what moves, the total first. */
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

  /** Our limit for bytes from there, when it makes them wait now. */
  limitFor(host: string): number | undefined {
    return this.down.holdingBack(this.classOf(host));
  }

  /** Changes them at once. */
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
