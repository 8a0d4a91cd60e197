import { dirname, join } from 'node:path';
import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, isOneChunk } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { formatBytes } from '../../../Shared/Text/FormatBytes.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { FileAttributes } from '../../Model.ts';
import type { KeptFolder, PartAttributes, Unfinished } from '../../Storage.ts';
import { type Disk, type DiskFile, diskError, ensureFolder, removeQuietly } from '../Disk/Disk.ts';
import type { DiskNames } from '../Disk/DiskNames.ts';
import type { FileState } from '../Disk/FileState.ts';
import { installFile, installWhole } from '../Disk/InstallFile.ts';
import { MemoryPart } from './MemoryPart.ts';
import type { OpenPart } from './OpenPart.ts';
import { PartFile } from './PartFile.ts';
import { openPartFiles } from './PartFiles.ts';
import { encodePaused, encodePushedBy, type JournalState, readJournal } from './ResumeJournal.ts';
import { reuseChunks } from './ReusedChunks.ts';
import { SyncQueue } from './SyncQueue.ts';
import { zeroChunks } from './ZeroChunks.ts';

export interface PartStoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The share folder, absolute, without links in it. */
  readonly root: string;
  /** Folder of unfinished files, on the same file system as the share. */
  readonly temp: string;
  readonly names: DiskNames;
  readonly events: PartEvents;
  /** The folder downloads of earlier runs. */
  readonly keptFolders: () => Promise<readonly Pick<KeptFolder, 'files'>[]>;
  /** Reports a damaged journal. */
  readonly problem: (text: string) => void;
}

/** Callbacks of the store. */
export interface PartEvents {
  opened(part: OpenPart): void;
  verified(fileId: FileId, chunk: number): void;
  /** A finished file is in the share. Called synchronously with the rename, before the watcher can report it. */
  installed(path: string, state: FileState, description: FileDescription, wanted: FileAttributes): void;
  closed(fileId: FileId): void;
}

const JOURNAL = '.journal';
/** All names this store uses in `Temp/`. */
const OUR_NAMES = /^[0-9a-f]{64}\.(part|journal|new)$/;

/** The unfinished files of one share. Names on disk are file ids; the wanted path is in the journal. */
export class PartStore {
  readonly #options: PartStoreOptions;
  /** Undefined while a part is being opened. */
  readonly #open = new Map<FileId, OpenPart | undefined>();
  /** Wanted paths of unfinished files, each read once from its journal. */
  readonly #paths = new Map<FileId, string>();
  readonly #syncs = new SyncQueue();
  #closing = false;

  constructor(options: PartStoreOptions) {
    this.#options = options;
  }

  /**
   * Removes leftovers that cannot be resumed, such as a part file without journal. To be called before the first
   * `open`.
   */
  cleanUp(): void {
    const { disk, temp } = this.#options;
    const names = new Set(disk.names(temp));
    for (const name of names) {
      if (!OUR_NAMES.test(name)) continue;
      const id = name.slice(0, 64);
      const isPair = names.has(`${id}.part`) && names.has(`${id}${JOURNAL}`);
      if (!isPair || name.endsWith('.new')) removeQuietly(disk, join(temp, name));
    }
  }

  part(fileId: FileId): OpenPart | undefined {
    return this.#open.get(fileId);
  }

