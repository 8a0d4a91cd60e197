import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { UploadStatus } from '../../Model.ts';
import type { TakenFile } from '../../NetworkModel.ts';
import { formatBytes, formatDate, formatRate, percent } from './HumanUnits.ts';
import { peerLabel } from './ReachabilityViews.ts';
import { limitedTable } from './TextTable.ts';
import { nextCommand, type ViewStyle } from './ViewStyle.ts';

/** `uploads`, and part of `status`. */
export function uploadsText(uploads: readonly UploadStatus[], style: ViewStyle): string {
  if (uploads.length === 0)
    return `No uploads are running. Finished ones: ${nextCommand(style, 'uploads --history')}`;
  return limitedTable(uploads, style, '', [
    { title: 'Sending to', shrink: 'end', of: ({ peer }) => peerLabel(peer) },
    { title: 'File', shrink: 'middle', of: ({ path }) => safeText(path) },
    { title: 'Sent', align: 'right', of: ({ bytes }) => formatBytes(bytes) },
    { title: 'Speed', align: 'right', drop: 1, of: ({ bytesPerSecond }) => formatRate(bytesPerSecond) },
  ]);
}

/** `uploads --history` */
export function takenText(taken: readonly TakenFile[], style: ViewStyle): string {
  if (taken.length === 0) return 'This peer has uploaded nothing yet.';
  const has = ({ size, bytes, complete }: TakenFile) =>
    complete ? { text: 'all', paint: style.paint.good } : `${percent(Math.min(bytes, size), size)} %`;
  return limitedTable(taken, style, 'All: uploads --history --json', [
    { title: 'When', drop: 1, of: ({ lastWallMs }) => formatDate(lastWallMs) },
    { title: 'Peer', shrink: 'end', of: ({ peer }) => safeText(peer.name) },
    { title: 'File', shrink: 'middle', of: ({ path }) => safeText(path) },
    { title: 'Sent', align: 'right', drop: 2, of: ({ bytes }) => formatBytes(bytes) },
    { title: 'Has', align: 'right', of: has },
  ]);
}
