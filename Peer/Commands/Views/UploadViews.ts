import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { UploadStatus } from '../../Model.ts';
import type { TakenFile } from '../../NetworkModel.ts';
import { limitedTable } from './FileViews.ts';
import { formatBytes, formatDate, formatRate, percent } from './HumanUnits.ts';
import { peerLabel } from './ReachabilityViews.ts';
import type { Column } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

/** `uploads`, and part of `status`. */
export function uploadsText(uploads: readonly UploadStatus[], style: ViewStyle): string {
  if (uploads.length === 0) return 'Nobody takes anything now. Who took what before: uploads --history';
  const columns: Column[] = [
    { title: 'Sending to', shrink: 'end' },
    { title: 'File', shrink: 'middle' },
    { title: 'Sent', align: 'right' },
    { title: 'Speed', align: 'right', drop: 1 },
  ];
  const row = (upload: UploadStatus) => [
    peerLabel(upload.peer),
    safeText(upload.path),
    formatBytes(upload.bytes),
    formatRate(upload.bytesPerSecond),
  ];
  return limitedTable(columns, uploads, row, style, '');
}

/** `uploads --history` */
export function takenText(taken: readonly TakenFile[], style: ViewStyle): string {
  if (taken.length === 0) return 'Nobody has taken anything from this peer yet.';
  const columns: Column[] = [
    { title: 'When', drop: 1 },
    { title: 'Peer', shrink: 'end' },
    { title: 'File', shrink: 'middle' },
    { title: 'Sent', align: 'right', drop: 2 },
    { title: 'Has', align: 'right' },
  ];
  const row = ({ peer, path, size, bytes, complete, lastWallMs }: TakenFile) => [
    formatDate(lastWallMs),
    safeText(peer.name),
    safeText(path),
    formatBytes(bytes),
    complete ? { text: 'all', paint: style.paint.good } : `${percent(Math.min(bytes, size), size)} %`,
  ];
  return limitedTable(columns, taken, row, style, 'All: uploads --history --json');
}
