import { address } from '../../../Protocol/AddressCodec.ts';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
  list,
  struct,
  text,
  uint8,
  uint32,
  uint53,
} from '../../../Protocol/Codec.ts';
import { fileId, type PeerId, peerId } from '../../../Protocol/Ids.ts';
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder } from '../../Model.ts';
import type { FolderFile, KeptFolder } from '../../Storage.ts';
import { encodeRecord, readRecords } from './JournalRecords.ts';

/**
 * What is kept of a folder download that is not over: magic "SHOALF1\\n", then records (JournalRecords.ts): one header, holders, files
 * in pages. It is written whole; a record that is cut or damaged anywhere counts for nothing.
 */
const MAGIC = Buffer.from('SHOALF1\n', 'ascii');
const HEADER = 1;
const HOLDER = 2;
const FILES = 3;

/** Holders that are kept, of the folder and of one file: enough to begin with, the trackers know more. */
const HOLDERS_MAX = 255;
const FILE_HOLDERS_MAX = 8;
/** A path of a stranger, and what we add to make it differ from others. */
const KEPT_PATH_BYTES_MAX = PATH_BYTES_MAX + 24;
/** Room for a file in a record of 64 KiB. */
const PAGE_BYTES = 60_000;

interface Header {
  readonly path: string;
  readonly paused: boolean;
  readonly files: number;
}

interface FileEntry {
  readonly fileId: FolderFile['fileId'];
  readonly size: number;
  readonly path: string;
  /** Places in the list of holders. */
  readonly holders: readonly number[];
}

const header: Codec<Header> = struct<Header>({
  path: text(KEPT_PATH_BYTES_MAX),
  paused: boolean,
  files: uint32,
});
const holder: Codec<Omit<FileHolder, 'complete'>> = struct<Omit<FileHolder, 'complete'>>({
  peerId,
  name: text(NAME_BYTES_MAX),
  address,
});
const file: Codec<FileEntry> = struct<FileEntry>({
  fileId,
  size: uint53,
  path: text(KEPT_PATH_BYTES_MAX),
  holders: list(uint8, FILE_HOLDERS_MAX),
});

export function encodeFolder({ path, paused, files }: KeptFolder): Buffer {
  const places = new Map<PeerId, number>();
  const holders: Buffer[] = [];
  const pages: Buffer[] = [];
  let page = new ByteWriter(PAGE_BYTES);
  for (const { fileId, size, path: filePath, holders: known } of files) {
    const kept: number[] = [];
    for (const each of known) {
      if (kept.length === FILE_HOLDERS_MAX) break;
      let place = places.get(each.peerId);
      if (place === undefined && each.complete && places.size < HOLDERS_MAX) {
        place = places.size;
        places.set(each.peerId, place);
        holders.push(encodeRecord(HOLDER, encoded(holder, each)));
      }
      if (place !== undefined && each.complete) kept.push(place);
    }
    file.write(page, { fileId, size, path: filePath, holders: kept });
    if (page.length < PAGE_BYTES) continue;
    pages.push(encodeRecord(FILES, page.finish()));
    page = new ByteWriter(PAGE_BYTES);
  }
  if (page.length > 0) pages.push(encodeRecord(FILES, page.finish()));
  const start = encodeRecord(HEADER, encoded(header, { path, paused, files: files.length }));
  return Buffer.concat([MAGIC, start, ...holders, ...pages]);
}

/** Undefined when it is damaged or cut. Never throws. */
export function decodeFolder(key: string, bytes: Buffer): KeptFolder | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let start: Header | undefined;
  let end = MAGIC.length;
  const holders: FileHolder[] = [];
  const files: FolderFile[] = [];
  try {
    for (const { type, body, endsAt } of readRecords(bytes, MAGIC.length)) {
      const input = new ByteReader(body);
      if (type === HEADER) start = header.read(input);
      else if (type === HOLDER) holders.push({ ...holder.read(input), complete: true });
      else while (input.remaining > 0) files.push(keptFile(file.read(input), holders));
      end = endsAt;
    }
  } catch (failure) {
    if (!(failure instanceof ShoalError)) throw failure;
    return undefined;
  }
  if (start === undefined || end !== bytes.length || files.length !== start.files) return undefined;
  return { key, path: start.path, files, paused: start.paused };
}

function keptFile({ holders: places, ...rest }: FileEntry, holders: readonly FileHolder[]): FolderFile {
  return { ...rest, holders: places.flatMap((place) => holders[place] ?? []) };
}

function encoded<T>(codec: Codec<T>, value: T): Buffer {
  const out = new ByteWriter(256);
  codec.write(out, value);
  return out.finish();
}
