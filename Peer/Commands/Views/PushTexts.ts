import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { OfferStatus, PartStatus, PushStatus } from '../../PushModel.ts';
import { shortId } from './FileViews.ts';
import { formatBytes, plural } from './HumanUnits.ts';
import { baseName } from './Items.ts';
import { peerName } from './ReachabilityViews.ts';
import { limitedTable } from './TextTable.ts';
import { nextCommand, type ViewStyle } from './ViewStyle.ts';

/** `12 of 12 chunks of film.mkv confirmed by anna`, or the state of an unfinished push. */
export function pushText(push: PushStatus): string {
  const name = safeText(baseName(push.path));
  const who = peerName(push.peer);
  switch (push.state) {
    case 'done':
      return `${push.confirmed} of ${plural(push.chunks, 'chunk')} of ${name} confirmed by ${who}`;
    case 'already there':
      return `${who} already has ${name}: nothing to send`;
    case 'failed':
      return safeText(push.error?.message ?? `sending ${name} to ${who} failed`);
    case 'sending':
      return `Sending ${name} to ${who}: ${push.confirmed} of ${plural(push.chunks, 'chunk')} confirmed`;
    default:
      return `Offering ${name} (${formatBytes(push.size)}) to ${who} as number ${push.number}`;
  }
}

/** Line for one confirmed chunk. */
export function chunkConfirmedText(push: PushStatus, chunk: number): string {
  return `chunk ${chunk} confirmed by ${peerName(push.peer)} (${push.confirmed} of ${push.chunks})`;
}

/** News line for a new offer, with the commands that answer it. */
export function offerText({ number, peer, path, size, chunks }: OfferStatus): string {
  const who = `${peerName(peer)} (${formatAddress(peer.address)})`;
  const part = size > 0 ? `${formatBytes(size)}, ${plural(chunks, 'chunk')}` : 'empty';
  return `${who} offers ${safeText(baseName(path))} (${part}). Accept it: accept ${number}. Reject it: reject ${number}`;
}

export function offersText(offers: readonly OfferStatus[], style: ViewStyle): string {
  if (offers.length === 0) return 'No pending offers';
  const table = limitedTable(offers, style, '', [
    { title: '#', align: 'right', of: ({ number }) => String(number) },
    { title: 'File', shrink: 'middle', of: ({ path }) => safeText(baseName(path)) },
    { title: 'Size', align: 'right', of: ({ size }) => formatBytes(size) },
    { title: 'Chunks', align: 'right', drop: 1, of: ({ chunks }) => String(chunks) },
    {
      title: 'From',
      shrink: 'end',
      min: 8,
      of: ({ peer }) => `${peerName(peer)} ${formatAddress(peer.address)}`,
    },
  ]);
  return `${table}\n\nAccept one: ${nextCommand(style, 'accept <number>')}. Reject one: ${nextCommand(style, 'reject <number>')}`;
}

export function pushesText(pushes: readonly PushStatus[], style: ViewStyle): string {
  if (pushes.length === 0)
    return `No pushes since the start. Offer a file: ${nextCommand(style, 'send <file> <peer>')}`;
  return limitedTable(pushes, style, '', [
    { title: '#', align: 'right', of: ({ number }) => String(number) },
    { title: 'File', shrink: 'middle', of: ({ path }) => safeText(baseName(path)) },
    { title: 'To', shrink: 'end', min: 6, of: ({ peer }) => peerName(peer) },
    { title: 'Confirmed', align: 'right', of: ({ confirmed, chunks }) => `${confirmed} of ${chunks}` },
    { title: 'State', of: ({ state }) => state },
  ]);
}

/** `parts`: counts and stretches, like `0-11,14`. */
export function partsText(parts: readonly PartStatus[], style: ViewStyle): string {
  if (parts.length === 0) return `No chunks yet. Download a file: ${nextCommand(style, 'download <file>')}`;
  return limitedTable(parts, style, 'Show one file: parts <file>', [
    { title: 'File', shrink: 'middle', of: ({ path }) => safeText(path) },
    { title: 'Chunks', align: 'right', of: ({ count, chunkCount }) => `${count} of ${chunkCount}` },
    { title: 'Which', shrink: 'end', min: 8, of: ({ ranges }) => rangesText(ranges) },
    { title: 'Id', drop: 1, of: ({ fileId }) => shortId(fileId) },
  ]);
}

function rangesText(ranges: PartStatus['ranges']): string {
  if (ranges === undefined) return 'not open';
  if (ranges.length === 0) return 'none';
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
