import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

const MIB = 1_048_576;

/** Writes `bytes` random bytes in different blocks, so that no two chunks are equal. */
export async function writeRandomFile(path: string, bytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const block = randomBytes(8 * MIB);
  const file = await open(path, 'wx');
  try {
    for (let at = 0; at < bytes; at += block.length) {
      for (let chunk = 0; chunk < block.length; chunk += MIB) block.writeDoubleBE(Math.random(), chunk);
      await file.write(block, 0, Math.min(block.length, bytes - at), at);
    }
  } finally {
    await file.close();
  }
}

/**
 * Writes a sparse file with a number at the start of every MiB, so that no two chunks are equal.
 * @param first - the first number; files with distant first numbers share no chunk
 */
export async function writeSparseFile(path: string, bytes: number, first = 1): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx');
  try {
    await file.truncate(bytes);
    const number = Buffer.alloc(8);
    for (let at = 0; at + number.length <= bytes; at += MIB) {
      number.writeDoubleBE(at + first);
      await file.write(number, 0, number.length, at);
    }
  } finally {
    await file.close();
  }
}

/** Writes a tree of `count` small files, 200 per folder. */
export async function writeTree(folder: string, count: number, bytes: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const path = join(folder, `d${Math.floor(index / 200)}`, `f${index}.bin`);
    if (index % 200 === 0) await mkdir(dirname(path), { recursive: true });
    writeFileSync(path, randomBytes(bytes), { flag: 'wx' });
  }
}

/** SHA-256 of a file: independent of BLAKE3, so that an error in Shoal's hashing shows. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path, { highWaterMark: MIB })) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

/** Paths of all files below a folder, sorted. */
function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

/** Whether two files hold the same bytes. */
export async function sameBytes(first: string, second: string): Promise<boolean> {
  const files = await Promise.all([open(first), open(second)]);
  try {
    const [size, other] = (await Promise.all(files.map((file) => file.stat()))).map((stat) => stat.size);
    if (size !== other) return false;
    const buffers = files.map(() => Buffer.allocUnsafe(4 * MIB));
    for (let at = 0; at < (size ?? 0); at += 4 * MIB) {
      const [one, two] = await Promise.all(files.map((file, index) => readWhole(file, buffers[index], at)));
      if (one === undefined || two === undefined || !one.equals(two)) return false;
    }
    return true;
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

/** Whether two folders hold the same files with the same bytes. Reads whole files: for small ones. */
export function sameTrees(first: string, second: string): boolean {
  const [paths, others] = [filesBelow(first), filesBelow(second)];
  return (
    paths.length > 0 &&
    paths.length === others.length &&
    paths.every(
      (path, index) =>
        path === others[index] && readFileSync(join(first, path)).equals(readFileSync(join(second, path))),
    )
  );
}

/**
 * Hard-links a file, or all files of a folder (`name` ends with "/"), into another folder.
 * @returns the number of links
 */
export async function linkAll(source: string, name: string, target: string): Promise<number> {
  if (!name.endsWith('/')) {
    linkSync(join(source, name), join(target, name));
    return 1;
  }
  await mkdir(join(target, name), { recursive: true });
  let count = 0;
  for (const entry of await readdir(join(source, name), { withFileTypes: true })) {
    count += await linkAll(source, name + entry.name + (entry.isDirectory() ? '/' : ''), target);
  }
  return count;
}

/** Fills the buffer from a position of a file. @returns the bytes read: fewer only at the end of the file */
async function readWhole(
  file: FileHandle,
  buffer: Buffer = Buffer.alloc(0),
  position: number,
): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
