import type { ChunkHash } from '../../../Protocol/Ids.ts';
import type { SmallFile } from '../../Storage.ts';
import type { Disk } from '../Disk/Disk.ts';
import type { FileState } from '../Disk/FileState.ts';
import { installFolder } from '../Disk/InstallFile.ts';

/** A file in, or on its way into, a staged folder. */
export interface StagedFile {
  readonly file: SmallFile;
  readonly folder: StagedFolder;
  /** Wanted path of its folder. */
  readonly wanted: string;
  /** Sanitized path, relative to the share. */
  readonly path: string;
  /** Absolute path in the staging folder. */
  readonly to: string;
  /** Set once the file is verified and completely written. */
  written: Written | undefined;
}

interface Written {
  readonly state: FileState;
  readonly hash: ChunkHash;
}

/** A folder that is filled in `Temp/` before it is moved into the share. */
export class StagedFolder {
  /** Sanitized path, relative to the share. */
  readonly path: string;
  /** Absolute path in the staging folder. */
  readonly staged: string;
  /** Wanted paths of this folder: several, where sanitizing makes them the same. */
  readonly wanted = new Set<string>();
  readonly whole: StagedFile[] = [];
  /** Number of files being written into the folder. */
  writing = 0;
  /** Set when the folder accepts no more files. It is installed after the last running write. */
  due = false;
  /** Cancels the timer after which the folder is due. */
  cancelTimeout: () => void = () => {};

  constructor(path: string, staged: string) {
    this.path = path;
    this.staged = staged;
  }

  /** Returns undefined when the folder accepts no more files. */
  add(file: SmallFile, wanted: string, path: string, name: string): StagedFile | undefined {
    if (this.due) return undefined;
    this.writing++;
    this.wanted.add(wanted);
    return { file, folder: this, wanted, path, to: `${this.staged}/${name}`, written: undefined };
  }

  /** @param written - undefined: writing failed, the file may arrive again */
  wrote(file: StagedFile, written: Written | undefined): void {
    this.writing--;
    file.written = written;
    if (written !== undefined) this.whole.push(file);
  }

  /** Moves it into the share, all files at once. Returns false when it is empty or its name is taken. */
  install(disk: Disk, root: string): boolean {
    return this.whole.length > 0 && installFolder(disk, root, this.staged, this.path);
  }
}
