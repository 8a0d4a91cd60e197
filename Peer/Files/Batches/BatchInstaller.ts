import { join } from 'node:path';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { FileAttributes } from '../../Model.ts';
import type { InstallEvents, SmallFile, SmallFileInstaller, SmallVerdict } from '../../Storage.ts';
import { type Disk, diskError, ensureFolder, removeFolderQuietly, removeQuietly } from '../Disk/Disk.ts';
import type { DiskNames } from '../Disk/DiskNames.ts';
import type { FileState } from '../Disk/FileState.ts';
import { installFile, installWhole } from '../Disk/InstallFile.ts';
import { inside, splitPath } from '../Disk/Paths.ts';
import type { SmallWriter } from './SmallWriter.ts';
import { provenHash, type SmallWritten } from './SmallWriting.ts';
import { type StagedFile, StagedFolder } from './StagedFolder.ts';

export interface BatchInstallerOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The share folder, absolute, without links in it. */
  readonly root: string;
  /** Folder of unfinished files, on the same file system as the share. */
  readonly temp: string;
  /** Staging folder of this installer, in `temp`; created and removed here. */
  readonly staging: string;
  readonly names: DiskNames;
  readonly writer: SmallWriter;
  /** Absolute path of this content if it lies, unchanged, at that path of the share. */
  readonly isHere: (path: string, fileId: FileId) => string | undefined;
  readonly events: BatchEvents;
}

/** Callbacks for the catalog, made synchronously with the rename, before the watcher can report it. */
export interface BatchEvents {
  /** A file is in the share. @param hash - of its only chunk */
  installedInBatch(
    path: string,
    state: FileState,
    fileId: FileId,
    hash: ChunkHash,
    wanted: FileAttributes,
  ): void;
  /** A staged folder is in the share. `installedInBatch` follows for each of its files. */
  folderInstalled(path: string): void;
}

/** A staged folder is installed after this time, or with this many files: bounds the loss in a crash. */
const SETTLE_MS = 1_000;
const SETTLE_FILES = 1_024;
/**
 * Errors of staging that do not apply outside it: a name this file system cannot hold or considers taken, a lost
 * folder.
 */
const STAGING_ERRORS = new Set(['EEXIST', 'ENOENT', 'EINVAL', 'ENAMETOOLONG']);

/**
 * Installs the small files of one folder download. A new folder is filled in `Temp/` and moved into the share in one
 * rename: four system calls a file instead of seven, and no watch event for each file. In an existing folder each
 * file is installed by itself. Either way nothing is ever replaced, and no file has its name before it is complete.
 */
export class BatchInstaller implements SmallFileInstaller {
  readonly #options: BatchInstallerOptions;
  readonly #events: InstallEvents;
  /** By path. Undefined: the folder exists, so its files are installed one by one. */
  readonly #folders = new Map<string, StagedFolder | undefined>();
  /** Paths of all files that may be installed, until they are counted. */
  #wanted: Iterable<string> | undefined;
  /** Number of files still missing, by wanted path of their folder. */
  readonly #missing = new Map<string, number>();
  /** Staged folders created so far. */
  #created = 0;
  /** Batches being written. */
  #writing = 0;
  #closing = false;

  /** @param wanted - paths of all files that may be installed */
  constructor(options: BatchInstallerOptions, wanted: Iterable<string>, events: InstallEvents) {
    this.#options = options;
    this.#events = events;
    this.#wanted = wanted;
  }

  async install(bytes: Uint8Array, files: readonly SmallFile[]) {
    const places = files.map((file) => this.#stage(file));
    const staged = places.filter((place) => place !== undefined);
    const writing = staged.length === 0 ? undefined : this.#write(bytes, staged);
    this.#countMissing();
    const written = await writing;
    const left = written?.bytes ?? bytes;
    let next = 0;
    const verdicts = files.map((file, index): SmallVerdict => {
      const place = places[index];
      if (place === undefined) return this.#installAlone(file, left);
      return this.#judge(place, written?.outcomes[next++] ?? { kind: 'failed', code: 'EIO' }, left);
    });
    for (const folder of new Set(staged.map((each) => each.folder))) this.#settleIfDue(folder);
    if (this.#closing) this.#cleanUp();
    return { verdicts, bytes: left };
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const folder of [...this.#folders.values()]) if (folder !== undefined) this.#settle(folder);
    this.#cleanUp();
  }

  /** Counts the files of each folder: while the first bundle is written, and its source sends the next ones. */
  #countMissing(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    this.#wanted = undefined;
    // Consecutive paths usually share their folder, so they are counted together.
    let folder = '';
    let count = 0;
    for (const path of wanted) {
      if (path.startsWith(folder) && path.lastIndexOf('/') === folder.length) count++;
      else {
        this.#changeMissing(folder, count);
        [folder] = splitPath(path);
        count = 1;
      }
    }
    this.#changeMissing(folder, count);
  }

  async #write(bytes: Uint8Array, staged: readonly StagedFile[]) {
    this.#writing++;
    const reply = await this.#options.writer.write({ bytes, files: staged });
    this.#writing--;
    return reply;
  }

  #judge(place: StagedFile, outcome: SmallWritten, bytes: Uint8Array): SmallVerdict {
    place.folder.wrote(place, outcome.kind === 'written' ? outcome : undefined);
    if (outcome.kind === 'wrong') return 'wrong';
    if (outcome.kind === 'written') {
      this.#changeMissing(place.wanted, -1);
      return 'right';
    }
    if (bytes.length > 0 && STAGING_ERRORS.has(outcome.code)) return this.#installAlone(place.file, bytes);
    const failure = Object.assign(new Error(outcome.code), { code: outcome.code });
    return diskError(failure, `writing "${place.path}"`);
  }