  /** Iterates all open parts. */
  *parts(): Generator<OpenPart> {
    for (const part of this.#open.values()) if (part !== undefined) yield part;
  }

  /** Opens or creates a part; see `DownloadStorage.open`. @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT */
  async open(
    description: FileDescription,
    wanted: string,
    attributes: PartAttributes = {},
    signal?: AbortSignal,
  ): Promise<OpenPart> {
    const { fileId, layout } = description;
    if (this.#open.has(fileId)) {
      throw new ShoalError('LOCAL_CONFLICT', 'this content is being downloaded already', {
        hint: (command) => `See: ${command('downloads')}`,
      });
    }
    const path = this.#options.names.safe(wanted);
    this.#open.set(fileId, undefined);
    try {
      const isNew = !this.#isOnDisk(fileId);
      const part = isOneChunk(layout.size)
        ? this.#openInMemory(description, path, attributes)
        : await this.#openOnDisk(description, path, attributes, signal);
      this.#open.set(fileId, part);
      this.#options.events.opened(part);
      // Only saves a transfer: a failure here recurs, and is reported, when chunks arrive.
      if (isNew && !isOneChunk(layout.size)) await this.#reuseOlder(part, path).catch(() => {});
      return part;
    } catch (failure) {
      this.#open.delete(fileId);
      throw diskError(failure, `opening the unfinished file of "${path}"`);
    }
  }

  async describeUnfinished(fileId: FileId): Promise<FileDescription | undefined> {
    return (await this.#read(fileId))?.description;
  }

  async unfinished(): Promise<readonly Unfinished[]> {
    const { disk, temp } = this.#options;
    const found: Unfinished[] = [];
    const damaged = new Set<FileId>();
    for (const name of disk.names(temp)) {
      if (!OUR_NAMES.test(name) || !name.endsWith(JOURNAL)) continue;
      const fileId = name.slice(0, -JOURNAL.length) as FileId;
      if (this.#open.has(fileId)) continue;
      const state = await this.#read(fileId);
      if (state === undefined) {
        damaged.add(fileId);
        continue;
      }
      const { path, paused, pushedBy, attributes, description, durable, unsure } = state;
      const { layout } = description;
      const bytes = bytesOf(description, [...new Set([...durable, ...unsure, ...zeroChunks(description)])]);
      found.push({ fileId, path, size: layout.size, paused, bytes, pushedBy, ...attributes });
    }
    if (damaged.size > 0) await this.#reportDamaged(damaged);
    return found;
  }

  /** Reports files whose journals are damaged, except those of a folder: its download fetches them again. */
  async #reportDamaged(damaged: Set<FileId>): Promise<void> {
    const { keptFolders, problem } = this.#options;
    for (const { files } of await keptFolders()) for (const { fileId } of files) damaged.delete(fileId);
    for (const fileId of damaged) {
      const id = fileId.slice(0, 8);
      problem(`the journal of the unfinished file ${id} is damaged, and it starts anew: download ${id}`);
    }
  }

  /**
   * Records a pause of an open or unfinished download. No effect when there is neither.
   * @throws ShoalError DISK_FULL, DISK_FAILED
   */
  setPaused(fileId: FileId, paused: boolean): Promise<void> {
    return this.#note(fileId, encodePaused(paused));
  }

  /** Records that the user asks for a pushed content. No effect when there is no part. @throws like setPaused */
  setOwn(fileId: FileId): Promise<void> {
    return this.#note(fileId, encodePushedBy(undefined));
  }

  async #note(fileId: FileId, record: Buffer): Promise<void> {
    const part = this.#open.get(fileId);
    if (part !== undefined) return part.note(record);
    const state = await this.#read(fileId);
    if (state === undefined) return;
    try {
      const journal = this.#options.disk.open(this.#pathOf(fileId, 'journal'));
      try {
        await journal.truncate(state.bytes);
        await journal.write(record, state.bytes);
      } finally {
        journal.close();
      }
    } catch (failure) {
      throw diskError(failure, 'writing the journal');
    }
  }

  async discardUnfinished(fileId: FileId): Promise<void> {
    if (this.#open.has(fileId)) return;
    try {
      this.#options.disk.remove(this.#pathOf(fileId, 'journal'));
      this.#options.disk.remove(this.#pathOf(fileId, 'part'));
    } catch (failure) {
      throw diskError(failure, 'deleting an unfinished file');
    }
  }

  /** @throws ShoalError DISK_FULL */
  requireFreeSpace(bytes: number): void {
    const { disk, root } = this.#options;
    const free = freeBytes(disk, root);
    if (bytes <= free) return;
    throw new ShoalError('DISK_FULL', `${formatBytes(bytes)} are needed, ${formatBytes(free)} are free`, {
      hint: `Free up space on the disk of the share folder: ${root}`,
    });
  }

  /** Closes all open parts and keeps them for a later resume. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#open.values()].map((part) => part?.close()));
  }

  #isOnDisk(fileId: FileId): boolean {
    return this.#options.disk.stateOf(this.#pathOf(fileId, 'journal')) !== undefined;
  }

  /** Copies equal chunks from unfinished versions of the same path: the file changed at its source meanwhile. */
  async #reuseOlder(part: OpenPart, path: string): Promise<void> {
    const { fileId } = part.description;
    for (const name of this.#options.disk.names(this.#options.temp)) {
      const older = name.slice(0, 64) as FileId;
      if (!OUR_NAMES.test(name) || !name.endsWith(JOURNAL) || older === fileId) continue;
      if ((this.#paths.get(older) ?? path) !== path) continue;
      const state = await this.#read(older);
      if (state === undefined) continue;
      this.#paths.set(older, state.path);
      if (state.path !== path) continue;
      const data = this.#options.disk.open(this.#pathOf(older, 'part'));
      const chunks = new Set([...state.durable, ...state.unsure]);
      const read = (into: Uint8Array, position: number) => data.read(into, position);
      try {
        await reuseChunks(part, { description: state.description, chunks, read }, () => !this.#closing);
      } finally {
        data.close();
      }
    }
  }

  #openInMemory(description: FileDescription, path: string, attributes: FileAttributes): MemoryPart {
    const { disk, root, events } = this.#options;
    const { fileId, layout } = description;
    this.requireFreeSpace(layout.size);
    return new MemoryPart({
      description,
      path,
      install: (content, whole) => {
        const installed = installWhole(disk, root, this.#pathOf(fileId, 'new'), path, content, attributes);
        if (installed.state !== undefined)
          events.installed(installed.path, installed.state, whole, attributes);
        return installed.absolute;
      },
      ...this.#listeners(fileId),
    });
  }

  async #openOnDisk(
    description: FileDescription,
    path: string,
    attributes: PartAttributes,
    signal: AbortSignal | undefined,
  ): Promise<PartFile> {
    const { disk, clock, temp } = this.#options;
    const { fileId, layout } = description;
    ensureFolder(disk, temp);
    const partPath = this.#pathOf(fileId, 'part');
    const journalPath = this.#pathOf(fileId, 'journal');
    const zeros = zeroChunks(description);
    const files = await openPartFiles({
      disk,
      partPath,
      journalPath,
      description,
      path,
      attributes,
      zeros,
      signal,
      beforeCreating: () => this.requireFreeSpace(layout.size - bytesOf(description, zeros)),
    });
    try {
      this.requireFreeSpace(layout.size - bytesOf(description, files.verified));
    } catch (failure) {
      files.data.close();
      files.journal.close();
      throw failure;
    }
    return new PartFile({
      disk,
      clock,
      syncs: this.#syncs,
      description,
      path,
      folder: temp,
      partPath,
      journalPath,
      ...files,
      install: (data, wanted) => this.#installPart(description, path, data, wanted),
      ...this.#listeners(fileId),
    });
  }

  #listeners(fileId: FileId) {
    const { events } = this.#options;
    return {
      onVerified: (chunk: number) => events.verified(fileId, chunk),
      onClosed: () => {
        this.#open.delete(fileId);
        events.closed(fileId);
      },
    };
  }

  async #installPart(
    description: FileDescription,
    path: string,
    data: DiskFile,
    wanted: FileAttributes,
  ): Promise<string> {
    const { disk, root, events } = this.#options;
    const installed = installFile(disk, root, this.#pathOf(description.fileId, 'part'), path);
    events.installed(installed.path, data.state(), description, wanted);
    // The file is complete and has its name, so a failed sync of the folder does not fail the download.
    await disk.syncFolder(dirname(installed.absolute)).catch(() => {});
    return installed.absolute;
  }

  async #read(fileId: FileId): Promise<JournalState | undefined> {
    const { disk } = this.#options;
    const bytes = await disk.readWhole(this.#pathOf(fileId, 'journal')).catch(() => undefined);
    const state = bytes === undefined ? undefined : readJournal(bytes);
    return state?.description.fileId === fileId ? state : undefined;
  }

  #pathOf(fileId: FileId, kind: 'part' | 'journal' | 'new'): string {
    return join(this.#options.temp, `${fileId}.${kind}`);
  }
}

function bytesOf({ layout }: FileDescription, chunks: readonly number[]): number {
  return chunks.reduce((sum, chunk) => sum + chunkLength(layout, chunk), 0);
}

/** @throws ShoalError DISK_FAILED when the folder is gone */
function freeBytes(disk: Disk, root: string): number {
  try {
    return disk.freeBytes(root);
  } catch (failure) {
    throw diskError(failure, `reading the free space of "${root}"`);
  }
}
