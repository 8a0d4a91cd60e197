import { link, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';

/** Most names that are tried when a file of that name exists. */
const NAMES_MAX = 10_000;

/**
 * Moves a file or folder into a folder, without overwriting. A file whose name is taken gets a number: `name (2).ext`.
 * A folder gets its name at once with all its files, or is merged into the folder of that name.
 * @param from - absolute, on the same file system
 * @param as - name of a single file; undefined: its own
 * @returns the new path
 */
export async function moveInto(from: string, folder: string, as: string | undefined): Promise<string> {
  const { base } = parse(from);
  const isFolder = (await lstat(from)).isDirectory();
  const name = isFolder ? base : (as ?? base);
  for (let number = 1; number <= NAMES_MAX; number++) {
    const to = join(folder, numbered(name, number, isFolder));
    if (await (isFolder ? moveFolder(from, to) : moveFile(from, to))) return to;
  }
  throw new ShoalError(
    'LOCAL_CONFLICT',
    `too many files are named ${safeText(name)} in ${safeText(folder)}`,
    {
      hint: 'Choose another folder: -o DIR',
    },
  );
}

/** @returns false when the name is taken */
async function moveFile(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    await rm(from);
    return true;
  } catch (failure) {
    if (systemCode(failure) === 'EEXIST') return false;
    if ((await kindOf(to)) !== undefined) throw failure;
    await rename(from, to); // The file system has no hard links.
    return true;
  }
}

/** @returns false when the name is taken by something that is no folder */
async function moveFolder(from: string, to: string): Promise<boolean> {
  const kind = await kindOf(to);
  if (kind === 'other') return false;
  if (kind === undefined) {
    await mkdir(to); // Reserves the name: rename replaces an empty folder only.
    try {
      await rename(from, to);
      return true;
    } catch (failure) {
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemCode(failure) ?? '')) throw failure;
    }
  }
  for (const name of await readdir(from)) await moveInto(join(from, name), to, undefined);
  await rmdir(from);
  return true;
}

async function kindOf(path: string): Promise<'folder' | 'other' | undefined> {
  return lstat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'other'),
    () => undefined,
  );
}

function numbered(name: string, number: number, isFolder: boolean): string {
  if (number === 1) return name;
  const { name: stem, ext } = isFolder ? { name, ext: '' } : parse(name);
  return `${stem} (${number})${ext}`;
}
