import { join } from 'node:path';
import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, isOneChunk } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { formatBytes } from '../../../Shared/FormatBytes.ts';
import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import type { SmallPlacer, SmallTold, Unfinished } from '../../Storage.ts';
import { BatchInstallers, STAGING_NAME } from '../Batches/BatchInstallers.ts';
import { SmallPart } from '../Batches/SmallPart.ts';
import { inlineSmallWriter, type SmallWriter } from '../Batches/SmallWriter.ts';
import { type Disk, type DiskFile, diskError } from '../Disk/Disk.ts';
import type { FileState } from '../Disk/FileState.ts';
import { placeFile, removeFolderQuietly, removeQuietly } from '../Disk/PlaceFile.ts';
import { safePath } from '../Disk/SafePath.ts';
import type { OpenPart } from './OpenPart.ts';
import { PartFile } from './PartFile.ts';
import { openPartFiles } from './PartFiles.ts';
import { encodePaused, readJournal } from './ResumeJournal.ts';

export interface PartStoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The share folder, absolute, without links in it. */
  readonly root: string;
  /** Where unfinished files lie: on the same file system as the share. */
  readonly temp: string;
  readonly events: PartEvents;
  /** Writes the small files of folders. Default: in this thread. */
  readonly makeWriter?: (() => SmallWriter) | undefined;
  /** Where this content lies in the share at that very path, absolute, unchanged. */
  readonly isHere?: ((path: string, fileId: FileId) => string | undefined) | undefined;
}

/** What the store tells. */
export interface PartEvents {
  opened(part: OpenPart): void;
  verified(fileId: FileId, chunk: number): void;
  /** A finished file lies in the share. Called in the same moment as it gets its name, before any event of a watcher. */
  placed(path: string, state: FileState, description: FileDescription): void;
  /** The same of a small file that came among many. */
  placedAmongMany(path: string, state: FileState, description: FileDescription): void;
  /** A folder was made in the share, with such files in it. */
  folderMade(path: string): void;
  closed(fileId: FileId): void;
}

const JOURNAL = '.journal';
/** Everything this store ever puts into `Temp/` (FolderRecords.ts has names of its own). */
const OUR_NAMES = /^[0-9a-f]{64}\.(part|journal|new)$/;

/** The unfinished files of one share folder. Names on disk are FileIds; the wanted path is in the journal. */
export class PartStore {
  readonly #options: PartStoreOptions;
  /** Undefined while one is being opened. */
  readonly #open = new Map<FileId, OpenPart | undefined>();
  readonly #placings: BatchInstallers;

