import type { FileId } from '../../../Protocol/Ids.ts';
import type { CatalogEntry, FileHolder } from '../../Model.ts';
import type { FolderFile } from '../../Storage.ts';

/** The files that one peer lists below a folder. */
export interface Listing {
  readonly holder: FileHolder;
  readonly files: CatalogEntry[];
}

/**
 * Merges the listings of several holders into one list of files below a folder, ordered by path.
 * - Paths become relative to the parent of the folder: `music/jazz` gives `jazz/a.mp3`. Other paths are dropped.
 * - The holders of a file are all peers that list its content below the folder, under any name.
 * - One path with several contents: most listings win, then the newest, then the lowest FileId.
 * - Paths that differ only in case or Unicode form cannot coexist on every disk: equal contents are kept once, a
 *   second content becomes `name (2).ext`.
 */
export function planFolder(folder: string, listings: readonly Listing[]): readonly FolderFile[] {
  const base = folder.replace(/\/+$/, '');
  const [only, ...others] = listings;
  const plain = only === undefined || others.length > 0 ? undefined : planOne(base, only);
  if (plain !== undefined) return plain;
  const files: FolderFile[] = [];
  const taken = new Map<string, FileId>();
  const paths = candidatesByPath(base, listings);
  for (const path of [...paths.keys()].sort(byText)) {
    const { fileId, size, holders } = mostListed(paths.get(path) ?? []).content;
    const free = takePath(path, fileId, taken);
    if (free !== undefined) files.push({ fileId, size, path: free, holders });
  }
  return files;
}

/**
 * Fast path for one holder with unique paths: all files share one list of holders. Undefined: a path is listed
 * twice.
 */
function planOne(base: string, { holder, files }: Listing): readonly FolderFile[] | undefined {
  const holders = [holder];
  const wanted: FolderFile[] = [];
  let isSorted = true;
  for (const { fileId, size, path: listed } of files) {
    const path = wantedPath(base, listed);
    if (path === undefined) continue;
    const last = wanted.at(-1)?.path;
    isSorted &&= last === undefined || last < path;
    wanted.push({ fileId, size, path, holders });
  }
  if (!isSorted) wanted.sort((one, other) => byText(one.path, other.path));
  const taken = new Map<string, FileId>();
  const plan: FolderFile[] = [];
  for (const [index, file] of wanted.entries()) {
    if (wanted[index + 1]?.path === file.path) return undefined;
    const free = takePath(file.path, file.fileId, taken);
    if (free === file.path) plan.push(file);
    else if (free !== undefined) plan.push({ ...file, path: free });
  }
  return plan;
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
interface Candidate {
  readonly content: Content;
  modifiedMs: number;
  listed: number;
}

function candidatesByPath(base: string, listings: readonly Listing[]): Map<string, Candidate[]> {
  const paths = new Map<string, Candidate[]>();
  /** Normally one per FileId; several when listings disagree about the size. */
  const contents = new Map<FileId, Content[]>();
  for (const { holder, files } of listings) {
    for (const file of files) {
      const path = wantedPath(base, file.path);
      if (path === undefined) continue;
      const content = contentOf(file, contents);
      if (content.holders.at(-1)?.peerId !== holder.peerId) addHolder(content, holder);
      addCandidate(paths, path, content, file.modifiedMs);
    }
  }
  return paths;
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
  modifiedMs: number,
): void {
  const candidates = paths.get(path);
  const candidate = candidates?.find((each) => each.content === content);
  if (candidate !== undefined) {
    candidate.listed++;
    candidate.modifiedMs = Math.max(candidate.modifiedMs, modifiedMs);
  } else if (candidates === undefined) paths.set(path, [{ content, modifiedMs, listed: 1 }]);
  else candidates.push({ content, modifiedMs, listed: 1 });
}

function mostListed([first, ...others]: readonly Candidate[]): Candidate {
  if (first === undefined) throw new RangeError('a path without content');
  return others.reduce((best, each) => (isBetter(each, best) ? each : best), first);
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.listed !== other.listed) return one.listed > other.listed;
  if (one.modifiedMs !== other.modifiedMs) return one.modifiedMs > other.modifiedMs;
  return one.content.fileId < other.content.fileId;
}

/** Maps a listed path to the wanted path; undefined when it is not below the folder. */
function wantedPath(base: string, path: string): string | undefined {
  if (base === '') return path;
  if (!path.startsWith(`${base}/`) || path.length === base.length + 1) return undefined;
  return path.slice(base.lastIndexOf('/') + 1);
}

/** Reserves a unique path; undefined when the same content has an equivalent path already. */
function takePath(path: string, content: FileId, taken: Map<string, FileId>): string | undefined {
  let free = path;
  let key = folded(free);
  for (let number = 2; taken.has(key); number++) {
    if (taken.get(key) === content) return undefined;
    free = numbered(path, number);
    key = folded(free);
  }
  taken.set(key, content);
  return free;
}

function numbered(path: string, number: number): string {
  const dot = path.lastIndexOf('.');
  const cut = dot > path.lastIndexOf('/') + 1 ? dot : path.length;
  return `${path.slice(0, cut)} (${number})${path.slice(cut)}`;
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
