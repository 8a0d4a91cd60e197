import { hashBytes } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { isId } from '../../../Protocol/Ids.ts';
import type { HashCacheEntry } from './HashCache.ts';

/**
 * One line of the hash cache: a checksum of the rest (16 hex digits of BLAKE3), then fields separated by single spaces.
 * `put`: size, mtime in ms, device, `inode.size.mtime in ns`, ctime in ns, FileId, chunk hashes in hex, path. `gone`: path. The path is a JSON
 * string, so that a line has no line feed inside.
 */
export interface HashRecord {
  readonly path: string;
  /** Undefined: the entry of this path was removed. */
  readonly entry: (HashCacheEntry & { readonly hashes: string }) | undefined;
}

const CHECKSUM_DIGITS = 16;
/** Size of the checksum with the space behind it, in bytes. */
const CHECKSUM_BYTES = CHECKSUM_DIGITS + 1;

/** Encodes a record as a line with its line feed. */
export function recordLine(path: string, entry: HashCacheEntry | undefined): Buffer {
  const rest = Buffer.from(`${fieldsOf(entry)} ${JSON.stringify(path)}`);
  return Buffer.concat([Buffer.from(`${checksum(rest)} `), rest, LINE_FEED]);
}

/** Decodes a line without its line feed. Undefined when it is damaged or foreign. */
export function readRecord(line: Buffer): HashRecord | undefined {
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
  const isWhole = kind === 'put' && more.length === 0 && device && inode && mtimeNs && isId(fileId);
  if (
    !isWhole ||
    !/^-?\d+$/.test(changed) ||
    !isCount(sizeBytes) ||
    !isCount(modifiedMs) ||
    !/^(?:[0-9a-f]{64})*$/.test(hashes)
  )
    return undefined;
  const times = { mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(changed) };
  const state = {
    size: sizeBytes,
    modifiedMs,
    touchedMs: modifiedMs,
    device,
    inode: BigInt(inode),
    ...times,
  };
  return { path, entry: { file: { state, fileId: fileId as FileId }, hashes } };
}

const LINE_FEED = Buffer.from('\n');

function fieldsOf(entry: HashCacheEntry | undefined): string {
  if (entry === undefined) return 'gone';
  const { size, modifiedMs, device, inode, mtimeNs, ctimeNs } = entry.file.state;
  const hashes = typeof entry.hashes === 'string' ? entry.hashes : Buffer.from(entry.hashes).toString('hex');
  return `put ${size} ${modifiedMs} ${device} ${inode}.${size}.${mtimeNs} ${ctimeNs} ${entry.file.fileId} ${hashes}`;
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
