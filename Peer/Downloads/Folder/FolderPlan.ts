import { earliestOf } from '../../../Protocol/Extensions.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { FileVersions } from '../../DownloadModel.ts';
import type { CatalogEntry, FileAttributes, FileHolder } from '../../Model.ts';
import type { FolderFile, FolderFiles } from '../../Storage.ts';
import { type DatedVersion, takeVersion } from '../Versions.ts';
import type { FolderTable } from './FolderTable.ts';
import { ListedFiles } from './ListedFiles.ts';
import { OriginalNames } from './OriginalNames.ts';

const EMPTY = fileIdOf(0, []);

/** The files that one peer lists below a folder. */
export interface Listing {
  readonly holder: FileHolder;
  /** An array, or a ListedFiles. */
  readonly files: Iterable<CatalogEntry>;
}

/** The files to fetch, and the paths of which several contents exist. */
export interface FolderPlan {
  readonly files: FolderFiles;
  readonly versions: readonly FileVersions[];
}

export interface FolderPlanOptions {
  /** Files of the own share: an own version of a listed path counts like any other. */
  readonly own?: readonly CatalogEntry[];
  /** First digits of the id of a version that is preferred to newer ones. */
  readonly other?: string | undefined;
  readonly wallMs?: number;
  /** The form of a path that every disk can hold: names that the disk of a peer changed are recognized by it. */
  readonly portable?: (path: string) => string;
}

/**
 * Merges the listings of several holders into one list of files below a folder, ordered by path.
 * - Paths become relative to the parent of the folder: `music/jazz` gives `jazz/a.mp3`. Other paths are dropped.
 * - The holders of a file are all peers that list its content below the folder, under any name.
 * - Folders come as entries whose path ends with `/`, for their times, and because some are empty.
 * - Names that the disk of a peer changed count as the original names: see `OriginalNames`.
 * - One path with several contents: see `takeVersion`. The others are reported.
 */
export function planFolder(
  folder: string,
  listed: readonly Listing[],
  options: FolderPlanOptions = {},
): FolderPlan {
  const base = folder.replace(/\/+$/, '');
  const { other, wallMs = Number.MAX_SAFE_INTEGER, portable = (path) => path } = options;
  const names = new OriginalNames([...listed.map(({ files }) => files), options.own ?? []], portable);
  const listings = listed.map(({ holder, files }) => ({ holder, files: names.apply(files) }));
  const own = names.apply(options.own ?? []);
  const plain = planSame(base, listings, own);
  if (plain !== undefined) return { files: plain, versions: [] };
  const paths = candidatesByPath(base, listings);
  addOwn(paths, base, own);
  const files: FolderFile[] = [];
  const versions: FileVersions[] = [];
  for (const path of [...paths.keys()].sort(byText)) {
    const { taken, others: left } = takeVersion(paths.get(path) ?? [], { other, wallMs });
    const { fileId, size, holders } = taken.content;
    files.push({ fileId, size, path, holders, ...taken.attributes });
    if (left.length > 0) versions.push({ path, taken: plainVersion(taken), others: left.map(plainVersion) });
  }
  return { files: files.filter((file) => !isBesideVersion(file, versions)), versions };
}

/**
 * Whether a file is a version that a peer put beside its older one: `name (2).ext` with the content that is taken as
 * `name.ext` anyway.
 */
function isBesideVersion({ path, fileId }: FolderFile, versions: readonly FileVersions[]): boolean {
  if (versions.length === 0 || !/ \(\d+\)(\.[^/]*)?$/.test(path)) return false;
  const plain = path.replace(/ \(\d+\)(?=(\.[^/]*)?$)/, '');
  return versions.some((each) => each.path === plain && each.taken.fileId === fileId);
}

/**
 * Fast path for peers that list the same files, one peer mostly: their list becomes the plan, in the same memory.
 * Undefined: they differ, a path is listed twice, or the own share has other content there.
 */
function planSame(
  base: string,
  listings: readonly Listing[],
  own: readonly CatalogEntry[],
): FolderFiles | undefined {
  const [first, ...others] = listings.map(({ files }) => ListedFiles.of(files).table);
  if (first === undefined || others.some(({ length }) => length !== first.length)) return undefined;
  const mine = new Map(own.map(({ path, fileId }) => [path, fileId]));
  const below = base === '' ? '' : `${base}/`;
  let last = '';
  for (let row = 0; row < first.length; row++) {
    const path = first.pathOf(row);
    if (!path.startsWith(below) || path <= last) return undefined;
    if (first.isFolder(row) && first.fileIdOf(row) !== EMPTY) return undefined;
    const here = mine.get(path);
    if (here !== undefined && here !== first.fileIdOf(row)) return undefined;
    if (!others.every((other) => isSame(first, other, row))) return undefined;
    last = path;
  }
  const skipped = Buffer.byteLength(base.slice(0, base.lastIndexOf('/') + 1));
  return first.sharedBy(
    listings.map(({ holder }) => holder),
    skipped,
  );
}

