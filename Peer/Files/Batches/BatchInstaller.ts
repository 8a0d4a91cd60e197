import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { SmallFile, SmallPlacer, SmallTold, SmallVerdict } from '../../Storage.ts';
import { type Disk, diskError } from '../Disk/Disk.ts';
import type { FileState } from '../Disk/FileState.ts';
import { inside, splitPath } from '../Disk/Paths.ts';
import { placeFile, removeFolderQuietly, removeQuietly } from '../Disk/PlaceFile.ts';
import { safePath } from '../Disk/SafePath.ts';
import type { SmallWriter } from './SmallWriter.ts';
import { provenHash, type SmallWritten } from './SmallWriting.ts';
import { type StagedFile, StagedFolder } from './StagedFolder.ts';

export interface SmallPlacingOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The share folder, absolute, without links in it. */
  readonly root: string;
  /** A folder of this run's own, on the same file system; made and removed here. */
  readonly staging: string;
  readonly writer: SmallWriter;
  /** A file got its name. Called in the same moment. */
  readonly placed: (path: string, state: FileState, description: FileDescription) => void;
  /** A folder got its name, with all that is in it: those files are `placed` in the same moment. */
  readonly folderMade: (path: string) => void;
  /** Verifies and places one file by itself; what is there already counts. Returns where it lies. @throws ShoalError INTEGRITY, and what the disk says */
  readonly placeAlone: (fileId: FileId, path: string, bytes: Uint8Array) => string;
}

/** A folder gets its name after this, or with so many files, though more are to come: what a crash can forget is little. */
const SETTLE_MS = 1_000;
const SETTLE_FILES = 1_024;
/** Files up to this size are verified before they go to the thread that writes, which has more to do than this one. */
const VERIFIED_HERE_BYTES = 64 * 1_024;
/** A name that this file system holds for the same as another's, or cannot hold; or the folder out of sight is gone. */
const BY_ITSELF = new Set(['EEXIST', 'ENOENT', 'EINVAL', 'ENAMETOOLONG']);

/**
 * Puts the small files of one folder download into the share. A folder that is not there yet is filled out of sight and
 * gets its name when it is complete, in one rename: four system calls a file instead of seven, and no watch tells of each file.
 * In a folder that is there, each file gets its name by itself. Either way what lies there is never replaced, and
 * nothing has its name before it is whole.
 */
export class BatchInstaller implements SmallPlacer {
  readonly #options: SmallPlacingOptions;
  readonly #told: SmallTold;
  /** By path; undefined: it is there, its files are placed one by one. */
  readonly #folders = new Map<string, StagedFolder | undefined>();
  /** Files still to come, by folder. */
  readonly #expected = new Map<string, number>();
  /** What `safePath` changed. */
  readonly #safe = new Map<string, string>();
  readonly #timers = new Set<() => void>();
  #made = 0;
  /** Batches being written. */
  #writing = 0;
  #closing = false;

  /** @param wanted - paths of all files that may come */
  constructor(options: SmallPlacingOptions, wanted: readonly string[], told: SmallTold) {
    this.#options = options;
    this.#told = told;
    // Most follow others of the same folder.
    let folder = '';
    let count = 0;
    for (const path of wanted) {
      const safe = safePath(path);
      if (safe !== path) this.#safe.set(path, safe);
      if (folder !== '' && safe.startsWith(folder) && safe.lastIndexOf('/') === folder.length) count++;
      else {
        this.#expectIn(folder, count);
        [folder] = splitPath(safe);
        count = 1;
      }
    }
    this.#expectIn(folder, count);
  }

