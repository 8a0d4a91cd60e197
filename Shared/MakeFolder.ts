import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './ShoalError.ts';

/**
 * Creates a folder with its parents; no effect when it exists. Not with `recursive`: Node 20 then loops forever where
 * the system forbids new folders, as in /proc.
 * @param mode - permissions of every folder created
 * @returns whether the folder was created
 * @throws system errors
 */
export async function makeFolder(path: string, mode = 0o777): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (failure) {
    const code = systemCode(failure);
    if (code !== 'ENOENT') {
      // EROFS and EACCES are reported for existing folders too.
      if (await isFolder(path)) return false;
      throw failure;
    }
    const parent = dirname(path);
    if (parent === path || (await isFolder(parent))) throw failure;
    await makeFolder(parent, mode);
    return await makeFolder(path, mode); // Another program may create it at the same time.
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
