import { EventEmitter } from 'node:events';
import type { Bitfield } from '../Protocol/Bitfield.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { FileId } from '../Protocol/Ids.ts';
import type { RelayedFile, RelayQuestion } from '../Protocol/RelayMessages.ts';
import type { PublishedEntry } from '../Protocol/TrackerMessages.ts';
import { Closing } from '../Shared/Async/Closing.ts';
import { limitHeapOf } from '../Shared/Program/HeapGrowth.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { Catalog } from './Files/Catalog/Catalog.ts';
import { CatalogMatch } from './Files/Catalog/CatalogMatch.ts';
import { measureDisk } from './Files/Disk/DiskSpeed.ts';
import { finishFolders } from './Files/Disk/InstallFile.ts';
import { nodeDisk } from './Files/Disk/NodeDisk.ts';
import { type FileComponents, type FileManagerOptions, openComponents } from './Files/FileComponents.ts';
import type { OpenPart } from './Files/Parts/OpenPart.ts';
import { listedFolders } from './Files/Serving/ListedFolders.ts';
import type { CatalogEntry, FileAttributes, FileSummary } from './Model.ts';
import type { DiskSpeed, FileEvents, ShareStatus } from './ShareModel.ts';
import type {
  DownloadStorage,
  DropIdentity,
  FolderFile,
  IncomingFile,
  InstallEvents,
  KeptFolder,
  NamedFolder,
  Part,
  SmallFileInstaller,
  Unfinished,
} from './Storage.ts';
import type { LentFile } from './Transfer.ts';

export { safePath as portablePath } from './Files/Disk/SafePath.ts';
export type { FileManagerOptions } from './Files/FileComponents.ts';
export { DROP_KEPT_MS } from './Files/Parts/IncomingFiles.ts';

/** Catalog changes are coalesced for this long before `catalogChanged` is emitted. */
const COALESCE_MS = 20;

/**
 * The disk side of a peer: share folder, catalog, reading chunks for others, writing unfinished files.
 * Implements ChunkProvider and CatalogFeed (Network/Ports.ts), DownloadStorage and DropStorage
 * (Storage.ts).
 */
export class FileManager extends EventEmitter<FileEvents> {
  readonly #options: FileManagerOptions;
  readonly #catalog = new Catalog();
  readonly #match = new CatalogMatch(this.#catalog, () => this.#components?.parts.parts() ?? []);
  readonly #closing = new Closing();
  #components: FileComponents | undefined;
  #isEventPending = false;

  constructor(options: FileManagerOptions) {
    super();
    this.#options = options;
  }