  constructor(options: PartStoreOptions) {
    this.#options = options;
    const { disk, makeWriter = () => inlineSmallWriter(disk), isHere = () => undefined, events } = options;
    this.#placings = new BatchInstallers({
      ...options,
      makeWriter,
      isHere,
      placed: (path, state, description) => events.placedAmongMany(path, state, description),
      folderMade: (path) => events.folderMade(path),
      placeSmall: (description, path, content) => this.#placeSmall(description, path, content),
    });
  }

  /** Removes what a crash left and nobody can resume: a part file without journal, a journal without part file. Before anything is opened. */
  cleanUp(): void {
    const { disk, temp } = this.#options;
    const names = new Set(disk.names(temp));
    for (const name of names) {
      if (STAGING_NAME.test(name)) removeFolderQuietly(disk, join(temp, name));
      if (!OUR_NAMES.test(name)) continue;
      const isWhole = names.has(`${name.slice(0, 64)}.part`) && names.has(`${name.slice(0, 64)}${JOURNAL}`);
      if (!isWhole || name.endsWith('.new')) removeQuietly(disk, join(temp, name));
    }
  }

  part(fileId: FileId): OpenPart | undefined {
    return this.#open.get(fileId);
  }

  /** All that are open. */
  *parts(): Generator<OpenPart> {
    for (const part of this.#open.values()) if (part !== undefined) yield part;
  }

  /** @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT */
  async open(description: FileDescription, wanted: string): Promise<OpenPart> {
    const { fileId, layout } = description;
    if (this.#open.has(fileId)) {
      throw new ShoalError('LOCAL_CONFLICT', 'this content is being fetched already', {
        hint: 'See "downloads".',
      });
    }
    this.#open.set(fileId, undefined);
    try {
      const path = safePath(wanted);
      const part = isOneChunk(layout.size)
        ? this.#openSmall(description, path)
        : await this.#openLarge(description, path);
      this.#open.set(fileId, part);
      this.#options.events.opened(part);
      return part;
    } catch (failure) {
      this.#open.delete(fileId);
      throw diskError(failure, `opening the unfinished file of "${safePath(wanted)}"`);
    }
  }

  /** Small files of a folder are about to come: what places them gets ready meanwhile. */
  expectSmallFiles(): void {
    this.#placings.expect();
  }

  /** For the small files of one folder download: many at once, verified and placed together. @param wanted - paths of all that may come */
  placing(wanted: readonly string[], told: SmallTold): SmallPlacer {
    return this.#placings.open(wanted, told);
  }

  async describeUnfinished(fileId: FileId): Promise<FileDescription | undefined> {
    return (await this.#read(fileId))?.description;
  }

  async unfinished(): Promise<readonly Unfinished[]> {
    const { disk, temp } = this.#options;
    const found: Unfinished[] = [];
    for (const name of disk.names(temp)) {
      if (!OUR_NAMES.test(name) || !name.endsWith(JOURNAL)) continue;
      const fileId = name.slice(0, -JOURNAL.length) as FileId;
      const state = this.#open.has(fileId) ? undefined : await this.#read(fileId);
      if (state === undefined) continue;
      const { path, paused, description, durable, unsure } = state;
      const { layout } = description;
      const bytes = durable.concat(unsure).reduce((sum, chunk) => sum + chunkLength(layout, chunk), 0);
      found.push({ fileId, path, size: layout.size, paused, bytes });
    }
    return found;
  }

  /** Of an open one, or of one left on disk; nothing happens when there is neither. @throws ShoalError DISK_FULL, DISK_FAILED */
  async setPaused(fileId: FileId, paused: boolean): Promise<void> {
    const part = this.#open.get(fileId);
    if (part !== undefined) return part.setPaused(paused);
    const state = await this.#read(fileId);
    if (state === undefined) return;
    try {
      const journal = this.#options.disk.open(this.#pathOf(fileId, 'journal'));
      try {
        await journal.truncate(state.bytes);
        await journal.write(encodePaused(paused), state.bytes);
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
    const free = this.#options.disk.freeBytes(this.#options.temp);
    if (bytes <= free) return;
    throw new ShoalError('DISK_FULL', `${formatBytes(bytes)} are needed, ${formatBytes(free)} are free`, {
      hint: `Make room where the share folder lies: ${this.#options.root}`,
    });
  }

  /** Puts all open parts away. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((part) => part?.close()));
    await this.#placings.close();
  }

  /** Somebody may have cleared up while we run. */
  #makeTemp(): void {
    const { disk, temp } = this.#options;
    if (disk.kindOf(temp) === undefined) disk.makeFolder(temp);
  }

  #openSmall(description: FileDescription, path: string): SmallPart {
    const { fileId, layout } = description;
    this.requireFreeSpace(layout.size);
    return new SmallPart({
      description,
      path,
      place: (content, whole) => this.#placeSmall(whole, path, content),
      ...this.#listeners(fileId),
    });
  }

  async #openLarge(description: FileDescription, path: string): Promise<PartFile> {
    const { disk, clock, temp } = this.#options;
    const { fileId, layout } = description;
    this.#makeTemp();
    const partPath = this.#pathOf(fileId, 'part');
    const journalPath = this.#pathOf(fileId, 'journal');
    const files = await openPartFiles({
      disk,
      partPath,
      journalPath,
      description,
      path,
      beforeCreating: () => this.requireFreeSpace(layout.size),
    });
    try {
      const bytesHere = files.verified.reduce((sum, chunk) => sum + chunkLength(layout, chunk), 0);
      this.requireFreeSpace(layout.size - bytesHere);
    } catch (failure) {
      files.data.close();
      files.journal.close();
      throw failure;
    }
    return new PartFile({
      disk,
      clock,
      description,
      path,
      folder: temp,
      partPath,
      journalPath,
      ...files,
      place: (data) => this.#placeLarge(description, path, data),
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

  #placeSmall(description: FileDescription, path: string, content: Uint8Array): string {
    const { disk, root, events } = this.#options;
    const temporary = this.#pathOf(description.fileId, 'new');
    try {
      try {
        disk.createWhole(temporary, content);
      } catch (failure) {
        // A leftover, or no folder any more: both are rare, so they are looked for only now.
        if (!['EEXIST', 'ENOENT'].includes(systemCode(failure) ?? '')) throw failure;
        this.#makeTemp();
        disk.remove(temporary);
        disk.createWhole(temporary, content);
      }
    } catch (failure) {
      removeQuietly(disk, temporary);
      throw diskError(failure, `writing "${path}"`);
    }
    const placed = placeFile(disk, root, temporary, path);
    const state = disk.stateOf(placed.absolute);
    if (state !== undefined) events.placed(placed.path, state, description);
    return placed.absolute;
  }

  async #placeLarge(description: FileDescription, path: string, data: DiskFile): Promise<string> {
    const { disk, root, events } = this.#options;
    const placed = placeFile(disk, root, this.#pathOf(description.fileId, 'part'), path);
    events.placed(placed.path, data.state(), description);
    // The file is whole and has its name: a folder that cannot be synced is no reason to call that a failure.
    await disk.syncFolder(join(placed.absolute, '..')).catch(() => {});
    return placed.absolute;
  }

  async #read(fileId: FileId) {
    const { disk } = this.#options;
    const bytes = await disk.readWhole(this.#pathOf(fileId, 'journal')).catch(() => undefined);
    const state = bytes === undefined ? undefined : readJournal(bytes);
    return state?.description.fileId === fileId ? state : undefined;
  }

  #pathOf(fileId: FileId, kind: 'part' | 'journal' | 'new'): string {
    return join(this.#options.temp, `${fileId}.${kind}`);
  }
}
