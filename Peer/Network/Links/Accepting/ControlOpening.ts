import { isLoopback } from '../../../../Shared/Address.ts';
import type { Clock } from '../../../../Shared/Clock.ts';
import { fullBucket, takeToken } from '../../../../Shared/TokenBucket.ts';
import { FirstBytes } from './FirstBytes.ts';
import type { Incoming, Occupant, Opening } from './Opening.ts';
import type { PlainConnection } from './PlainOpening.ts';
import type { ProvenStream, SecureTransport } from './Secure.ts';

/** Handshakes of one host (loopback exempt) and of all together. One costs about 2 ms of CPU. */
const PER_HOST_RATE = { burst: 32, perSecond: 8 };
const TOTAL_RATE = { burst: 256, perSecond: 200 };
/** Interval at which deferred handshakes try again. */
const RETRY_MS = 100;
const HOSTS_MAX = 4_096;

export interface ControlOpeningOptions {
  readonly secure: SecureTransport;
  readonly clock: Clock;
  /** Takes over a connection whose id is proven; `full` and `settle` as in Incoming. */
  readonly accept: (stream: ProvenStream, full: boolean, settle: () => void) => PlainConnection;
  /** Opening for encrypted lanes. */
  readonly lanes?: readonly Opening[];
  readonly failed: (host: string, reason: string) => void;
}

/**
 * Control links and encrypted lanes: ids proven. Handshakes beyond the rate limits wait, within the connection's
 * deadline.
 */
export function controlOpening({
  secure,
  clock,
  accept,
  lanes = [],
  failed,
}: ControlOpeningOptions): Opening {
  const total = fullBucket(clock.nowMs());
  const hosts = new Map<string, ReturnType<typeof fullBucket>>();

  const mayStart = (host: string): boolean => {
    const nowMs = clock.nowMs();
    const bucket = hosts.get(host) ?? fullBucket(nowMs);
    hosts.delete(host);
    hosts.set(host, bucket);
    const [oldest] = hosts.keys();
    if (hosts.size > HOSTS_MAX && oldest !== undefined) hosts.delete(oldest);
    if (!isLoopback(host) && !takeToken(bucket, PER_HOST_RATE, nowMs)) return false;
    return takeToken(total, TOTAL_RATE, nowMs);
  };

  /** Finds the opening for an encrypted lane. */
  const insideOf = (stream: ProvenStream, incoming: Incoming, taken: (occupant: Occupant) => void) =>
    new FirstBytes(stream, {
      clock,
      openings: lanes,
      full: incoming.full,
      taken,
      settled: () => incoming.settle(),
      closed: (ours) => {
        if (!ours) failed(incoming.remote.host, 'no lane');
      },
    });

  return {
    name: 'control link',
    claims: (first) => secure.claims(first),
    accept: (incoming) => {
      let connection: Occupant | undefined;
      const opened = (stream: ProvenStream) => {
        if (stream.channel === 'lane') {
          return insideOf(stream, incoming, (occupant) => {
            connection = occupant;
          });
        }
        const link = accept(stream, incoming.full, () => incoming.settle());
        connection = link;
        return link.handler;
      };
      const start = () => {
        if (incoming.gone) return;
        if (!mayStart(incoming.remote.host)) clock.after(RETRY_MS, start);
        else secure.accept(incoming, opened, (reason) => failed(incoming.remote.host, reason));
      };
      start();
      return {
        idleMs: (nowMs) => connection?.idleMs(nowMs),
        evict: () => connection?.evict(),
      };
    },
  };
}
