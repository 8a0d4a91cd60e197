import type { FileId } from '../../../Protocol/Ids.ts';
import type { DownloadStorage } from '../../Storage.ts';
import { RenamedPaths, slashed } from '../RenamedPaths.ts';
import type { FolderFiles } from './FolderFiles.ts';

/** Origin of a file. `here`: it was on disk before. `counted`: the bytes are in the figures of a FileFetch. */
export type Placement = 'here' | 'fetched' | 'counted';

export interface FolderProgressOptions {
  /** Wanted path of the folder. */
  readonly path: string;
  /** Path of the folder until it is complete; undefined: it has its name from the start. */
  readonly incomplete: string | undefined;
  /** Verified bytes of the unfinished files of an earlier run. */
  readonly before: ReadonlyMap<FileId, number> | undefined;
  readonly files: FolderFiles;
}

/** Counts the files of a folder download that are at their place, and the bytes of unfinished ones. */
export class FolderProgress {
  readonly #options: FolderProgressOptions;
  readonly #renamed: RenamedPaths;
  /** Verified bytes of unfinished files that this run has not opened yet. */
  readonly unopened: Map<FileId, number>;
  /** Files found before the first run; undefined once the run counts them. */
  #seen: { readonly bytes: number; readonly filesDone: number } | undefined;
  #finalPath: string | undefined;
  #filesDone = 0;
  #beside = 0;
  #bytes = 0;
  #bytesFromBefore = 0;
  /** Bytes of small files fetched in this program run. */
  fetchedBytes = 0;
  wastedBytes = 0;

  constructor(options: FolderProgressOptions) {
    this.#options = options;
    this.#renamed = new RenamedPaths(() => options.files.paths());
    this.unopened = new Map(options.before);
  }

  /** Absolute path of the folder, as its files show it. */
  get finalPath(): string | undefined {
    return this.#finalPath;
  }

  /** Bytes and files, besides those of running FileFetch tasks. */
  get figures() {
    let before = this.#seen?.bytes ?? 0;
    for (const bytes of this.unopened.values()) before += bytes;
    return {
      bytes: this.#bytes + before,
      bytesFromBefore: this.#bytesFromBefore + before,
      wastedBytes: this.wastedBytes,
      filesDone: this.#filesDone + (this.#seen?.filesDone ?? 0),
      renamed: this.#renamed.count,
      beside: this.#beside,
    };
  }

  /** Counts the files of an earlier run for a queued download. */
  countPresent(parts: Pick<DownloadStorage, 'findComplete'>): void {
    let bytes = 0;
    let filesDone = 0;
    const { files } = this.#options;
    for (const first of files.contents()) {
      if (parts.findComplete(files.fileIdOf(first)) === undefined) continue;
      for (const row of files.rowsOf(first)) {
        bytes += files.sizeOf(row);
        filesDone++;
      }
    }
    this.#seen = { bytes, filesDone };
  }

  /** The run counts all files itself. */
  started(): void {
    this.#seen = undefined;
  }

  place(row: number, finalPath: string, how: Placement): void {
    const { files } = this.#options;
    const path = files.pathOf(row);
    const size = files.sizeOf(row);
    files.place(row);
    if (this.#renamed.add(path, finalPath) && how !== 'here') this.#beside++;
    this.#filesDone++;
    if (how !== 'counted') this.#bytes += size;
    if (how === 'here') this.#bytesFromBefore += size;
    // The folder path follows from its first file, unless that file was renamed to avoid another.
    const folder = this.#options.incomplete ?? this.#options.path.replace(/\/+$/, '');
    if (this.#finalPath !== undefined || !path.startsWith(`${folder}/`)) return;
    const suffix = path.slice(folder.length);
    if (slashed(finalPath).endsWith(suffix)) this.#finalPath = finalPath.slice(0, -suffix.length);
  }

  /** The folder is complete at this absolute path. */
  named(finalPath: string): void {
    this.#renamed.add(this.#options.path.replace(/\/+$/, ''), finalPath);
  }
}
