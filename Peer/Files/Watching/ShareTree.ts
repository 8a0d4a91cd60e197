import { joinPath, splitPath } from '../Disk/Paths.ts';

/** Changes of a folder beyond which its names are joined again: of the one that changes, and when another one does. */
const CHANGES_MIN = 1_024;
const LEFT_CHANGES_MIN = 32;
/** In large folders a number that grows with them: characters of the names for each change. */
const CHANGE_CHARS = 64;

interface Folder {
  /** Names of files at the last listing, with `/` between them: a third of the memory of a set. */
  listed: string;
  /** Names added since, as true, and removed ones. */
  changes: Map<string, boolean> | undefined;
  readonly folders: Set<string>;
}

/** Known names in each folder, so that a listing reveals removed ones. Paths are relative; "" is the share itself. */
export class ShareTree {
  readonly #folders = new Map<string, Folder>();
  /** The folder that got a file last. A large download fills one after the other. */
  #filled: Folder | undefined;

  /** Takes the name apart from its folder: a name cut from a path keeps the whole path in memory. */
  addFile(folder: string, name: string): void {
    const known = this.#folder(folder);
    if (this.#filled !== known && this.#filled !== undefined) joinNames(this.#filled, LEFT_CHANGES_MIN);
    this.#filled = known;
    setFile(known, name, true);
  }

  /** Replaces the files of a folder. @param names - with `/` between them */
  setFiles(folder: string, names: string): void {
    const known = this.#folder(folder);
    known.listed = names;
    known.changes = undefined;
  }

  removeFile(path: string): void {
    const [folder, name] = splitPath(path);
    const known = this.#folders.get(folder);
    if (known !== undefined) setFile(known, name, false);
  }

  addFolder(path: string): void {
    this.#folder(path);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  filesIn(folder: string): readonly string[] {
    const known = this.#folders.get(folder);
    return known === undefined ? [] : namesOf(known);
  }

  foldersIn(folder: string): readonly string[] {
    return [...(this.#folders.get(folder)?.folders ?? [])];
  }

  /** Iterates the folders below a folder, and that folder itself unless it is the share. */
  *below(folder: string): Generator<string> {
    const left = this.#folders.has(folder) ? [folder] : [];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (next !== '') yield next;
      for (const name of this.#folders.get(next)?.folders ?? []) left.push(joinPath(next, name));
    }
  }

  /** Removes a folder and everything below it. Returns the paths of the files and folders known there. */
  removeFolder(path: string): { readonly files: string[]; readonly folders: string[] } {
    const removed = { files: [] as string[], folders: [] as string[] };
    const left = [path];
    for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
      const known = this.#folders.get(folder);
      if (known === undefined) continue;
      for (const name of namesOf(known)) removed.files.push(joinPath(folder, name));
      for (const name of known.folders) left.push(joinPath(folder, name));
      this.#folders.delete(folder);
      removed.folders.push(folder);
    }
    const [parent, name] = splitPath(path);
    if (path !== '') this.#folders.get(parent)?.folders.delete(name);
    return removed;
  }

  #folder(path: string): Folder {
    let known = this.#folders.get(path);
    if (known === undefined) {
      known = { listed: '', changes: undefined, folders: new Set() };
      this.#folders.set(path, known);
      const [parent, name] = splitPath(path);
      if (path !== '') this.#folder(parent).folders.add(name);
    }
    return known;
  }
}

/** Yields the names in a text that has `/` between them: an array would keep all of them in memory. */
export function* namesIn(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('/', at);
    yield text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
  }
}

/** Names of all files, once each. */
function namesOf({ listed, changes }: Folder): readonly string[] {
  const names = [...namesIn(listed)];
  if (changes === undefined) return names;
  const added = [...changes].flatMap(([name, isAdded]) => (isAdded ? [name] : []));
  return names.filter((name) => !changes.has(name)).concat(added);
}

function setFile(folder: Folder, name: string, isThere: boolean): void {
  folder.changes ??= new Map();
  folder.changes.set(name, isThere);
  joinNames(folder, CHANGES_MIN);
}

/** Makes one text of the names after many changes. */
function joinNames(folder: Folder, changesMin: number): void {
  // No event about a file lists its folder: names of files that come and go would be kept for ever.
  const changes = folder.changes?.size ?? 0;
  if (changes <= Math.max(changesMin, folder.listed.length / CHANGE_CHARS)) return;
  folder.listed = namesOf(folder).join('/');
  folder.changes = undefined;
}
