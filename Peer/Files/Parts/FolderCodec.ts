import { address } from '../../../Protocol/AddressCodec.ts';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
  type Decoded,
  list,
  struct,
  text,
  uint8,
  uint32,
  uint53,
} from '../../../Protocol/Codec.ts';
import { extensible, fileExtensions } from '../../../Protocol/Extensions.ts';
import { fileId, type PeerId, peerId } from '../../../Protocol/Ids.ts';
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder } from '../../Model.ts';
import type { FolderFile, KeptFolder } from '../../Storage.ts';
import { encodeRecord, readRecords } from './JournalRecords.ts';

/**
 * The record of a folder download in progress: magic "SHOALF2\\n", then records (JournalRecords.ts): one header,
 * holders, files in pages. Written as a whole; a file that is cut or damaged anywhere is discarded.
 */
const MAGIC = Buffer.from('SHOALF2\n', 'ascii');
const HEADER = 1;
const HOLDER = 2;
const FILES = 3;

/** Upper bounds on stored holders, of the folder and of one file. Enough to resume; trackers know the rest. */
const HOLDERS_MAX = 255;
const FILE_HOLDERS_MAX = 8;
/** A path from a stranger, plus a suffix that makes it unique. */
const KEPT_PATH_BYTES_MAX = PATH_BYTES_MAX + 24;
/** A page ends after this size, so that the next file still fits a record of 64 KiB. */
const PAGE_BYTES = 60_000;

const header = struct({ path: text(KEPT_PATH_BYTES_MAX), paused: boolean, files: uint32 });
const holder = struct({ peerId, name: text(NAME_BYTES_MAX), address });
/** `holders`: indexes into the list of holders. */
const file = extensible(
  { fileId, size: uint53, path: text(KEPT_PATH_BYTES_MAX), holders: list(uint8, FILE_HOLDERS_MAX) },
  fileExtensions,
);

/** The pieces of a record, in order, each about a page: no copy of the whole is in memory. */
export function* encodeFolder({ path, paused, files }: KeptFolder): Generator<Buffer> {
  const places = new Map<PeerId, number>();
  let page = new ByteWriter(PAGE_BYTES);
  yield Buffer.concat([MAGIC, encodeRecord(HEADER, encoded(header, { path, paused, files: files.length }))]);
  for (const { holders: known, ...rest } of files) {
    const kept: number[] = [];
    for (const each of known) {
      if (kept.length === FILE_HOLDERS_MAX) break;
      let place = places.get(each.peerId);
      if (place === undefined && each.complete && places.size < HOLDERS_MAX) {
        place = places.size;
        places.set(each.peerId, place);
        yield encodeRecord(HOLDER, encoded(holder, each));
      }
      if (place !== undefined && each.complete) kept.push(place);
    }
    file.write(page, { ...rest, holders: kept });
    if (page.length < PAGE_BYTES) continue;
    yield encodeRecord(FILES, page.finish());
    page = new ByteWriter(PAGE_BYTES);
  }
  if (page.length > 0) yield encodeRecord(FILES, page.finish());
}

/**
 * Returns undefined for a damaged or cut record. Never throws. The files are decoded each time they are iterated: as
 * objects they take five times the memory of the record.
 */
export function decodeFolder(key: string, bytes: Buffer): KeptFolder | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let start: Decoded<typeof header> | undefined;
  let end = MAGIC.length;
  let count = 0;
  try {
    for (const { type, body, endsAt } of readRecords(bytes, MAGIC.length)) {
      if (type === HEADER) start = header.read(new ByteReader(body));
      end = endsAt;
    }
    for (const _ of decodeFiles(bytes)) count++;
  } catch (failure) {
    if (!(failure instanceof ShoalError)) throw failure;
    return undefined;
  }
  if (start === undefined || end !== bytes.length || count !== start.files) return undefined;
  const files = { length: count, [Symbol.iterator]: () => decodeFiles(bytes) };
  return { key, path: start.path, files, paused: start.paused };
}

/** @throws ShoalError BAD_FRAME */
function* decodeFiles(bytes: Buffer): Generator<FolderFile> {
  const holders: FileHolder[] = [];
  /** The files of one page mostly have the same holders, which share one list. */
  let last: { readonly places: string; readonly holders: readonly FileHolder[] } | undefined;
  for (const { type, body } of readRecords(bytes, MAGIC.length)) {
    const input = new ByteReader(body);
    if (type === HOLDER) holders.push({ ...holder.read(input), complete: true });
    while (type !== HEADER && type !== HOLDER && input.remaining > 0) {
      const { holders: places, ...rest } = file.read(input);
      const text = places.join();
      if (last?.places !== text)
        last = { places: text, holders: places.flatMap((place) => holders[place] ?? []) };
      yield { ...rest, holders: last.holders };
    }
  }
}

function encoded<T>(codec: Codec<T>, value: T): Buffer {
  const out = new ByteWriter(256);
  codec.write(out, value);
  return out.finish();
}
