import type { SharedFile } from '../Api/Items.ts';

/** A folder as a listing shows it. */
export interface FolderEntry {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
}

/** Splits files into those right in a folder and the folders below it, both by name. */
export function inFolder<File extends Pick<SharedFile, 'path' | 'size'>>(
  all: readonly File[],
  folder: string,
): { readonly folders: readonly FolderEntry[]; readonly files: readonly File[] } {
  const prefix = folder === '' ? '' : `${folder}/`;
  const folders = new Map<string, FolderEntry>();
  const files: File[] = [];
  for (const file of all) {
    if (!file.path.startsWith(prefix)) continue;
    const rest = file.path.slice(prefix.length);
    const end = rest.indexOf('/');
    if (end < 0) {
      files.push(file);
      continue;
    }
    const name = rest.slice(0, end);
    const { files: number = 0, bytes = 0 } = folders.get(name) ?? {};
    folders.set(name, { name, files: number + 1, bytes: bytes + file.size });
  }
  const byName = new Intl.Collator(undefined, { numeric: true });
  return {
    folders: [...folders.values()].sort((a, b) => byName.compare(a.name, b.name)),
    files: files.sort((a, b) => byName.compare(a.path, b.path)),
  };
}
