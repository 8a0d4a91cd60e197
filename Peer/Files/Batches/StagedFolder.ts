import type { ChunkHash } from '../../../Protocol/Ids.ts';
import type { SmallFile } from '../../Storage.ts';
import type { Disk } from '../Disk/Disk.ts';
import type { FileState } from '../Disk/FileState.ts';
import { installFolder } from '../Disk/InstallFile.ts';

/** A file on its way into a folder out of sight. */
export interface StagedFile {
  readonly file: SmallFile;
  readonly folder: StagedFolder;
  /** Wanted, made safe, relative to the share. */
  readonly path: string;
  /** Where it is written, absolute. */
  readonly to: string;
  /** Of its only chunk, where its bytes were verified before they went to the writer. */
  hash: ChunkHash | undefined;
  /** Set when it is written: verified, and whole. */
  written: Written | undefined;
}

interface Written {
  readonly state: FileState;
  readonly hash: ChunkHash;
}

/** A folder of the share in the making. */
export class StagedFolder {
  /** Wanted, made safe, relative to the share. */
  readonly path: string;
  /** Where it is now, absolute. */
  readonly staged: string;
  readonly whole: StagedFile[] = [];
  /** Files being written into it now. */
  writing = 0;
  /** Takes no more files: it gets its name as soon as nothing is being written. */
  due = false;

  constructor(path: string, staged: string) {
    this.path = path;
    this.staged = staged;
  }

  /** Undefined: it takes no more. */
  add(file: SmallFile, path: string, name: string): StagedFile | undefined {
    if (this.due) return undefined;
    this.writing++;
    return { file, folder: this, path, to: `${this.staged}/${name}`, hash: undefined, written: undefined };
  }

  /** @param written - undefined: it was not, and may come again */
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
