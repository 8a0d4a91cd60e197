import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';

/** Larger than anything kept here: a file that is not ours is not read into memory. */
const BYTES_MAX = 1_024 * 1_024;

/** What the file holds; undefined when it is missing, unreadable, too large or no JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    if ((await stat(path)).size > BYTES_MAX) return undefined;
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Replaces the file in one step: readers and a crash meet the old content or the new one, never a half. @throws Error of node:fs */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** The same for text. Readable by its owner only. @throws Error of node:fs */
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
