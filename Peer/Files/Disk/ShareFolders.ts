import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { diskError } from './Disk.ts';
import { TEMP_FOLDER } from './SafePath.ts';

/**
 * Creates the share folder when missing. Returns its path without links in it, and that of its folder of unfinished
 * files, which is created when a download needs it: the share may be read-only.
 * @throws ShoalError DISK_FAILED, DISK_FULL
 */
export function makeShareFolders(shareDir: string): { readonly root: string; readonly temp: string } {
  try {
    // Not with `recursive`, see Shared/Paths/MakeFolder.ts.
    if (!statSync(shareDir, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(shareDir);
    const root = realpathSync(shareDir);
    return { root, temp: join(root, TEMP_FOLDER) };
  } catch (failure) {
    throw diskError(failure, `creating the share folder "${shareDir}"`);
  }
}
