import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../ShoalError.ts';

/**
 * Creates a folder with its parents; no effect when it exists. Not with `recursive`: Node 20 then loops forever where
 * the system forbids new folders, as in /proc.
 * @param mode - permissions of every folder created
 * @returns whether the folder was created
 * @throws system errors
 */
export function makeFolder(path: string, mode = 0o777): Promise<boolean> {
  return made(path, mode, false);
}

async function made(path: string, mode: number, isRetry: boolean): Promise<boolean> {
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
    const hasParent = parent === path || (await isFolder(parent));
    // Another program may have created the parent meanwhile. In /proc the error comes with a parent, too.
    if (hasParent && isRetry) throw failure;
    if (!hasParent) await made(parent, mode, false);
    return await made(path, mode, true);
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
