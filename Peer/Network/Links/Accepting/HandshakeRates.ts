import { isLoopback } from '../../../../Shared/Network/Address.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { fullBucket, takeToken } from '../../../../Shared/Time/TokenBucket.ts';

/** Handshakes of one host (loopback exempt) and of all together. One costs about 2 ms of CPU. */
const PER_HOST_RATE = { burst: 32, perSecond: 8 };
const TOTAL_RATE = { burst: 256, perSecond: 200 };
/** Interval at which deferred handshakes try again. */
const RETRY_MS = 100;
const HOSTS_MAX = 4_096;

/** A connection whose handshake may be deferred. */
interface Deferrable {
  readonly remote: { readonly host: string };
  readonly gone: boolean;
}

/** Limits how many TLS handshakes begin. Those beyond the limits wait, within the connection's deadline. */
export class HandshakeRates {
  readonly #clock: Clock;
  readonly #total: ReturnType<typeof fullBucket>;
  readonly #hosts = new Map<string, ReturnType<typeof fullBucket>>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#total = fullBucket(clock.nowMs());
  }

  /** Begins a handshake as soon as the limits allow, unless the connection is gone by then. */
  start(connection: Deferrable, begin: () => void): void {
    if (connection.gone) return;
    if (this.#mayStart(connection.remote.host)) begin();
    else this.#clock.after(RETRY_MS, () => this.start(connection, begin));
  }

  #mayStart(host: string): boolean {
    const nowMs = this.#clock.nowMs();
    const bucket = this.#hosts.get(host) ?? fullBucket(nowMs);
    this.#hosts.delete(host);
    this.#hosts.set(host, bucket);
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > HOSTS_MAX && oldest !== undefined) this.#hosts.delete(oldest);
    if (!isLoopback(host) && !takeToken(bucket, PER_HOST_RATE, nowMs)) return false;
    return takeToken(this.#total, TOTAL_RATE, nowMs);
  }
}
