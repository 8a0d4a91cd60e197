import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { diskError } from './Disk.ts';
import { TEMP_FOLDER } from './SafePath.ts';

/**
 * Creates the share folder and its `Temp/` when missing. Returns both paths without links in them.
 * @throws ShoalError DISK_FAILED, DISK_FULL
 */
export function makeShareFolders(shareDir: string): { readonly root: string; readonly temp: string } {
  try {
    mkdirSync(shareDir, { recursive: true });
    const root = realpathSync(shareDir);
    const temp = join(root, TEMP_FOLDER);
    mkdirSync(temp, { recursive: true });
    if (realpathSync(temp) === temp) return { root, temp };
  } catch (failure) {
    throw diskError(failure, `creating the share folder "${shareDir}"`);
  }
  throw new ShoalError('DISK_FAILED', `"${TEMP_FOLDER}" in "${shareDir}" is a link`, {
    hint: 'Unfinished files must be on the disk of the share folder: remove the link.',
  });
}
