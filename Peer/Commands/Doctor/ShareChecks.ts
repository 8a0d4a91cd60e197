import type { CommandForm } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DiskSpeed, ShareStatus } from '../../ShareModel.ts';
import type { WatchMeasurement } from '../Ports.ts';
import { formatBytes, formatCount, formatRate, plural } from '../Views/HumanUnits.ts';
import { bad, type DiagnosisFacts, type Finding, fine } from './Finding.ts';

/** Free space below which the next download of a film may fill the disk. */
const FREE_BYTES_MIN = 2_000_000_000;
/** Share of the watches above which a few new folders reach the limit. */
const WATCHES_SHORT = 0.9;
const MORE_WATCHES = 'On Linux: sudo sysctl fs.inotify.max_user_watches=524288';

/** Checks of the share folder and its disk. */
export function shareChecks({ share, measured }: DiagnosisFacts, command: CommandForm): readonly Finding[] {
  const folder = safeText(share.folder);
  if (share.gone !== undefined) {
    const text = `${folder} is gone (${safeText(share.gone.reason)}): nothing is shared`;
    return [bad('share', text, 'Connect its disk again, or start with another folder: --share DIR')];
  }
  const what = `${plural(share.files, 'file')}, ${formatBytes(share.bytes)}`;
  const readOnly = share.readOnly ? '; it is read-only, so downloads fail' : '';
  return [
    fine('share', `${folder} shares ${what}${readOnly}`),
    changesCheck(share, measured.watches),
    namesCheck(share, command),
    hashingCheck(share),
    diskCheck(measured.disk),
  ];
}

function changesCheck({ mode }: ShareStatus, { used, allowed }: WatchMeasurement): Finding {
  if (mode === 're-scanning') {
    const text = 'the system watches no more folders: changes are found by scans, up to minutes later';
    return bad('changes', text, MORE_WATCHES);
  }
  const text = 'changes in the folder take effect at once';
  if (used === undefined || allowed === undefined) return fine('changes', text);
  const count = `${formatCount(used)} of ${formatCount(allowed)} watches are in use`;
  if (used < allowed * WATCHES_SHORT) return fine('changes', `${text}; ${count}`);
  return bad('changes', `${text}, but ${count}`, MORE_WATCHES);
}

function namesCheck({ notShared }: ShareStatus, command: CommandForm): Finding {
  const count = notShared.reduce((sum, each) => sum + each.count, 0);
  if (count === 0) return fine('names', 'all names can be shared');
  const text = `${plural(count, 'name')} of the folder cannot be shared`;
  return bad('names', text, `The names and reasons: ${command('status')}`);
}

function hashingCheck({ hashing, scanned }: ShareStatus): Finding {
  const queue = `${plural(hashing.files, 'file')} still to be hashed, and shared afterwards`;
  return fine('hashing', hashing.files > 0 || !scanned ? queue : 'every file is hashed');
}

function diskCheck(disk: DiskSpeed): Finding {
  if (disk.failure !== undefined) return fine('disk', `not measured: ${safeText(disk.failure)}`);
  const { freeBytes, bytesPerSecond } = disk;
  const speed = bytesPerSecond === undefined ? '' : `, writes ${formatRate(bytesPerSecond)}`;
  const text = `${formatBytes(freeBytes)} free${speed}`;
  if (freeBytes >= FREE_BYTES_MIN) return fine('disk', text);
  return bad('disk', text, 'Free some space, or start with a folder on another disk: --share DIR');
}
