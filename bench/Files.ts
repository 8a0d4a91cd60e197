import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir } from 'node:fs/promises';
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
    const file = await open(path, 'wx');
    await file.write(randomBytes(bytes));
    await file.close();
  }
}

/** SHA-256 of a file: independent of BLAKE3, so that an error in Shoal's hashing shows. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path, { highWaterMark: MIB })) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

/** SHA-256 over names and contents of all files below a folder, hidden ones excluded. */
async function hashTree(folder: string): Promise<{ files: number; hash: string }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const path of paths.toSorted()) hash.update(`${relative(folder, path)}\0${await hashFile(path)}\n`);
  return { files: paths.length, hash: hash.digest('hex') };
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

/** Whether two folders hold the same files with the same bytes. */
export async function sameTrees(first: string, second: string): Promise<boolean> {
  const [one, two] = await Promise.all([hashTree(first), hashTree(second)]);
  return one.files > 0 && one.hash === two.hash;
}

/**
 * Hard-links a file, or all files of a folder (`name` ends with "/"), into another folder.
 * @returns the number of links
 */
export async function linkAll(source: string, name: string, target: string): Promise<number> {
  if (!name.endsWith('/')) {
    await link(join(source, name), join(target, name));
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
