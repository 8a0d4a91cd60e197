import { chunkLength, chunkOffset } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import type { PartAttributes } from '../../Storage.ts';
import type { Disk, DiskFile } from '../Disk/Disk.ts';
import { hashRange } from '../Disk/HashRange.ts';
import {
  encodeAttributes,
  encodeForgotten,
  encodeJournalStart,
  encodePushedBy,
  encodeWantedPath,
  type JournalState,
  readJournal,
} from './ResumeJournal.ts';

/** Largest file on FAT. A larger one has its length from the start: FAT refuses that at once, others keep it sparse. */
const FAT_BYTES_MAX = 2 ** 32 - 1;

export interface PartFilesWanted {
  readonly disk: Disk;
  readonly partPath: string;
  readonly journalPath: string;
  readonly description: FileDescription;
  readonly path: string;
  /** Of the finished file. Unknown ones are those of the earlier run. */
  readonly attributes: PartAttributes;
  /** Chunks of zero bytes: verified from the start, never written. */
  readonly zeros: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** Throws when the disk has no space for a new file. */
  readonly beforeCreating: () => void;
}

/** Part file and journal, open, and the state read from them. */
export interface PartFiles {
  readonly data: DiskFile;
  readonly journal: DiskFile;
  /** Length of the journal: offset of the next record. */
  readonly journalBytes: number;
  readonly records: number;
  readonly verified: readonly number[];
  /** Of the finished file. */
  readonly attributes: FileAttributes;
}

/**
 * Opens the files of an earlier run, or creates them. Chunks recorded after the last sync mark may not have reached
 * the disk: they are hashed again, and corrupt ones are dropped. So are all chunks when the part file was written after
 * its journal: by a run that was killed, or by another program.
 * @throws ShoalError CANCELLED, DISK_FAILED (a folder is in the place of a file), system errors, those of
 * `beforeCreating`
 */
export async function openPartFiles(wanted: PartFilesWanted): Promise<PartFiles> {
  const { disk, partPath, journalPath, description } = wanted;
  for (const path of [partPath, journalPath]) clearPlace(disk, path);
  const state = await readState(disk, journalPath);
  const data = state?.description.fileId === description.fileId ? openIfThere(disk, partPath) : undefined;
  if (state !== undefined && data !== undefined) {
    try {
      return await resume(wanted, state, data);
    } catch (failure) {
      data.close();
      throw failure;
    }
  }
  wanted.beforeCreating();
  disk.remove(journalPath);
  disk.remove(partPath);
  return begin(wanted);
}

async function begin({
  disk,
  partPath,
  journalPath,
  description,
  path,
  attributes,
  zeros,
}: PartFilesWanted): Promise<PartFiles> {
  const data = disk.create(partPath);
  let journal: DiskFile | undefined;
  try {
    const { size } = description.layout;
    if (zeros.length > 0 || size > FAT_BYTES_MAX) await data.truncate(size);
    journal = disk.create(journalPath);
    const { pushedBy } = attributes;
    const start = Buffer.concat([
      encodeJournalStart(description, path),
      encodeAttributes(attributes),
      ...(pushedBy === undefined ? [] : [encodePushedBy(pushedBy)]),
    ]);
    await journal.write(start, 0);
    return { data, journal, journalBytes: start.length, records: 0, verified: zeros, attributes };
  } catch (failure) {
    data.close();
    journal?.close();
    disk.remove(partPath);
    disk.remove(journalPath);
    throw failure;
  }
}

async function resume(wanted: PartFilesWanted, state: JournalState, data: DiskFile): Promise<PartFiles> {
  const { disk, journalPath, description, path, zeros } = wanted;
  const { layout } = description;
  const { size, mtimeNs } = data.state();
  const journalNs = disk.stateOf(journalPath)?.mtimeNs;
  const isTouched = journalNs === undefined || mtimeNs > journalNs;
  const isInside = (chunk: number) => chunkOffset(layout, chunk) + chunkLength(layout, chunk) <= size;
  // Before any write: the holes of zero chunks must lie inside the file.
  if (zeros.length > 0 && size < layout.size) await data.truncate(layout.size);
  const isTrusted = (chunk: number) => !isTouched && isInside(chunk);
  const suspects = state.unsure.concat(state.durable.filter((chunk) => !isTrusted(chunk)));
  const verified = new Set(state.durable.filter(isTrusted));
  const attributes = wanted.attributes.modifiedMs === undefined ? state.attributes : wanted.attributes;
  const notes: Buffer[] = state.path === path ? [] : [encodeWantedPath(description, path)];
  if (!sameAttributes(attributes, state.attributes)) notes.push(encodeAttributes(attributes));
  if (wanted.attributes.pushedBy !== state.pushedBy) notes.push(encodePushedBy(wanted.attributes.pushedBy));
  const read = (into: Uint8Array, position: number) => data.read(into, position);
  for (const chunk of suspects) {
    if (wanted.signal?.aborted) throw new ShoalError('CANCELLED', 'opening an unfinished file was stopped');
    const hash = await hashRange(read, chunkOffset(layout, chunk), chunkLength(layout, chunk));
    if (hash === description.chunkHashes[chunk]) verified.add(chunk);
    else notes.push(encodeForgotten(chunk));
  }
  const journal = disk.open(journalPath);
  try {
    await journal.truncate(state.bytes);
    const note = Buffer.concat(notes);
    if (note.length > 0) await journal.write(note, state.bytes);
    return {
      data,
      journal,
      journalBytes: state.bytes + note.length,
      records: state.records,
      verified: [...new Set([...verified, ...zeros])],
      attributes,
    };
  } catch (failure) {
    journal.close();
    throw failure;
  }
}

function sameAttributes(one: FileAttributes, other: FileAttributes): boolean {
  return one.modifiedMs === other.modifiedMs && one.executable === other.executable;
}

async function readState(disk: Disk, journalPath: string): Promise<JournalState | undefined> {
  try {
    return readJournal(await disk.readWhole(journalPath));
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT') return undefined;
    throw failure;
  }
}

/** Removes a link or pipe in the place of a file; neither is followed nor opened. A folder may hold files: it stays. */
function clearPlace(disk: Disk, path: string): void {
  const kind = disk.kindOf(path);
  if (kind === 'other') disk.remove(path);
  if (kind !== 'folder') return;
  const hint = 'Move the folder away, and the download goes on.';
  throw new ShoalError('DISK_FAILED', `a folder is in the place of the unfinished file: ${path}`, { hint });
}

function openIfThere(disk: Disk, path: string): DiskFile | undefined {
  try {
    return disk.open(path);
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT') return undefined;
    throw failure;
  }
}
