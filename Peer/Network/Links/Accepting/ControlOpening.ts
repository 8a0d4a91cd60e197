import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { FirstBytes } from './FirstBytes.ts';
import { HandshakeRates } from './HandshakeRates.ts';
import type { Incoming, Occupant, Opening } from './Opening.ts';
import type { PlainConnection } from './PlainOpening.ts';
import type { ProvenStream, SecureTransport } from './Secure.ts';

export interface ControlOpeningOptions {
  readonly secure: SecureTransport;
  readonly clock: Clock;
  /** Limits of all handshakes on the port. Default: of these alone. */
  readonly rates?: HandshakeRates;
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
  rates = new HandshakeRates(clock),
  accept,
  lanes = [],
  failed,
}: ControlOpeningOptions): Opening {
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
      rates.start(incoming, () =>
        secure.accept(incoming, opened, (reason) => failed(incoming.remote.host, reason)),
      );
      return {
        idleMs: (nowMs) => connection?.idleMs(nowMs),
        evict: () => connection?.evict(),
      };
    },
  };
}
