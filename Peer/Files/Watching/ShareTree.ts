import { joinPath, splitPath } from '../Disk/Paths.ts';

interface Folder {
  /** Names: a set, or packed as a text with `/` between them. */
  files: Set<string> | string;
  readonly folders: Set<string>;
}

/** Known names in each folder, so that a listing reveals removed ones. Paths are relative; "" is the share itself. */
export class ShareTree {
  readonly #folders = new Map<string, Folder>();

  /** Takes the name apart from its folder: a name cut from a path keeps the whole path in memory. */
  addFile(folder: string, name: string): void {
    unpacked(this.#folder(folder)).add(name);
  }

  /** Replaces the files of a folder. The set is kept, and changed later. */
  setFiles(folder: string, names: Set<string>): void {
    this.#folder(folder).files = names;
  }

  /** Packs the names of files in a folder, until one is added or removed: a third of the memory. */
  pack(folder: string): void {
    const known = this.#folders.get(folder);
    if (known !== undefined && typeof known.files !== 'string') known.files = [...known.files].join('/');
  }

  removeFile(path: string): void {
    const [folder, name] = splitPath(path);
    const known = this.#folders.get(folder);
    if (known !== undefined) unpacked(known).delete(name);
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
      known = { files: new Set(), folders: new Set() };
      this.#folders.set(path, known);
      const [parent, name] = splitPath(path);
      if (path !== '') this.#folder(parent).folders.add(name);
    }
    return known;
  }
}

function namesOf({ files }: Folder): string[] {
  if (typeof files !== 'string') return [...files];
  return files === '' ? [] : files.split('/');
}

function unpacked(folder: Folder): Set<string> {
  if (typeof folder.files === 'string') folder.files = new Set(namesOf(folder));
  return folder.files;
}