  /**
   * Creates the folders, opens the hash cache and begins the first scan; `scanned` waits for its end.
   * @throws ShoalError NOT_FOUND (the manifest), DISK_FAILED, DISK_FULL, CLOSED
   */
  async start({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#closing.started || signal?.aborted)
      throw new ShoalError('CLOSED', 'closed before the start was complete');
    const components = await openComponents({
      ...this.#options,
      catalog: this.#catalog,
      closing: this.#closing,
      changed: () => this.#changed(),
      emit: this.emit.bind(this),
    });
    this.#components = components;
    components.share.start();
  }

  /** Closes open parts and stops watching. Safe to call twice, and during `start`. */
  close(): Promise<void> {
    return this.#closing.run();
  }

  /** Resolves when every file present at the start is in the catalog or reported as a problem, and on close. */
  scanned(): Promise<void> {
    return this.#started().share.scanned();
  }

  /** Scans the whole share now. Resolves when the files found are in the catalog. */
  rescan(): Promise<void> {
    return this.#started().share.rescan();
  }

  status(): ShareStatus {
    return this.#started().share.status();
  }

  // ---- catalog

  get version(): number {
    return this.#catalog.version;
  }

  get files(): number {
    return this.#catalog.files;
  }

  get bytes(): number {
    return this.#catalog.bytes;
  }

  entries(): readonly PublishedEntry[] {
    return this.#catalog.entries();
  }

  changesSince(version: number, until?: number): readonly PublishedEntry[] | undefined {
    return this.#catalog.changesSince(version, until);
  }

  /** Answers a relayed question; see CatalogFeed. */
  matching(question: RelayQuestion): readonly RelayedFile[] {
    return this.#match.matching(question);
  }

  /** @param folder - may end with a slash */
  list(folder: string): readonly CatalogEntry[] {
    return this.#catalog.list(folder.replace(/\/+$/, ''));
  }

  /** The same without their contents, one after the other. Valid until the catalog changes. */
  below(folder: string): Iterable<FileSummary> {
    return this.#catalog.below(folder);
  }

  folders(folder: string): readonly CatalogEntry[] {
    return listedFolders(this.#started().share, nodeDisk, folder.replace(/\/+$/, ''));
  }

  /** Finds a complete file with this content; any of them when there are several. */
  find(fileId: FileId): CatalogEntry | undefined {
    return this.#catalog.find(fileId);
  }

  findPath(path: string): CatalogEntry | undefined {
    return this.#catalog.findPath(path);
  }

  // ---- serving

  holdings(fileId: FileId): Bitfield | 'all' | undefined {
    return this.find(fileId) === undefined ? this.#components?.parts.part(fileId)?.verified : 'all';
  }

  sizeOf(fileId: FileId): number | undefined {
    return this.find(fileId)?.size ?? this.#components?.parts.part(fileId)?.description.layout.size;
  }

  pathOf(fileId: FileId): string | undefined {
    return this.find(fileId)?.path ?? this.#components?.parts.part(fileId)?.path;
  }

  async describe(fileId: FileId): Promise<FileDescription> {
    const entry = this.find(fileId);
    return entry === undefined ? this.#part(fileId).description : this.#started().files.describe(entry);
  }

  async read(fileId: FileId, chunk: number, offset: number, into: Uint8Array): Promise<void> {
    const entry = this.find(fileId);
    if (entry === undefined) return this.#part(fileId).read(chunk, offset, into);
    return this.#started().files.read(entry, chunk, offset, into);
  }

  lend(fileId: FileId, chunk: number, offset: number, bytes: number): LentFile | undefined {
    const entry = this.find(fileId);
    if (entry !== undefined) return this.#started().files.lend(entry, chunk, offset, bytes);
    return this.#components?.parts.part(fileId)?.lend?.(chunk, offset, bytes);
  }

  readNow(fileId: FileId, size: number, offset: number, into: Uint8Array): boolean {
    const entry = this.find(fileId);
    return entry?.size === size && this.#started().files.readNow(entry, offset, into);
  }

  async recheck(fileId: FileId, chunk: number): Promise<void> {
    await this.#components?.files.recheck(fileId, chunk);
  }

  // ---- unfinished files

  async open(...args: Parameters<DownloadStorage['open']>): Promise<Part> {
    return this.#started().parts.open(...args);
  }

  async receive(
    path: string,
    size: number,
    attributes: FileAttributes,
    identity: DropIdentity,
  ): Promise<IncomingFile> {
    return this.#started().incoming.create(path, size, attributes, identity);
  }

  /** Whether an interrupted drop of an earlier run is here. */
  isLeft(drop: Pick<DropIdentity, 'key'>): boolean {
    return this.#started().incoming.isLeft(drop);
  }

  expectSmallFiles(): void {
    this.#started().batches.prepare();
  }

  openInstaller(wanted: Iterable<string>, events: InstallEvents, incomplete?: string): SmallFileInstaller {
    const { batches, share } = this.#started();
    const installer = batches.open(wanted, events);
    if (incomplete === undefined) return installer;
    const hold = (isHeld: boolean) =>
      isHeld ? share.adopted.hold(incomplete) : share.adopted.release(incomplete);
    hold(true);
    return {
      install: (bytes, files) => installer.install(bytes, files),
      hold,
      close: async () => {
        await installer.close();
        hold(false);
      },
    };
  }

  async describeUnfinished(fileId: FileId): Promise<FileDescription | undefined> {
    return this.#started().parts.describeUnfinished(fileId);
  }

  async unfinished(): Promise<readonly Unfinished[]> {
    return this.#started().parts.unfinished();
  }

  async setOwn(fileId: FileId): Promise<void> {
    return this.#started().parts.setOwn(fileId);
  }

  async setPaused(fileId: FileId, paused: boolean): Promise<void> {
    return this.#started().parts.setPaused(fileId, paused);
  }

  async discardUnfinished(fileId: FileId): Promise<void> {
    return this.#started().parts.discardUnfinished(fileId);
  }

  async keepFolder(folder: KeptFolder): Promise<void> {
    return this.#started().folders.keep(folder);
  }

  async keptFolders(): Promise<readonly KeptFolder[]> {
    return this.#started().folders.all();
  }

  async forgetFolder(key: string): Promise<void> {
    this.#started().folders.forget(key);
  }

  findComplete(fileId: FileId): string | undefined {
    return this.#started().files.findComplete(fileId);
  }

  async copyComplete(fileId: FileId, path: string, attributes?: FileAttributes): Promise<string> {
    return this.#started().files.copyTo(fileId, path, attributes);
  }

  incompleteFolder(path: string): string | undefined {
    return this.#started().incomplete.pathFor(path);
  }

  async nameFolder(from: string, path: string): Promise<NamedFolder> {
    return this.#started().incomplete.complete(from, path);
  }

  async finishFolders(folders: Iterable<FolderFile>): Promise<string | undefined> {
    const { disk, root, names } = this.#started().storage;
    return finishFolders(disk, root, names, folders);
  }

  async requireFreeSpace(bytes: number): Promise<void> {
    this.#started().parts.requireFreeSpace(bytes);
  }

  /** Free space, and the rate of writing, in the folder of unfinished files. */
  measureDisk(): Promise<DiskSpeed> {
    const { disk, temp } = this.#started().storage;
    return measureDisk(disk, temp, this.#options.clock);
  }

  // ---- inside

  #started(): FileComponents {
    if (this.#components === undefined) throw new ShoalError('CLOSED', 'the share folder is not open yet');
    return this.#components;
  }

  #part(fileId: FileId): OpenPart {
    const part = this.#started().parts.part(fileId);
    if (part === undefined) throw new ShoalError('NOT_FOUND', `file ${fileId.slice(0, 8)} is not shared`);
    return part;
  }

  #changed(): void {
    if (this.#isEventPending) return;
    this.#isEventPending = true;
    this.#options.clock.after(COALESCE_MS, () => {
      this.#isEventPending = false;
      (this.#options.seams?.limitHeap ?? limitHeapOf)(this.#catalog.files);
      if (!this.#closing.started) this.emit('catalogChanged');
    });
  }
}
