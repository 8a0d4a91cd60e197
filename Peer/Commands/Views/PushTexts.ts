import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { PeerContact } from '../../Model.ts';
import type { OfferStatus, PartStatus, PushStatus } from '../../PushModel.ts';
import { limitedTable, shortId } from './FileViews.ts';
import { formatBytes, plural } from './HumanUnits.ts';
import { baseName } from './Items.ts';
import type { Column } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

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
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'File', shrink: 'middle' },
    { title: 'Size', align: 'right' },
    { title: 'Chunks', align: 'right', drop: 1 },
    { title: 'From', shrink: 'end', min: 8 },
  ];
  const row = (offer: OfferStatus) => [
    String(offer.number),
    safeText(baseName(offer.path)),
    formatBytes(offer.size),
    String(offer.chunks),
    `${peerName(offer.peer)} ${formatAddress(offer.peer.address)}`,
  ];
  return `${limitedTable(columns, offers, row, style, '')}\n\nAccept one: accept <number>. Reject one: reject <number>`;
}

export function pushesText(pushes: readonly PushStatus[], style: ViewStyle): string {
  if (pushes.length === 0) return 'No pushes since the start. Offer a file: send <file> <peer>';
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'File', shrink: 'middle' },
    { title: 'To', shrink: 'end', min: 6 },
    { title: 'Confirmed', align: 'right' },
    { title: 'State' },
  ];
  const row = (push: PushStatus) => [
    String(push.number),
    safeText(baseName(push.path)),
    peerName(push.peer),
    `${push.confirmed} of ${push.chunks}`,
    push.state,
  ];
  return limitedTable(columns, pushes, row, style, '');
}

/** `parts`: counts and stretches, like `0-11,14`. */
export function partsText(parts: readonly PartStatus[], style: ViewStyle): string {
  if (parts.length === 0) return 'No chunks yet. Download a file: download <file>';
  const columns: Column[] = [
    { title: 'File', shrink: 'middle' },
    { title: 'Chunks', align: 'right' },
    { title: 'Which', shrink: 'end', min: 8 },
    { title: 'Id', drop: 1 },
  ];
  const row = (part: PartStatus) => [
    safeText(part.path),
    `${part.count} of ${part.chunkCount}`,
    rangesText(part.ranges),
    shortId(part.fileId),
  ];
  return limitedTable(columns, parts, row, style, 'Show one file: parts <file>');
}

function rangesText(ranges: PartStatus['ranges']): string {
  if (ranges === undefined) return 'not open';
  if (ranges.length === 0) return 'none';
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

function peerName({ name, address }: PeerContact): string {
  return safeText(name === '' ? formatAddress(address) : name);
}
