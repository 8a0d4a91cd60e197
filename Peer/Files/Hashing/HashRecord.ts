import { crc32 } from 'node:zlib';
import type { FileId } from '../../../Protocol/Ids.ts';
import { CHUNK_COUNT_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { fileState, OWNER_MAY_RUN } from '../Disk/FileState.ts';
import type { CacheRecord, FolderRename, HashCacheEntry } from './HashCache.ts';

/** Every record begins with it: after damage the next record is found. */
export const MAGIC = Buffer.from('SHc3');
/**
 * Little-endian: MAGIC, length of the record (4 bytes), CRC-32 of all behind it (4), kind (1), zero (1), length of the
 * path (2). A removal goes on with the path in UTF-8; a rename of a folder with both paths and NUL between them; a file
 * with size, mtime and ctime in ns, inode, device (8 each), FileId (32), the chunk hashes (32 each), and the path.
 */
export const HEAD_BYTES = 16;
const [LENGTH_AT, CRC_AT, KIND_AT, PATH_LENGTH_AT] = [4, 8, 12, 14];
const [SIZE_AT, MTIME_AT, CTIME_AT, INODE_AT, DEVICE_AT, ID_AT, HASHES_AT] = [16, 24, 32, 40, 48, 56, 88];
const HASH_BYTES = 32;
/** Longest record. */
const RECORD_BYTES_MAX = HASHES_AT + HASH_BYTES * CHUNK_COUNT_MAX + 3 * PATH_BYTES_MAX;

const REMOVAL = 0;
const FILE = 1;
/** A file that its owner may run. */
const PROGRAM = 2;
const RENAME = 3;

/** Encodes a record. @param entry - undefined: the entry of this path was removed */
export function encodeRecord(path: string, entry: HashCacheEntry | undefined): Buffer {
  const name = Buffer.from(path);
  const hashes =
    typeof entry?.hashes === 'string' ? Buffer.from(entry.hashes, 'hex') : (entry?.hashes ?? NOTHING);
  const pathAt = entry === undefined ? HEAD_BYTES : HASHES_AT + hashes.length;
  const bytes = Buffer.alloc(pathAt + name.length);
  bytes.set(MAGIC);
  bytes.writeUInt32LE(bytes.length, LENGTH_AT);
  bytes.writeUInt16LE(name.length, PATH_LENGTH_AT);
  bytes.set(name, pathAt);
  if (entry !== undefined) {
    const { size, mtimeNs, ctimeNs, inode, device, executable } = entry.file.state;
    bytes.writeUInt8(executable ? PROGRAM : FILE, KIND_AT);
    bytes.writeBigUInt64LE(BigInt(size), SIZE_AT);
    bytes.writeBigInt64LE(mtimeNs, MTIME_AT);
    bytes.writeBigInt64LE(ctimeNs, CTIME_AT);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, inode), INODE_AT);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(device)), DEVICE_AT);
    bytes.write(entry.file.fileId, ID_AT, HASH_BYTES, 'hex');
    bytes.set(hashes, HASHES_AT);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(KIND_AT)), CRC_AT);
  return bytes;
}

/** Encodes the rename of a folder. No path contains NUL. */
export function encodeRename({ from, to }: FolderRename): Buffer {
  const bytes = encodeRecord(`${from}\0${to}`, undefined);
  bytes.writeUInt8(RENAME, KIND_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(KIND_AT)), CRC_AT);
  return bytes;
}

/** A copy of the record of a file with another path. */
export function withPath(record: Buffer, path: string): Buffer {
  const name = Buffer.from(path);
  const rest = record.subarray(0, record.length - record.readUInt16LE(PATH_LENGTH_AT));
  const bytes = Buffer.concat([rest, name]);
  bytes.writeUInt32LE(bytes.length, LENGTH_AT);
  bytes.writeUInt16LE(name.length, PATH_LENGTH_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(KIND_AT)), CRC_AT);
  return bytes;
}

const NOTHING = Buffer.alloc(0);

/**
 * Length of the record that begins in these bytes, which are HEAD_BYTES or more; it may be longer than they are.
 * Undefined: none begins here.
 */
export function recordLength(bytes: Buffer, at: number): number | undefined {
  const length = bytes.readUInt32LE(at + LENGTH_AT);
  const isHead = MAGIC.compare(bytes, at, at + MAGIC.length) === 0 && length >= HEAD_BYTES;
  return isHead && length <= RECORD_BYTES_MAX ? length : undefined;
}

/** Whether a whole record, without bytes behind it, is intact. */
export function isIntact(record: Buffer): boolean {
  const pathBytes = record.readUInt16LE(PATH_LENGTH_AT);
  const kind = record.readUInt8(KIND_AT);
  const hashBytes = record.length - pathBytes - HASHES_AT;
  const fits =
    kind === REMOVAL || kind === RENAME
      ? record.length === HEAD_BYTES + pathBytes
      : kind <= PROGRAM && hashBytes >= 0 && hashBytes % HASH_BYTES === 0;
  return fits && crc32(record.subarray(KIND_AT)) === record.readUInt32LE(CRC_AT);
}

/** Decodes an intact record. */
export function decodeRecord(record: Buffer): CacheRecord {
  const path = pathOf(record);
  const kind = record.readUInt8(KIND_AT);
  if (kind === RENAME) {
    const [from = '', to = ''] = path.split('\0');
    return { from, to };
  }
  if (kind === REMOVAL) return { path, file: undefined };
  const state = fileState({
    mode: kind === PROGRAM ? BigInt(OWNER_MAY_RUN) : 0n,
    dev: record.readBigUInt64LE(DEVICE_AT),
    ino: record.readBigUInt64LE(INODE_AT),
    size: record.readBigUInt64LE(SIZE_AT),
    mtimeNs: record.readBigInt64LE(MTIME_AT),
    ctimeNs: record.readBigInt64LE(CTIME_AT),
  });
  return { path, file: { state, fileId: record.toString('hex', ID_AT, HASHES_AT) as FileId } };
}

/** Path of an intact record of a file. */
export function pathOf(record: Buffer): string {
  return record.toString('utf8', record.length - record.readUInt16LE(PATH_LENGTH_AT));
}

/** Chunk hashes of an intact record, 32 bytes each; undefined: it is a removal. */
export function hashesOf(record: Buffer): Buffer | undefined {
  const kind = record.readUInt8(KIND_AT);
  if (kind === REMOVAL || kind === RENAME) return undefined;
  return record.subarray(HASHES_AT, record.length - record.readUInt16LE(PATH_LENGTH_AT));
}
