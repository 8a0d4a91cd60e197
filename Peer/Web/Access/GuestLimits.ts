import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { fullBucket, type Rate, type TokenBucket, takeToken } from '../../../Shared/Time/TokenBucket.ts';
import { remoteOf } from '../Files/ClientSocket.ts';

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
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = fullBucket(clock.nowMs());
  }

  /** Counts a request. @returns whether its client may ask now */
  allows(request: IncomingMessage): boolean {
    const nowMs = this.#clock.nowMs();
    const client = remoteOf(request).host;
    const bucket = this.#clients.get(client) ?? fullBucket(nowMs);
    this.#clients.delete(client);
    this.#clients.set(client, bucket);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > CLIENTS_MAX && oldest !== undefined) this.#clients.delete(oldest);
    return takeToken(bucket, PER_CLIENT, nowMs) && takeToken(this.#all, IN_ALL, nowMs);
  }
}
