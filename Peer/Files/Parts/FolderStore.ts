import { join } from 'node:path';
import { systemCode } from '../../../Shared/ShoalError.ts';
import type { KeptFolder } from '../../Storage.ts';
import { type Disk, diskError, ensureFolder, removeQuietly } from '../Disk/Disk.ts';
import { decodeFolder, encodeFolder } from './FolderCodec.ts';

const NAME = /^[0-9a-f]{64}\.folder$/;

export interface FolderRecordsOptions {
  readonly disk: Disk;
  /** Folder of unfinished files. */
  readonly temp: string;
  /** Reports each damaged record once; it is then removed. */
  readonly problem: (text: string) => void;
}

/** The records of folder downloads in progress: one file each in `Temp/`. */
export class FolderStore {
  readonly #options: FolderRecordsOptions;

  constructor(options: FolderRecordsOptions) {
    this.#options = options;
  }

  /** Replaces a record atomically: a crash leaves the old or the new one. @throws ShoalError DISK_FULL, DISK_FAILED */
  async keep(folder: KeptFolder): Promise<void> {
    const { disk, temp } = this.#options;
    const temporary = join(temp, `${folder.key}.new`);
    try {
      ensureFolder(disk, temp);
      disk.remove(temporary);
      const record = disk.create(temporary);
      try {
        let at = 0;
        for (const piece of encodeFolder(folder)) {
          await record.write(piece, at);
          at += piece.length;
        }
        await record.datasync();
      } finally {
        record.close();
      }
      disk.rename(temporary, this.#pathOf(folder.key));
      await disk.syncFolder(temp);
    } catch (failure) {
      removeQuietly(disk, temporary);
      throw diskError(failure, 'recording a folder download');
    }
  }

  async all(): Promise<readonly KeptFolder[]> {
    const { disk, temp, problem } = this.#options;
    const found: KeptFolder[] = [];
    for (const name of disk.names(temp)) {
      if (!NAME.test(name)) continue;
      const key = name.slice(0, 64);
      try {
        const folder = decodeFolder(key, await disk.readWhole(this.#pathOf(key)));
        if (folder !== undefined) found.push(folder);
        else {
          removeQuietly(disk, this.#pathOf(key));
          problem(
            'the record of an unfinished folder download is damaged; download the folder again, complete files are kept',
          );
        }
      } catch (failure) {
        problem(
          `the record of an unfinished folder download cannot be read (${systemCode(failure) ?? 'unknown'})`,
        );
      }
    }
    return found;
  }

  /** @throws ShoalError DISK_FAILED */
  forget(key: string): void {
    try {
      this.#options.disk.remove(this.#pathOf(key));
    } catch (failure) {
      throw diskError(failure, 'removing the record of a folder download');
    }
  }

  #pathOf(key: string): string {
    return join(this.#options.temp, `${key}.folder`);
  }
}
