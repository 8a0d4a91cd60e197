import type { CommandForm } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus, FileVersion, FileVersions } from '../../DownloadModel.ts';
import { formatBytes, plural } from './HumanUnits.ts';
import { baseName } from './Items.ts';

/** Paths that are named; the number of the others follows. */
const NAMED_MAX = 3;

/** Names the files that have other versions, the one taken, and the way to take another; '' if none has. */
export function versionsText(
  { versions = [], path }: Pick<DownloadStatus, 'versions' | 'path'>,
  command: CommandForm,
): string {
  const [first] = versions;
  if (first === undefined) return '';
  const count =
    versions.length === 1 ? '1 file has other versions' : `${versions.length} files have other versions`;
  const named = versions.slice(0, NAMED_MAX).map(versionLine);
  const more =
    versions.length > NAMED_MAX ? [`  … and ${plural(versions.length - NAMED_MAX, 'more file')}`] : [];
  const target = safeText(path.endsWith('/') ? path : baseName(path));
  const other = first.others[0]?.fileId.slice(0, 8) ?? '<id>';
  return [
    `${count}:`,
    ...named,
    ...more,
    `Take another one: ${command(`download ${target} --other ${other}`)}`,
  ].join('\n');
}

function versionLine({ path, taken, others, undelivered }: FileVersions): string {
  const rest = others.map((version) => versionText(version)).slice(0, NAMED_MAX);
  const kept = others.some(({ isHere }) => isHere)
    ? '; the one that is here is older and stays, the new one lies beside it'
    : '';
  const own = taken.isHere && others.length > 0 ? ' (the one that is here)' : '';
  if (undelivered) {
    const newer = others.slice(0, 1).map(versionText).join();
    return `  ${safeText(path)}: took ${versionText(taken)}, because no source delivered the newer ${newer}`;
  }
  return `  ${safeText(path)}: took ${versionText(taken)}${own}, not ${rest.join(', ')}${kept}`;
}

/** `7c2f90ab of 2026-11-30 08:15:30 (3 KB)` */
function versionText({ fileId, modifiedMs, size }: FileVersion): string {
  const date = new Date(modifiedMs);
  const time =
    modifiedMs <= 0 || Number.isNaN(date.getTime())
      ? ''
      : ` of ${date.toISOString().slice(0, 19).replace('T', ' ')}`;
  return `${fileId.slice(0, 8)}${time} (${formatBytes(size)})`;
}
