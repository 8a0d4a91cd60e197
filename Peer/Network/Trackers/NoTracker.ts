import { isIP } from 'node:net';
import { formatNamed } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { TrackerStatus } from '../../Model.ts';

const BY_HAND = 'Or link to a peer by hand: connect <host:port>';

/**
 * Explains that no tracker answers: which of the configured ones and why, or that none was found.
 * @param cause - the first failed query, if any tracker was asked
 */
export function noTracker(trackers: readonly TrackerStatus[], cause?: ShoalError): ShoalError {
  const configured = trackers.filter(({ foundBy }) => foundBy === 'configured');
  const [first, ...others] = configured;
  if (first === undefined) {
    return new ShoalError('NO_TRACKER', cause?.message ?? 'no tracker answers', {
      hint: `Start one: node Tracker.js. ${BY_HAND}`,
      cause,
    });
  }
  const place = safeText(formatNamed({ ...first.address, name: first.name }));
  const why = first.reason ?? cause?.message ?? 'it does not answer';
  const more = others.length === 0 ? '' : `, nor does any of the ${others.length} others`;
  const next =
    isIP(first.address.host) > 0
      ? `Does it run there, and does its firewall accept UDP ${first.address.port}?`
      : 'Check the name, or give the numeric address, like --tracker 192.168.1.20.';
  const message = `the tracker ${place} does not answer${more}${why === 'it does not answer' ? '' : ` (${safeText(why)})`}`;
  return new ShoalError('NO_TRACKER', message, {
    hint: `${next} ${BY_HAND}`,
    cause,
  });
}
