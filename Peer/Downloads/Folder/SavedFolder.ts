import type { Clock } from '../../../Shared/Clock.ts';
import type { DownloadStorage, FolderFile } from '../../Storage.ts';
import type { FolderKey } from './FolderKey.ts';

/**
 * A folder of small files is written down after this, and most are over before: a file takes 10 us in the record and hardly 100 in all. A
 * crash so early forgets the wish, not the files that have their names: asked for again, the folder goes on.
 */
const SAVE_AFTER_MS = 2_000;
/** Files that are longer on average take so long that the record costs nothing beside them: it is written at once. */
const SMALL_BYTES = 1_048_576;

export interface SavedFolderOptions {
  readonly parts: DownloadStorage;
  readonly clock: Clock;
  readonly key: FolderKey;
  readonly files: readonly FolderFile[];
  /** It was written down by an earlier run of the program. */
  readonly kept: boolean;
}

/** What the disk remembers of one folder download: its changes happen one after the other. */
export class SavedFolder {
  readonly #options: SavedFolderOptions;
  #saved: boolean;
  /** There may be something on the disk. */
  #written: boolean;
  #work: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;

  constructor(options: SavedFolderOptions) {
    this.#options = options;
    this.#saved = options.kept;
    this.#written = options.kept;
  }

  /** One of an earlier run of the program lies there. */
  adopt(): void {
    this.#saved = true;
    this.#written = true;
  }

  /** Writes it down soon, or now, unless that was done. @param failed - told when that fails: DISK_FULL, DISK_FAILED */
  saveSoon(failed: (reason: unknown) => void): void {
    this.#cancel?.();
    if (this.#saved) return;
    const { clock, files } = this.#options;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes > files.length * SMALL_BYTES) void this.save().catch(failed);
    else this.#cancel = clock.after(SAVE_AFTER_MS, () => void this.save().catch(failed));
  }

  /** Writes it down unless that was done. @throws ShoalError DISK_FULL, DISK_FAILED: tried again at the next call */
  save(): Promise<void> {
    this.#cancel?.();
    return this.#then(async () => {
      if (!this.#saved) await this.#write(false);
    });
  }

  /** @throws ShoalError DISK_FULL, DISK_FAILED */
  setPaused(paused: boolean): Promise<void> {
    return this.#then(() => this.#write(paused));
  }

  /** The download is over. @throws ShoalError DISK_FAILED */
  delete(): Promise<void> {
    this.#cancel?.();
    return this.#then(async () => {
      this.#saved = false;
      if (!this.#written) return;
      await this.#options.parts.forgetFolder(this.#options.key.hex);
      this.#written = false;
    });
  }

  async #write(paused: boolean): Promise<void> {
    const { parts, key, files } = this.#options;
    this.#written = true;
    await parts.keepFolder({ key: key.hex, path: key.path, files, paused });
    this.#saved = true;
  }

  #then(step: () => Promise<void>): Promise<void> {
    const done = this.#work.then(step);
    this.#work = done.catch(() => {});
    return done;
  }
}
