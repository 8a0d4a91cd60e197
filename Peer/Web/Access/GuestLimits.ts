import { fullBucket, type Rate, type TokenBucket, takeToken } from '../../../Shared/TokenBucket.ts';

/** Requests of one client that make the peer ask the network or list its share. */
const PER_CLIENT: Rate = { burst: 30, perSecond: 10 };
/** The same of all clients together. */
const IN_ALL: Rate = { burst: 120, perSecond: 40 };
/** Clients whose rate is known; the oldest is evicted. */
const CLIENTS_MAX = 1_024;

/** Limits how often clients may ask for work: a flood of searches must not slow transfers. */
export class GuestLimits {
  readonly #clients = new Map<string, TokenBucket>();
  readonly #all: TokenBucket;

  constructor(nowMs: number) {
    this.#all = fullBucket(nowMs);
  }

  allows(client: string, nowMs: number): boolean {
    const bucket = this.#clients.get(client) ?? fullBucket(nowMs);
    this.#clients.delete(client);
    this.#clients.set(client, bucket);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > CLIENTS_MAX && oldest !== undefined) this.#clients.delete(oldest);
    return takeToken(bucket, PER_CLIENT, nowMs) && takeToken(this.#all, IN_ALL, nowMs);
  }
}
