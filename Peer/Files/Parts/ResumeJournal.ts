import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
  type Decoded,
  optional,
  struct,
  text,
  uint32,
  uint53,
} from '../../../Protocol/Codec.ts';
import { extensible, fileExtensions } from '../../../Protocol/Extensions.ts';
import { type FileDescription, isDescriptionOf } from '../../../Protocol/FileId.ts';
import { type ChunkHash, chunkHash, fileId, type PeerId, peerId } from '../../../Protocol/Ids.ts';
import { PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import { encodeRecord, readRecords } from './JournalRecords.ts';

/**
 * The journal of an unfinished file: its description and path, and the chunks on disk. Append-only.
 *
 *   magic "SHOALJ1\\n", then records (JournalRecords.ts): header, chunk hashes in pages, then in any order
 *   verified(chunk), synced(count), forgotten(chunk), paused(yes or no), attributes(time and executable bit),
 *   pushed by(peer, or nobody).
 *
 * A chunk's record is appended after its data write has returned. `synced(count)` is appended after an fdatasync of
 * the data that began when `count` verified-records had been appended: the chunks of those records survive a power
 * cut. A later header changes the path. Reading ends at the first torn or damaged record; the rest is ignored.
 */
const MAGIC = Buffer.from('SHOALJ1\n', 'ascii');
const HEADER = 1;
const HASHES = 2;
const VERIFIED = 3;
const SYNCED = 4;
const FORGOTTEN = 5;
const PAUSED = 6;
const ATTRIBUTES = 7;
const PUSHED_BY = 8;

/** 32 bytes each. Bounds one record to 64 KiB. */
const HASHES_PER_RECORD = 2_000;

const header = struct({ fileId, size: uint53, path: text(PATH_BYTES_MAX) });
type Header = Decoded<typeof header>;

const pushedBy: Codec<PeerId | undefined> = optional(peerId);

const attributes: Codec<FileAttributes> = extensible({}, fileExtensions);

/** The state of an unfinished file according to its journal. */
export interface JournalState {
  readonly description: FileDescription;
  /** Wanted path, relative to the share. */
  readonly path: string;
  readonly attributes: FileAttributes;
  readonly paused: boolean;
  /** The peer that pushes the content; undefined: the user asks for it. */
  readonly pushedBy: PeerId | undefined;
  /** Chunks with a sync mark, ascending. */
  readonly durable: readonly number[];
  /** Verified chunks without a sync mark: to be hashed again after an unclean stop. */
  readonly unsure: readonly number[];
  /** Number of verified-records: the base for the next `synced` count. */
  readonly records: number;
  /** Length of the valid part. The rest must be truncated before the next append. */
  readonly bytes: number;
}

/** Encodes the start of a new journal. @param path - at most PATH_BYTES_MAX bytes */
export function encodeJournalStart(description: FileDescription, path: string): Buffer {
  const { chunkHashes } = description;
  const parts = [MAGIC, encodeWantedPath(description, path)];
  for (let first = 0; first < chunkHashes.length; first += HASHES_PER_RECORD) {
    const out = new ByteWriter(32 * HASHES_PER_RECORD);
    for (const hash of chunkHashes.slice(first, first + HASHES_PER_RECORD)) chunkHash.write(out, hash);
    parts.push(encodeRecord(HASHES, out.finish()));
  }
  return Buffer.concat(parts);
}

/** @param path - at most PATH_BYTES_MAX bytes */
export function encodeWantedPath({ fileId, layout }: FileDescription, path: string): Buffer {
  return record(HEADER, header, { fileId, size: layout.size, path });
}

export function encodeVerified(chunk: number): Buffer {
  return record(VERIFIED, uint32, chunk);
}

/** @param count - number of verified-records when the fdatasync began */
export function encodeSynced(count: number): Buffer {
  return record(SYNCED, uint32, count);
}

/** Encodes that a recorded chunk is not on disk after all. */
export function encodeForgotten(chunk: number): Buffer {
  return record(FORGOTTEN, uint32, chunk);
}

/** Encodes the wanted attributes of the finished file. A later record replaces an earlier one. */
export function encodeAttributes(wanted: FileAttributes): Buffer {
  return record(ATTRIBUTES, attributes, wanted);
}

/** Encodes the origin of the download. A later record replaces an earlier one. */
export function encodePushedBy(peer: PeerId | undefined): Buffer {
  return record(PUSHED_BY, pushedBy, peer);
}

export function encodePaused(paused: boolean): Buffer {
  return record(PAUSED, boolean, paused);
}

/** Returns undefined when header or chunk hashes are incomplete or damaged. Never throws. */
export function readJournal(bytes: Buffer): JournalState | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let start: Header | undefined;
  const hashes: ChunkHash[] = [];
  const order: number[] = [];
  let synced = 0;
  let wanted: FileAttributes = {};
  let paused = false;
  let pusher: PeerId | undefined;
  let end = MAGIC.length;
  try {
    for (const { type, body, endsAt } of readRecords(bytes, MAGIC.length)) {
      const input = new ByteReader(body);
      if (type === HEADER) start = header.read(input);
      else if (type === HASHES) while (input.remaining > 0) hashes.push(chunkHash.read(input));
      else if (type === VERIFIED) order.push(uint32.read(input));
      else if (type === SYNCED) synced = Math.max(synced, uint32.read(input));
      else if (type === FORGOTTEN) forget(order, uint32.read(input));
      else if (type === ATTRIBUTES) wanted = attributes.read(input);
      else if (type === PAUSED) paused = boolean.read(input);
      else if (type === PUSHED_BY) pusher = pushedBy.read(input);
      end = endsAt;
    }
  } catch (failure) {
    // A valid checksum with an unreadable body was written by a newer version: reading ends there.
    if (!(failure instanceof ShoalError)) throw failure;
  }
  if (start === undefined || !isSound(start, hashes)) return undefined;
  const description = { fileId: start.fileId, layout: chunkLayout(start.size), chunkHashes: hashes };
  const chunks = sortOut(order, synced, hashes.length);
  return {
    description,
    path: start.path,
    attributes: wanted,
    paused,
    pushedBy: pusher,
    ...chunks,
    records: order.length,
    bytes: end,
  };
}

function isSound(start: Header, hashes: readonly ChunkHash[]): boolean {
  try {
    return isDescriptionOf(start.fileId, start.size, hashes);
  } catch {
    return false;
  }
}

/** Invalidates the earlier records of a chunk. A later record counts again. */
function forget(order: number[], chunk: number): void {
  for (const [at, recorded] of order.entries()) if (recorded === chunk) order[at] = -1;
}

function sortOut(order: readonly number[], synced: number, chunkCount: number) {
  const isReal = (chunk: number) => chunk >= 0 && chunk < chunkCount;
  const durable = new Set(order.slice(0, synced).filter(isReal));
  const unsure = new Set(order.slice(synced).filter((chunk) => isReal(chunk) && !durable.has(chunk)));
  return { durable: ascending(durable), unsure: ascending(unsure) };
}

function ascending(chunks: ReadonlySet<number>): number[] {
  return [...chunks].sort((one, other) => one - other);
}

function record<T>(type: number, codec: Codec<T>, value: T): Buffer {
  const out = new ByteWriter(64);
  codec.write(out, value);
  return encodeRecord(type, out.finish());
}
