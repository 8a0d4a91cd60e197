import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { Log } from '../../Shared/Log.ts';

/** Upper bound on the file size, above any stored value: foreign files are not read into memory. */
const BYTES_MAX = 1_024 * 1_024;

/** The fields of a JSON object, of any type; none when the file has no object, or is unusable. */
export async function readFields(
  path: string,
  log: Pick<Log, 'warn'>,
): Promise<Readonly<Record<string, unknown>>> {
  const value = await readJson(path, log);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/**
 * Reads a JSON file; undefined when it is missing, unreadable or damaged. A damaged one (no JSON, too large, a folder
 * or a pipe in its place) is moved aside and reported: the next write would replace it.
 */
export async function readJson(path: string, log: Pick<Log, 'warn'>, bytesMax = BYTES_MAX): Promise<unknown> {
  try {
    const stats = await stat(path);
    if (stats.isFile() && stats.size <= bytesMax) return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (failure) {
    if (!(failure instanceof SyntaxError)) return undefined;
  }
  const aside = await moveAside(path).catch(() => `${path}, and cannot be moved aside`);
  log.warn(`a file of this peer's state was damaged: what it held is missing. It is now at ${aside}`);
  return undefined;
}

/** Renames a damaged file. @returns its new path. @throws Error of node:fs */
export async function moveAside(path: string): Promise<string> {
  const aside = `${path}.damaged-${randomBytes(3).toString('hex')}`;
  await rename(path, aside);
  return aside;
}

/**
 * Replaces the file atomically: readers and a crash see either the old or the new content.
 * @throws Error of node:fs
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Replaces a text file atomically, readable by its owner only. @throws Error of node:fs */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (failure) {
    await rm(temporary, { force: true });
    throw failure;
  }
}