/** Whether two tables have the same file in a row. The earlier time is noted in the first one. */
function isSame(first: FolderTable, other: FolderTable, row: number): boolean {
  const one = first.fileAt(row);
  const { path, fileId, size, executable, modifiedMs = 0 } = other.fileAt(row);
  if (path !== one.path || fileId !== one.fileId || size !== one.size) return false;
  if (executable !== one.executable) return false;
  if (modifiedMs < (one.modifiedMs ?? 0)) first.dateAt(row, modifiedMs);
  return true;
}

/**
 * A content and its holders. A different size is a different content, so that a false listing does not spoil
 * others.
 */
interface Content {
  readonly fileId: FileId;
  readonly size: number;
  readonly holders: FileHolder[];
}

/** One content at one path. */
interface Candidate extends DatedVersion {
  readonly content: Content;
  readonly fileId: FileId;
  modifiedMs: number;
  /** Of the earliest copy. */
  attributes: FileAttributes;
  copies: number;
  isHere: boolean;
}

function candidatesByPath(base: string, listings: readonly Listing[]): Map<string, Candidate[]> {
  const paths = new Map<string, Candidate[]>();
  /** Normally one per FileId; several when listings disagree about the size. */
  const contents = new Map<FileId, Content[]>();
  for (const { holder, files } of listings) {
    for (const file of files) {
      const path = wantedPath(base, file.path);
      if (path === undefined || isFalseFolder(file.path, file.fileId)) continue;
      const content = contentOf(file, contents);
      if (content.holders.at(-1)?.peerId !== holder.peerId) addHolder(content, holder);
      addCandidate(paths, path, content, file);
    }
  }
  return paths;
}

/** Adds the own versions of listed paths. Files that only the own share has stay out: nothing is to be fetched. */
function addOwn(paths: Map<string, Candidate[]>, base: string, own: readonly CatalogEntry[]): void {
  for (const file of own) {
    const { fileId, size } = file;
    const path = wantedPath(base, file.path);
    const candidates = path === undefined ? undefined : paths.get(path);
    if (path === undefined || candidates === undefined) continue;
    const known = candidates.find(({ content }) => content.fileId === fileId && content.size === size);
    const content = known?.content ?? { fileId, size, holders: [] };
    addCandidate(paths, path, content, file, true);
  }
}

function contentOf({ fileId, size }: CatalogEntry, contents: Map<FileId, Content[]>): Content {
  const known = contents.get(fileId);
  const found = known?.find((content) => content.size === size);
  if (found !== undefined) return found;
  const content: Content = { fileId, size, holders: [] };
  if (known === undefined) contents.set(fileId, [content]);
  else known.push(content);
  return content;
}

/** Adds or replaces a holder: the latest listing of a peer counts. */
function addHolder({ holders }: Content, holder: FileHolder): void {
  const at = holders.findIndex(({ peerId }) => peerId === holder.peerId);
  if (at < 0) holders.push(holder);
  else holders[at] = holder;
}

function addCandidate(
  paths: Map<string, Candidate[]>,
  path: string,
  content: Content,
  file: CatalogEntry,
  isHere = false,
): void {
  const { modifiedMs } = file;
  const candidates = paths.get(path) ?? [];
  const candidate = candidates.find((each) => each.content === content);
  if (candidate === undefined) {
    const { fileId } = content;
    candidates.push({ content, fileId, modifiedMs, attributes: earliestOf([file]), copies: 1, isHere });
  } else {
    candidate.copies++;
    candidate.isHere ||= isHere;
    candidate.modifiedMs = Math.min(candidate.modifiedMs, modifiedMs);
    candidate.attributes = earliestOf([candidate.attributes, file]);
  }
  paths.set(path, candidates);
}

function plainVersion({ content, modifiedMs, copies, isHere }: Candidate) {
  return { fileId: content.fileId, size: content.size, modifiedMs, copies, isHere };
}

/** Whether an entry looks like a folder, but has content. */
function isFalseFolder(path: string, fileId: FileId): boolean {
  return path.endsWith('/') && fileId !== EMPTY;
}

/** Maps a listed path to the wanted path; undefined when it is not below the folder. */
function wantedPath(base: string, path: string): string | undefined {
  if (base === '') return path;
  if (!path.startsWith(`${base}/`)) return undefined;
  return path.slice(base.lastIndexOf('/') + 1);
}

function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
