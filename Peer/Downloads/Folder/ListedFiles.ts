import type { CatalogEntry } from '../../Model.ts';
import { FolderTable } from './FolderTable.ts';

/** The files that one peer lists, in columns: they are listed and planned without an object for each. */
export class ListedFiles implements Iterable<CatalogEntry> {
  readonly table = new FolderTable();

  /** The files in columns: themselves if they are. */
  static of(files: Iterable<CatalogEntry>): ListedFiles {
    if (files instanceof ListedFiles) return files;
    const listed = new ListedFiles();
    for (const file of files) listed.add(file);
    return listed;
  }

  get length(): number {
    return this.table.length;
  }

  add({ path, size, modifiedMs, fileId, executable }: CatalogEntry): void {
    this.table.add({ path, size, modifiedMs, fileId, executable, holders: [] });
  }

  *[Symbol.iterator](): Generator<CatalogEntry> {
    for (const { path, size, modifiedMs = 0, fileId, executable } of this.table)
      yield { path, size, modifiedMs, fileId, ...(executable && { executable }) };
  }
}
