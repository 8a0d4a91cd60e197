import type { Clock } from '../../../Shared/Clock.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { LinkCounters } from '../../NetworkModel.ts';
import type { ExpectedLanes } from '../Lanes/ExpectedLanes.ts';
import type { Uploads } from '../Lanes/Uploads.ts';
import { controlOpening } from './Accepting/ControlOpening.ts';
import { httpRefusal } from './Accepting/HttpRefusal.ts';
import type { Opening } from './Accepting/Opening.ts';
import { otherVersions } from './Accepting/OtherVersion.ts';
import { plainOpening } from './Accepting/PlainOpening.ts';
import type { SecureTransport } from './Accepting/Secure.ts';
import type { LinkTable } from './LinkTable.ts';

export interface PeerOpeningsOptions {
  readonly secure: SecureTransport;
  readonly clock: Clock;
  readonly log: Log;
  readonly http?: Opening;
}

/** Owners of accepted connections. */
interface Owners {
  readonly table: LinkTable;
  readonly uploads: Uploads;
  readonly lanes: ExpectedLanes;
}

/**
 * Everything that is spoken on the port of a peer: control links, lanes, HTTP, and a goodbye to other versions. Where
 * lanes are encrypted, control links and lanes only.
 */
export function peerOpenings(
  { secure, clock, log, http }: PeerOpeningsOptions,
  { table, uploads, lanes }: Owners,
  counters: LinkCounters,
): readonly Opening[] {
  const laneOpenings = [
    plainOpening('lane', (...connection) => uploads.accept(...connection)),
    plainOpening('backLane', (...connection) => lanes.accept(...connection)),
  ];
  const links = (encrypted: readonly Opening[]) =>
    controlOpening({
      secure,
      clock,
      lanes: encrypted,
      accept: (...connection) => table.accept(...connection),
      failed: (host, reason) => {
        counters.failedHandshakes++;
        log.debug(`${host} proved no peer id: ${reason}`);
      },
    });
  // A private network answers nothing but TLS.
  if (secure.lanes !== undefined) return [links(laneOpenings)];
  return [
    links([]),
    ...laneOpenings,
    otherVersions(
      () => counters.foreignConnections++,
      (text) => log.warn(text),
    ),
    http ?? httpRefusal,
  ];
}