  async place(bytes: Uint8Array, files: readonly SmallFile[]) {
    const places = files.map((file) => this.#stage(file));
    const staged = places.filter((place) => place !== undefined);
    const sound = verifySmallest(bytes, staged);
    const written = sound.length === 0 ? undefined : await this.#write(bytes, sound);
    const left = written?.bytes ?? bytes;
    let next = 0;
    const verdicts = files.map((file, index): SmallVerdict => {
      const place = places[index];
      if (place === undefined) return this.#placeAlone(file, left);
      if (sound[next] !== place) return this.#judge(place, { kind: 'wrong' }, left);
      return this.#judge(place, written?.outcomes[next++] ?? { kind: 'failed', code: 'EIO' }, left);
    });
    for (const folder of new Set(staged.map((each) => each.folder))) this.#settleIfDue(folder);
    if (this.#closing) this.#cleanUp();
    return { verdicts, bytes: left };
  }

  /** Every file that is whole gets its name. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const cancel of this.#timers) cancel();
    for (const folder of [...this.#folders.values()]) if (folder !== undefined) this.#settle(folder);
    this.#cleanUp();
  }

  async #write(bytes: Uint8Array, staged: readonly StagedFile[]) {
    const files = staged.map(({ file: { fileId, size, offset }, hash, to }) => {
      return { fileId: hash === undefined ? fileId : undefined, size, offset, to };
    });
    this.#writing++;
    const reply = await this.#options.writer.write({ bytes, files });
    this.#writing--;
    return reply;
  }

  #judge(place: StagedFile, outcome: SmallWritten, bytes: Uint8Array): SmallVerdict {
    place.folder.wrote(place, outcome.kind === 'written' ? writtenOf(place, outcome) : undefined);
    if (outcome.kind === 'wrong') return 'wrong';
    if (outcome.kind === 'written') {
      this.#expectIn(place.folder.path, -1);
      return 'right';
    }
    if (bytes.length > 0 && BY_ITSELF.has(outcome.code)) return this.#placeAlone(place.file, bytes);
    const failure = Object.assign(new Error(outcome.code), { code: outcome.code });
    return diskError(failure, `writing "${place.path}"`);
  }

  #placeAlone(file: SmallFile, bytes: Uint8Array): SmallVerdict {
    const { fileId, offset, size } = file;
    const path = this.#safePath(file);
    try {
      const absolute = this.#options.placeAlone(fileId, path, bytes.subarray(offset, offset + size));
      this.#expect(path, -1);
      this.#told.placed(file, absolute);
      return 'right';
    } catch (failure) {
      const reason = asShoalError(failure, 'DISK_FAILED');
      return reason.code === 'INTEGRITY' ? 'wrong' : reason;
    }
  }

  #safePath({ path }: SmallFile): string {
    return this.#safe.get(path) ?? safePath(path);
  }

  #expect(path: string, change: number): void {
    this.#expectIn(splitPath(path)[0], change);
  }

  #expectIn(folder: string, change: number): void {
    this.#expected.set(folder, (this.#expected.get(folder) ?? 0) + change);
  }

  // ---- folders

  /** Undefined: the file gets its name by itself. */
  #stage(file: SmallFile): StagedFile | undefined {
    const path = this.#safePath(file);
    const [parent, name] = splitPath(path);
    if (!this.#folders.has(parent)) this.#folders.set(parent, this.#makeFolder(parent));
    return this.#folders.get(parent)?.add(file, path, name);
  }

  #makeFolder(path: string): StagedFolder | undefined {
    const { disk, root, staging, clock } = this.#options;
    if (this.#closing || path === '' || disk.kindOf(inside(root, path)) !== undefined) return undefined;
    try {
      if (this.#made === 0) disk.makeFolder(staging);
      const folder = new StagedFolder(path, `${staging}/${this.#made++}`);
      disk.makeFolder(folder.staged);
      this.#timers.add(clock.after(SETTLE_MS, () => this.#settle(folder)));
      return folder;
    } catch {
      return undefined; // What hinders us here is told when the file is placed by itself.
    }
  }

  #settleIfDue(folder: StagedFolder): void {
    const complete = (this.#expected.get(folder.path) ?? 0) <= 0;
    if (folder.due || complete || folder.whole.length >= SETTLE_FILES) this.#settle(folder);
  }

  /** Gives a folder its name: now, or as soon as nothing is being written into it. */
  #settle(folder: StagedFolder): void {
    folder.due = true;
    if (folder.writing > 0 || this.#folders.get(folder.path) !== folder) return;
    this.#folders.set(folder.path, undefined);
    const { disk, root } = this.#options;
    if (folder.giveName(disk, root)) {
      this.#options.folderMade(folder.path);
      for (const whole of folder.whole) this.#placed(whole, whole.path);
    } else for (const whole of folder.whole) this.#placeWhole(whole);
  }

  /** The name of its folder was taken meanwhile. */
  #placeWhole(whole: StagedFile): void {
    const { disk, root } = this.#options;
    try {
      const { path, absolute } = placeFile(disk, root, whole.to, whole.path);
      this.#placed(whole, path, disk.stateOf(absolute));
    } catch (failure) {
      removeQuietly(disk, whole.to);
      this.#told.failed(whole.file, asShoalError(failure, 'DISK_FAILED'));
    }
  }

  /** @param state - where the new name changed it */
  #placed({ file, written }: StagedFile, path: string, state = written?.state): void {
    const { fileId, size } = file;
    if (state === undefined || written === undefined) throw new Error('placed before it was written');
    this.#options.placed(path, state, { fileId, layout: chunkLayout(size), chunkHashes: [written.hash] });
    this.#told.placed(file, inside(this.#options.root, path));
  }

  #cleanUp(): void {
    if (this.#made > 0 && this.#writing === 0) removeFolderQuietly(this.#options.disk, this.#options.staging);
  }
}

function writtenOf(place: StagedFile, { state, hash = place.hash }: SmallWritten & { kind: 'written' }) {
  if (hash === undefined) throw new Error('written, and nobody verified it');
  return { state, hash };
}

/** Verifies small ones here. @returns those that are not wrong: to be written, some still to be verified there */
function verifySmallest(bytes: Uint8Array, staged: readonly StagedFile[]): StagedFile[] {
  return staged.filter((place) => {
    const { fileId, size, offset } = place.file;
    if (size > VERIFIED_HERE_BYTES) return true;
    place.hash = provenHash(fileId, Buffer.from(bytes.buffer, bytes.byteOffset + offset, size));
    return place.hash !== undefined;
  });
}
