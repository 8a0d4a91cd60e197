import {
  byeToVersion,
  decodePreamble,
  encodeControl,
  PREAMBLE_BYTES,
  PROTOCOL_VERSION,
} from '../../../../Protocol/PeerMessages.ts';
import type { Opening } from './Opening.ts';
import { claimsStart } from './Opening.ts';
import { SHOAL_BYTES } from './PlainOpening.ts';
import { versionText } from './VersionText.ts';

/** Hosts of another version named in the log. */
const OTHER_VERSIONS_MAX = 100;

/**
 * Refuses connections with a preamble of another version. A control link gets a goodbye that says which side is older.
 * @param refused - counts the connection
 * @param note - writes a line for the user, once for each host
 */
export function otherVersions(refused: () => void, note: (text: string) => void): Opening {
  const hosts = new Set<string>();
  return {
    name: 'another version',
    claims: (first) => {
      const claim = claimsStart(first, SHOAL_BYTES);
      if (claim !== 'mine' || first.length < PREAMBLE_BYTES) return claim === 'mine' ? 'more' : claim;
      const preamble = decodePreamble(first.subarray(0, PREAMBLE_BYTES));
      return preamble === undefined || preamble.version === PROTOCOL_VERSION ? 'not mine' : 'mine';
    },
    accept: (incoming) => {
      const { host } = incoming.remote;
      const preamble = decodePreamble(incoming.first.subarray(0, PREAMBLE_BYTES));
      if (preamble === undefined) throw new RangeError('accepted without a preamble');
      refused();
      if (!hosts.has(host) && hosts.size < OTHER_VERSIONS_MAX) {
        hosts.add(host);
        note(`${host} tried to connect: ${versionText(preamble.version)}`);
      }
      incoming.stream((stream) => {
        const reason = byeToVersion(preamble.version);
        if (preamble.kind === 'control') stream.write(encodeControl({ type: 'bye', reason }));
        stream.end();
        return { closed: () => {} };
      });
      return { idleMs: () => undefined, evict: () => {} };
    },
  };
}