  #installAlone(file: SmallFile, bytes: Uint8Array): SmallVerdict {
    const { fileId, offset, size } = file;
    const { disk, root, temp, isHere, events } = this.#options;
    const path = this.#options.names.safe(file.path);
    const content = bytes.subarray(offset, offset + size);
    const hash = provenHash(fileId, content);
    if (hash === undefined) return 'wrong';
    try {
      // Another download may have installed it meanwhile.
      const isTaken = disk.kindOf(inside(root, path)) !== undefined;
      let absolute = isTaken ? isHere(path, fileId) : undefined;
      if (absolute === undefined) {
        const installed = installWhole(disk, root, join(temp, `${fileId}.new`), path, content, file);
        absolute = installed.absolute;
        if (installed.state !== undefined)
          events.installedInBatch(installed.path, installed.state, fileId, hash, file);
      }
      this.#changeMissing(splitPath(file.path)[0], -1);
      this.#events.installed(file, absolute);
      return 'right';
    } catch (failure) {
      return asShoalError(failure, 'DISK_FAILED');
    }
  }

  #changeMissing(folder: string, change: number): void {
    this.#missing.set(folder, (this.#missing.get(folder) ?? 0) + change);
  }

  // ---- folders

  /** Returns undefined when the file is to be installed by itself. */
  #stage(file: SmallFile): StagedFile | undefined {
    const path = this.#options.names.safe(file.path);
    const [parent, name] = splitPath(path);
    if (!this.#folders.has(parent)) this.#folders.set(parent, this.#makeFolder(parent));
    const wanted = path === file.path ? parent : splitPath(file.path)[0];
    return this.#folders.get(parent)?.add(file, wanted, path, name);
  }

  #makeFolder(path: string): StagedFolder | undefined {
    const { disk, root, temp, staging, clock } = this.#options;
    if (this.#closing || path === '' || disk.kindOf(inside(root, path)) !== undefined) return undefined;
    try {
      if (this.#created === 0) {
        ensureFolder(disk, temp);
        disk.makeFolder(staging);
      }
      const folder = new StagedFolder(path, `${staging}/${this.#created++}`);
      disk.makeFolder(folder.staged);
      folder.cancelTimeout = clock.after(SETTLE_MS, () => this.#settle(folder));
      return folder;
    } catch {
      return undefined; // Installing the file by itself reports the cause.
    }
  }

  #settleIfDue(folder: StagedFolder): void {
    const complete = [...folder.wanted].every((wanted) => (this.#missing.get(wanted) ?? 0) <= 0);
    if (folder.due || complete || folder.whole.length >= SETTLE_FILES) this.#settle(folder);
  }

  /** Installs a staged folder: now, or when the last write into it has ended. */
  #settle(folder: StagedFolder): void {
    folder.due = true;
    folder.cancelTimeout(); // Its closure would keep all files of the folder in memory.
    if (folder.writing > 0 || this.#folders.get(folder.path) !== folder) return;
    this.#folders.set(folder.path, undefined);
    const { disk, root, events } = this.#options;
    if (folder.install(disk, root)) {
      events.folderInstalled(folder.path);
      for (const whole of folder.whole) this.#installed(whole, whole.path);
    } else for (const whole of folder.whole) this.#installStaged(whole);
  }

  /** Installs one staged file by itself, because the name of its folder is taken. */
  #installStaged(whole: StagedFile): void {
    const { disk, root } = this.#options;
    try {
      const { path, absolute } = installFile(disk, root, whole.to, whole.path);
      this.#installed(whole, path, disk.stateOf(absolute));
    } catch (failure) {
      removeQuietly(disk, whole.to);
      this.#events.failed(whole.file, asShoalError(failure, 'DISK_FAILED'));
    }
  }

  /** @param state - after the rename, where that changed it */
  #installed({ file, written }: StagedFile, path: string, state = written?.state): void {
    if (state === undefined || written === undefined) throw new Error('installed before it was written');
    this.#options.events.installedInBatch(path, state, file.fileId, written.hash, file);
    this.#events.installed(file, inside(this.#options.root, path));
  }

  #cleanUp(): void {
    if (this.#created > 0 && this.#writing === 0)
      removeFolderQuietly(this.#options.disk, this.#options.staging);
  }
}
