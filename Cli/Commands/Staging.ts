import {
  constants,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';

/** A folder that can be shared. */
export interface Staged {
  readonly folder: string;
  /** Removes the folder if it was made for this command. */
  remove(): Promise<void>;
}

/**
 * Makes a folder that holds exactly these files and folders, by hard links or, where these fail, by copies. A single
 * folder is used itself.
 */
export async function stage(paths: readonly string[]): Promise<Staged> {
  const real = await Promise.all(
    paths.map((path) =>
      realpath(resolve(path)).catch(() => {
        throw missingPath(path);
      }),
    ),
  );
  const [only] = real;
  if (only !== undefined && real.length === 1 && (await stat(only)).isDirectory())
    return { folder: only, remove: async () => {} };
  const folder = await makeBeside(dirname(only ?? tmpdir()));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const path of real) await place(path, join(folder, basename(path)));
    return { folder: await realpath(folder), remove };
  } catch (failure) {
    await remove();
    throw failure;
  }
}

/** Makes a folder beside the files, so that links to them are possible; else in the temporary directory. */
async function makeBeside(folder: string): Promise<string> {
  return mkdtemp(join(folder, '.shoal-share-')).catch(() => mkdtemp(join(tmpdir(), 'shoal-share-')));
}

async function place(from: string, to: string): Promise<void> {
  const found = await stat(from);
  const { atime, mtime } = found;
  if (found.isDirectory()) {
    await mkdir(to);
    for (const entry of await readdir(from, { withFileTypes: true })) {
      if (entry.isDirectory() || entry.isFile()) await place(join(from, entry.name), join(to, entry.name));
    }
    await utimes(to, atime, mtime);
    return;
  }
  try {
    await link(from, to);
  } catch (failure) {
    if (systemCode(failure) === 'EEXIST') {
      throw new ShoalError('LOCAL_CONFLICT', `two of the given files are named ${safeText(basename(to))}`, {
        hint: 'Rename one of them, or share the folder above them.',
      });
    }
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await utimes(to, atime, mtime);
  }
}

export function missingPath(path: string): ShoalError {
  return new ShoalError('NOT_FOUND', `no such file or folder: ${safeText(path)}`, {
    hint: 'Check the path.',
  });
}
