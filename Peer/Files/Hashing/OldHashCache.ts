import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { hashBytes } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { isId } from '../../../Protocol/Ids.ts';
import { CHUNK_COUNT_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { fileState } from '../Disk/FileState.ts';
import type { HashCacheEntry } from './HashCache.ts';
import { encodeRecord } from './HashRecord.ts';
import { RecordFile } from './RecordFile.ts';

/** One line of the file. */
interface OldRecord {
  readonly path: string;
  /** Undefined: the entry of this path was removed. */
  readonly entry: HashCacheEntry | undefined;
}

const CHECKSUM_DIGITS = 16;
/** Size of the checksum with the space behind it, in bytes. */
const CHECKSUM_BYTES = CHECKSUM_DIGITS + 1;
/** Longest line: 64 hex digits per chunk, the path as escaped JSON, and the other fields. */
const LINE_BYTES_MAX = 64 * CHUNK_COUNT_MAX + 6 * PATH_BYTES_MAX + 1_024;
const READ_BYTES = 256 * 1_024;
const LINE_FEED = 0x0a;

/**
 * Converts the hash cache of version 0.1, a text file, and removes it. Damaged lines are left out. A cache that exists
 * already at the new path is kept. The new file appears whole, or not at all.
 * @param old - path of the text file; nothing is done when it does not exist
 * @throws system errors
 */
export async function convertOldCache(old: string, path: string): Promise<void> {
  const from = await open(old, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (from === undefined) return;
  try {
    const isConverted = await stat(path).catch(() => undefined);
    if (isConverted === undefined) await convert(from, path);
  } finally {
    await from.close();
  }
  await rm(old, { force: true });
}

async function convert(from: FileHandle, path: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const to = await RecordFile.open(temporary, 'append');
  try {
    for await (const lines of linesOf(from)) {
      const records = lines.map(readLine).filter((record) => record !== undefined);
      await to.append(records.map((record) => encodeRecord(record.path, record.entry)));
    }
  } finally {
    await to.close();
  }
  await rename(temporary, path);
}

/** Yields the lines of one read at a time, without those longer than any record. */
async function* linesOf(file: FileHandle): AsyncGenerator<readonly Buffer[]> {
  let start: Buffer = Buffer.alloc(0);
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
    const lines: Buffer[] = [];
    let at = 0;
    for (let end = 0; end >= 0 && at < bytesRead; at = end + 1) {
      end = buffer.subarray(0, bytesRead).indexOf(LINE_FEED, at);
      if (end < 0) break;
      lines.push(Buffer.concat([start, buffer.subarray(at, end)]));
      start = Buffer.alloc(0);
    }
    if (bytesRead === 0) lines.push(start);
    else if (start.length <= LINE_BYTES_MAX) start = Buffer.concat([start, buffer.subarray(at, bytesRead)]);
    yield lines;
    if (bytesRead === 0) return;
  }
}

/**
 * Decodes a line without its line feed: a checksum of the rest (16 hex digits of BLAKE3), then fields separated by
 * single spaces. `put`: size, mtime in ms, device, `inode.size.mtime in ns`, ctime in ns, FileId, chunk hashes in
 * hex, path. `gone`: path. The path is a JSON string. Undefined when the line is damaged or foreign.
 */
export function readLine(line: Buffer): OldRecord | undefined {
  const rest = line.subarray(CHECKSUM_BYTES);
  if (line.length <= CHECKSUM_BYTES || line.toString('latin1', 0, CHECKSUM_BYTES) !== `${checksum(rest)} `)
    return undefined;
  const text = rest.toString();
  const pathAt = text.indexOf(' "') + 1;
  const path = pathAt > 0 ? parsePath(text.slice(pathAt)) : undefined;
  if (path === undefined) return undefined;
  const [kind, size, modified, device, content = '', changed = '', fileId = '', hashes = '', ...more] = text
    .slice(0, pathAt - 1)
    .split(' ');
  if (kind === 'gone') return { path, entry: undefined };
  const [sizeBytes, modifiedMs] = [Number(size), Number(modified)];
  const [, inode, , mtimeNs] = /^(\d+)\.(\d+)\.(-?\d+)$/.exec(content) ?? [];
  const isWhole = kind === 'put' && more.length === 0 && inode && mtimeNs && isId(fileId);
  if (
    !isWhole ||
    !/^\d+$/.test(device ?? '') ||
    !/^-?\d+$/.test(changed) ||
    !isCount(sizeBytes) ||
    !isCount(modifiedMs) ||
    !/^(?:[0-9a-f]{64})*$/.test(hashes)
  )
    return undefined;
  const state = fileState({
    dev: BigInt(device ?? 0),
    ino: BigInt(inode),
    size: BigInt(sizeBytes),
    mtimeNs: BigInt(mtimeNs),
    ctimeNs: BigInt(changed),
  });
  return { path, entry: { file: { state, fileId: fileId as FileId }, hashes } };
}

function checksum(bytes: Buffer): string {
  return hashBytes(bytes).slice(0, CHECKSUM_DIGITS);
}

function parsePath(text: string): string | undefined {
  try {
    const path: unknown = JSON.parse(text);
    return typeof path === 'string' ? path : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
