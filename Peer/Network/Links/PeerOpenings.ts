import type { Log } from '../../../Shared/Log.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { LinkCounters } from '../../NetworkModel.ts';
import type { ExpectedLanes } from '../Lanes/Receiving/ExpectedLanes.ts';
import type { Uploads } from '../Lanes/Sending/Uploads.ts';
import { controlOpening } from './Accepting/ControlOpening.ts';
import { HandshakeRates } from './Accepting/HandshakeRates.ts';
import { httpRefusal } from './Accepting/HttpRefusal.ts';
import { type HttpsFace, httpsOpening } from './Accepting/HttpsOpening.ts';
import type { Opening } from './Accepting/Opening.ts';
import { otherVersions } from './Accepting/OtherVersion.ts';
import { plainOpening } from './Accepting/PlainOpening.ts';
import type { SecureTransport } from './Accepting/Secure.ts';
import type { LinkTable } from './LinkTable.ts';
import type { RelayHost } from './Relaying/RelayHost.ts';
import type { RelayVia } from './Relaying/RelayTypes.ts';

export interface PeerOpeningsOptions {
  readonly secure: SecureTransport;
  readonly clock: Clock;
  readonly log: Log;
  readonly http?: Opening;
  readonly https?: HttpsFace | undefined;
}

/** Owners of accepted connections. */
interface Owners {
  readonly table: LinkTable;
  readonly uploads: Uploads;
  readonly lanes: ExpectedLanes;
  readonly relayHost: RelayHost | undefined;
}

/** Protocols on the port of a peer, and on connections that another peer relays to it. */
export interface PeerOpenings {
  /**
   * Control links, lanes, halves of connections that we relay, HTTP, HTTPS, and a goodbye to other versions. Where
   * lanes are encrypted, nothing but TLS.
   */
  readonly direct: readonly Opening[];
  /** Encrypted control links and lanes, whatever the network. */
  relayed(via: RelayVia): readonly Opening[];
}

export function peerOpenings(
  { secure, clock, log, http, https }: PeerOpeningsOptions,
  { table, uploads, lanes, relayHost }: Owners,
  counters: LinkCounters,
): PeerOpenings {
  const lane = plainOpening('lane', (...connection) => uploads.accept(...connection));
  const onPort = [
    lane,
    plainOpening('backLane', (...connection) => lanes.accept(...connection)),
    ...(relayHost === undefined
      ? []
      : [plainOpening('relayed', (...connection) => relayHost.accept(...connection))]),
  ];
  const rates = new HandshakeRates(clock);
  const web = https === undefined ? [] : [httpsOpening(https, rates)];
  const links = (encrypted: readonly Opening[], via?: RelayVia) =>
    controlOpening({
      secure,
      clock,
      rates,
      lanes: encrypted,
      accept: (...connection) => table.accept(...connection, via),
      failed: (host, reason) => {
        counters.failedHandshakes++;
        log.debug(`${host} proved no peer id: ${reason}`);
      },
    });
  const relayed = (via: RelayVia) => [links([lane], via)];
  if (secure.lanes !== undefined) return { direct: [links(onPort), ...web], relayed };
  const goodbye = otherVersions(
    () => counters.foreignConnections++,
    (text) => log.warn(text),
  );
  return { direct: [links([]), ...onPort, goodbye, http ?? httpRefusal, ...web], relayed };
}
