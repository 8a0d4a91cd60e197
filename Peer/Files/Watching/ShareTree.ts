import { joinPath, splitPath } from '../Disk/Paths.ts';

/** Known names in each folder, so that a listing reveals removed ones. Paths are relative; "" is the share itself. */
export class ShareTree {
  readonly #folders = new Map<string, { files: Set<string>; readonly folders: Set<string> }>();

  /** Takes the name apart from its folder: a name cut from a path keeps the whole path in memory. */
  addFile(folder: string, name: string): void {
    this.#folder(folder).files.add(name);
  }

  /** Replaces the files of a folder. The set is kept, and changed later. */
  setFiles(folder: string, names: Set<string>): void {
    this.#folder(folder).files = names;
  }

  removeFile(path: string): void {
    const [folder, name] = splitPath(path);
    this.#folders.get(folder)?.files.delete(name);
  }

  addFolder(path: string): void {
    this.#folder(path);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  filesIn(folder: string): readonly string[] {
    return [...(this.#folders.get(folder)?.files ?? [])];
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
      for (const name of known.files) removed.files.push(joinPath(folder, name));
      for (const name of known.folders) left.push(joinPath(folder, name));
      this.#folders.delete(folder);
      removed.folders.push(folder);
    }
    const [parent, name] = splitPath(path);
    if (path !== '') this.#folders.get(parent)?.folders.delete(name);
    return removed;
  }

  #folder(path: string) {
    let known = this.#folders.get(path);
    if (known === undefined) {
      known = { files: new Set<string>(), folders: new Set<string>() };
      this.#folders.set(path, known);
      const [parent, name] = splitPath(path);
      if (path !== '') this.#folder(parent).folders.add(name);
    }
    return known;
  }
}
