import { isIP } from 'node:net';
import { formatNamed } from '../../../Shared/Network/Address.ts';
import { TRACKER_COMMAND } from '../../../Shared/Program/StartedAs.ts';
import { type CommandForm, ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { TrackerStatus } from '../../Model.ts';
import { SILENT } from './Session/Refusals.ts';

const byHand = (command: CommandForm) => `Or link to a peer by hand: ${command('connect <host:port>')}`;

/**
 * Explains that no tracker answers: which of the configured ones and why, or that none was found.
 * @param cause - the first failed query, if any tracker was asked
 */
export function noTracker(trackers: readonly TrackerStatus[], cause?: ShoalError): ShoalError {
  const configured = trackers.filter(({ foundBy }) => foundBy === 'configured');
  const [first, ...others] = configured;
  if (first === undefined) {
    return new ShoalError('NO_TRACKER', cause?.message ?? 'no tracker answers', {
      hint: (command) => `Start one: ${TRACKER_COMMAND}. ${byHand(command)}`,
      cause,
    });
  }
  const place = safeText(formatNamed({ ...first.address, name: first.name }));
  const why = first.reason ?? cause?.message ?? SILENT;
  const isSilent = why === SILENT;
  const more = others.length === 0 ? '' : `, nor any of the ${others.length} others`;
  const what = isSilent ? `does not answer${more}` : `cannot be used${more}: ${safeText(why)}`;
  const hints: string[] = [];
  if (isIP(first.address.host) === 0)
    hints.push('Check the name, or give the numeric address, like --tracker 192.168.1.20.');
  else if (isSilent) hints.push(`Does it run there, and does its firewall accept UDP ${first.address.port}?`);
  return new ShoalError('NO_TRACKER', `the tracker ${place} ${what}`, {
    hint: (command) => [...hints, byHand(command)].join(' '),
    cause,
  });
}
