import type { FileId } from '../../Protocol/Ids.ts';
import type { CatalogEntry, FileHolder } from '../Model.ts';
import type { FolderFile } from './Model.ts';

/** What one peer lists below a folder. */
export interface Listing {
  readonly holder: FileHolder;
  readonly files: CatalogEntry[];
}

/**
 * Merges the listings of several holders into one list of files below a folder, ordered by path.
 * - Paths become relative to the folder's parent: `music/jazz` gives `jazz/a.mp3`. What does not lie below the folder is dropped.
 * - The holders of a file are all who list its content below the folder, under whatever name.
 * - One path with different contents: the content that most peers list there, then the newest, then the lowest FileId.
 * - Paths that differ only in case or in Unicode form cannot all exist on every disk: of the same content one is kept,
 *   of different contents the second becomes `name (2).ext`.
 */
export function planFolder(folder: string, listings: readonly Listing[]): readonly FolderFile[] {
  const base = folder.replace(/\/+$/, '');
  const holders = holdersByContent(base, listings);
  const files: FolderFile[] = [];
  const taken = new Map<string, FileId>();
  for (const [path, candidates] of [...candidatesByPath(base, listings)].sort(byText)) {
    const chosen = mostListed(candidates);
    const free = freePath(path, chosen.fileId, taken);
    if (free === undefined) continue;
    taken.set(folded(free), chosen.fileId);
    const { fileId, size } = chosen;
    files.push({ fileId, size, path: free, holders: [...(holders.get(contentKey(chosen))?.values() ?? [])] });
  }
  return files;
}

/** One content as peers list it at one path. */
interface Candidate {
  readonly fileId: FileId;
  readonly size: number;
  modifiedMs: number;
  listed: number;
}

/** A wrong size is a different file: a liar must not spoil what others list. */
function contentKey({ fileId, size }: { fileId: FileId; size: number }): string {
  return `${fileId} ${size}`;
}

function holdersByContent(base: string, listings: readonly Listing[]): Map<string, Map<string, FileHolder>> {
  const found = new Map<string, Map<string, FileHolder>>();
  for (const { holder, files } of listings) {
    for (const file of files) {
      if (wantedPath(base, file.path) === undefined) continue;
      const key = contentKey(file);
      const holders = found.get(key) ?? new Map<string, FileHolder>();
      found.set(key, holders.set(holder.peerId, holder));
    }
  }
  return found;
}

function candidatesByPath(base: string, listings: readonly Listing[]): Map<string, Map<string, Candidate>> {
  const paths = new Map<string, Map<string, Candidate>>();
  for (const { files } of listings) {
    for (const file of files) {
      const path = wantedPath(base, file.path);
      if (path === undefined) continue;
      const candidates = paths.get(path) ?? new Map<string, Candidate>();
      paths.set(path, candidates);
      const { fileId, size, modifiedMs } = file;
      const candidate = candidates.get(contentKey(file)) ?? { fileId, size, modifiedMs, listed: 0 };
      candidate.listed++;
      candidate.modifiedMs = Math.max(candidate.modifiedMs, modifiedMs);
      candidates.set(contentKey(file), candidate);
    }
  }
  return paths;
}

function mostListed(candidates: ReadonlyMap<string, Candidate>): Candidate {
  const [first, ...others] = candidates.values();
  if (first === undefined) throw new RangeError('a path without content');
  return others.reduce((best, each) => (isBetter(each, best) ? each : best), first);
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.listed !== other.listed) return one.listed > other.listed;
  if (one.modifiedMs !== other.modifiedMs) return one.modifiedMs > other.modifiedMs;
  return one.fileId < other.fileId;
}

/** Undefined when the path does not lie below the folder. */
function wantedPath(base: string, path: string): string | undefined {
  if (base === '') return path;
  if (!path.startsWith(`${base}/`) || path.length === base.length + 1) return undefined;
  return path.slice(base.lastIndexOf('/') + 1);
}

/** Undefined when the same content has (almost) the same path already. */
function freePath(path: string, content: FileId, taken: ReadonlyMap<string, FileId>): string | undefined {
  let free = path;
  for (let number = 2; taken.has(folded(free)); number++) {
    if (taken.get(folded(free)) === content) return undefined;
    free = numbered(path, number);
  }
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

function byText([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
