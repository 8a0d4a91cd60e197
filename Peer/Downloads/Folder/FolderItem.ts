import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { isListedFolder } from '../../../Protocol/ListedFile.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder } from '../../Model.ts';
import type { FolderFile } from '../../Storage.ts';

/** One content of a folder, wanted at one or several paths. */
export class FolderItem {
  readonly fileId: FileId;
  readonly size: number;
  /** The first path is fetched, the others are copies. */
  readonly paths: [string, ...string[]];
  readonly #files: [FolderFile, ...FolderFile[]];
  #holders: Holders;
  /** The holder table is shared with another item: copied on write. */
  #shared: boolean;
  /** Holders that refused it; undefined for most items. */
  #refused: Map<PeerId, FileHolder> | undefined;
  /** Paths that are complete. */
  #placed: string | Set<string> | undefined;
  state: 'wanted' | 'requested' | 'locating' | 'done' | 'failed' = 'wanted';
  error: ShoalError | undefined;
  /** A holder says that its file has changed. */
  changed = false;
  /** A bundle with this item was rejected: it is requested alone. */
  alone = false;

  /** @param like - an item whose holder table is shared when it is equal; a large folder then needs one table */
  constructor(file: FolderFile, like?: FolderItem) {
    this.fileId = file.fileId;
    this.size = file.size;
    this.paths = [file.path];
    this.#files = [file];
    this.#shared = like !== undefined && isTableOf(like.#holders, file.holders);
    if (like !== undefined && this.#shared) {
      this.#holders = like.#holders;
      like.#shared = true;
    } else this.#holders = new Map(file.holders.map((holder) => [holder.peerId, holder]));
  }

  /** Holders that have not refused it. */
  get holders(): ReadonlyMap<PeerId, FileHolder> {
    return this.#holders;
  }

  /** Adds a further path. */
  addFile(file: FolderFile): void {
    this.paths.push(file.path);
    this.#files.push(file);
    this.addHolders(file.holders);
  }

  /** The file at one of its paths. */
  fileAt(path: string): FolderFile {
    return this.#files.find((file) => file.path === path) ?? this.#files[0];
  }

  /** Adds holders and returns the new ones. */
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

  /** Starts a new attempt: refusals are forgotten. */
  retry(): void {
    this.state = 'wanted';
    this.error = undefined;
    if (this.#refused === undefined) return;
    for (const [peerId, holder] of this.#refused) this.#ownHolders().set(peerId, holder);
    this.#refused = undefined;
  }

  isPlaced(path: string): boolean {
    return this.#placed instanceof Set ? this.#placed.has(path) : this.#placed === path;
  }

  /** Marks a path as complete. */
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

/** The content of a folder download at its place on disk. */
export interface PlacedFolder {
  readonly items: ReadonlyMap<FileId, FolderItem>;
  /** To be created, and to be given their times, after the last file. */
  readonly folders: readonly FolderFile[];
  readonly fileCount: number;
}

/** @param folder - replaces the first folder of all paths; undefined: they stay */
export function placeFolder(listed: readonly FolderFile[], folder: string | undefined): PlacedFolder {
  const placed =
    folder === undefined
      ? listed
      : listed.map((file) => ({ ...file, path: file.path.replace(/^[^/]*/, () => folder) }));
  const files = placed.filter((file) => !isListedFolder(file));
  return { items: folderItems(files), folders: placed.filter(isListedFolder), fileCount: files.length };
}

/** Groups the files of a folder by content. */
function folderItems(files: readonly FolderFile[]): Map<FileId, FolderItem> {
  const items = new Map<FileId, FolderItem>();
  let last: FolderItem | undefined;
  for (const file of files) {
    const item = items.get(file.fileId);
    if (item === undefined) {
      last = new FolderItem(file, last);
      items.set(file.fileId, last);
    } else item.addFile(file);
  }
  return items;
}

type Holders = Map<PeerId, FileHolder>;

/** Tells whether a table holds exactly these holder objects. */
function isTableOf(table: Holders, holders: readonly FileHolder[]): boolean {
  return table.size === holders.length && holders.every((holder) => table.get(holder.peerId) === holder);
}

/**
 * Sums up the files of a folder that failed; undefined when none did.
 * @param fileCount - of the whole folder
 * @param incomplete - path of the folder until it is complete
 */
export function folderFailure(
  items: Iterable<FolderItem>,
  fileCount: number,
  incomplete?: string,
): ShoalError | undefined {
  const failed = [...items].filter(({ state }) => state === 'failed');
  const [first] = failed;
  if (first === undefined) return undefined;
  const count = failed.reduce((sum, { paths }) => sum + paths.length, 0);
  const cause = first.error;
  const place = incomplete === undefined ? '' : ` in "${incomplete}"`;
  return new ShoalError(
    cause?.code ?? 'NOT_FOUND',
    `${count} of ${fileCount} files could not be fetched: ${cause?.message ?? first.paths[0]}`,
    { hint: `The other files are complete${place}. Try again later: resume`, cause },
  );
}
