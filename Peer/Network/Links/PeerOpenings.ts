import type { Clock } from '../../../Shared/Clock.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { LinkCounters } from '../../NetworkModel.ts';
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

/**
 * Everything that is spoken on the port of a peer: control links, lanes, HTTP, and a goodbye to other versions. Where
 * lanes are encrypted, control links and lanes only.
 */
export function peerOpenings(
  { secure, clock, log, http }: PeerOpeningsOptions,
  table: LinkTable,
  uploads: Uploads,
  counters: LinkCounters,
): readonly Opening[] {
  const lane = plainOpening('lane', (...connection) => uploads.accept(...connection));
  const links = (lanes: readonly Opening[]) =>
    controlOpening({
      secure,
      clock,
      lanes,
      accept: (...connection) => table.accept(...connection),
      failed: (host, reason) => {
        counters.failedHandshakes++;
        log.debug(`${host} proved no peer id: ${reason}`);
      },
    });
  // A private network answers nothing but TLS.
  if (secure.lanes !== undefined) return [links([lane])];
  return [
    links([]),
    lane,
    otherVersions(
      () => counters.foreignConnections++,
      (text) => log.warn(text),
    ),
    http ?? httpRefusal,
  ];
}
