import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder } from '../../Model.ts';
import type { DownloadStorage, FolderFile, Part } from '../../Storage.ts';
import type { ChunkWriter } from '../../Transfer.ts';

/** One content of a folder, which may be wanted at several paths. */
export class FolderItem {
  readonly fileId: FileId;
  readonly size: number;
  /** The first is fetched, the others are copies. */
  readonly paths: [string, ...string[]];
  #holders: Holders;
  /** The table is another item's too: it is copied before it changes. */
  #shared: boolean;
  /** Holders that could not give it after all. Most items never have one. */
  #refused: Map<PeerId, FileHolder> | undefined;
  /** Paths where it lies now. */
  #placed: string | Set<string> | undefined;
  state: 'wanted' | 'asked' | 'looking' | 'done' | 'failed' = 'wanted';
  error: ShoalError | undefined;
  /** A bundle it was in was rejected: asked for by itself. */
  alone = false;

  /** @param like - an item that often has the same holders: then both have one table, which a folder of many files is quicker with */
  constructor(file: FolderFile, like?: FolderItem) {
    this.fileId = file.fileId;
    this.size = file.size;
    this.paths = [file.path];
    this.#shared = like !== undefined && isTableOf(like.#holders, file.holders);
    if (like !== undefined && this.#shared) {
      this.#holders = like.#holders;
      like.#shared = true;
    } else this.#holders = new Map(file.holders.map((holder) => [holder.peerId, holder]));
  }

  /** Who may give it. */
  get holders(): ReadonlyMap<PeerId, FileHolder> {
    return this.#holders;
  }

  /** Returns those that are new. */
  addHolders(holders: readonly FileHolder[]): FileHolder[] {
    const fresh = holders.filter(({ peerId }) => !this.#holders.has(peerId) && !this.#refused?.has(peerId));
    for (const holder of fresh) this.#ownHolders().set(holder.peerId, holder);
    return fresh;
  }

  refuse(peerId: PeerId): void {
    const holder = this.#holders.get(peerId);
    if (holder === undefined) return;
    this.#refused ??= new Map();
    this.#refused.set(peerId, holder);
    this.#ownHolders().delete(peerId);
  }

  /** A new try: everybody may give it again. */
  renew(): void {
    this.state = 'wanted';
    this.error = undefined;
    if (this.#refused === undefined) return;
    for (const [peerId, holder] of this.#refused) this.#ownHolders().set(peerId, holder);
    this.#refused = undefined;
  }

  isPlaced(path: string): boolean {
    return this.#placed instanceof Set ? this.#placed.has(path) : this.#placed === path;
  }

  /** It lies at this path now. */
  place(path: string): void {
    if (this.#placed === undefined) this.#placed = path;
    else if (this.#placed instanceof Set) this.#placed.add(path);
    else this.#placed = new Set([this.#placed, path]);
  }

  #ownHolders(): Holders {
    if (this.#shared) {
      this.#holders = new Map(this.#holders);
      this.#shared = false;
    }
    return this.#holders;
  }
}

/** The contents of a folder's files. */
export function folderItems(files: readonly FolderFile[]): Map<FileId, FolderItem> {
  const items = new Map<FileId, FolderItem>();
  let last: FolderItem | undefined;
  for (const file of files) {
    const item = items.get(file.fileId);
    if (item === undefined) {
      last = new FolderItem(file, last);
      items.set(file.fileId, last);
    } else {
      item.paths.push(file.path);
      item.addHolders(file.holders);
    }
  }
  return items;
}

type Holders = Map<PeerId, FileHolder>;

/** Whether the table holds just these, and they are the same objects. */
function isTableOf(table: Holders, holders: readonly FileHolder[]): boolean {
  return table.size === holders.length && holders.every((holder) => table.get(holder.peerId) === holder);
}

/** The unfinished file of a one-chunk item: opened when its first byte comes. */
export class SmallPart implements ChunkWriter {
  readonly #parts: DownloadStorage;
  readonly #item: FolderItem;
  #part: Promise<Part> | undefined;
  #writer: Promise<ChunkWriter> | undefined;

  constructor(parts: DownloadStorage, item: FolderItem) {
    this.#parts = parts;
    this.#item = item;
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#open().then((writer) => writer.write(piece));
  }

  finish(): Promise<boolean> {
    return this.#open().then((writer) => writer.finish());
  }

  abandon(): void {
    this.#writer?.then((writer) => writer.abandon()).catch(() => {});
  }

  /** Moves it into the share. Returns where it lies. @throws like Part.finish */
  async place(): Promise<string> {
    const part = await this.#part;
    if (part === undefined) throw new Error('placed before anything came');
    this.#part = undefined;
    try {
      return await part.finish();
    } catch (failure) {
      await part.discard().catch(() => {});
      throw failure;
    }
  }

  /** Nothing of a single chunk is worth keeping. */
  async discard(): Promise<void> {
    const opening = this.#part;
    this.#part = undefined;
    await opening?.then((part) => part.discard()).catch(() => {});
  }

  #open(): Promise<ChunkWriter> {
    const { fileId, size, paths } = this.#item;
    this.#part ??= this.#parts.open({ fileId, layout: chunkLayout(size), chunkHashes: [] }, paths[0]);
    this.#writer ??= this.#part.then((part) => part.writer(0));
    return this.#writer;
  }
}
