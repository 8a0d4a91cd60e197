import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { DownloadStorage } from '../../Storage.ts';
import type { FolderKey } from './FolderKey.ts';
import type { FolderTable } from './FolderTable.ts';

/**
 * A folder of small files is saved after this time; most are complete earlier. Saving takes 10 us per file of
 * hardly 100 us in all. After an earlier crash the request is lost but not the installed files: the same request
 * continues.
 */
const SAVE_AFTER_MS = 2_000;
/** A folder with a file above this size is saved at once: the cost is negligible. */
const SMALL_BYTES = 1_048_576;

export interface SavedFolderOptions {
  readonly parts: DownloadStorage;
  readonly clock: Clock;
  readonly key: FolderKey;
  readonly files: FolderTable;
  /** An earlier program run saved it. */
  readonly kept: boolean;
}

/** The saved state of one folder download. Changes are serialized. */
export class SavedFolder {
  readonly #options: SavedFolderOptions;
  #saved: boolean;
  /** The disk may hold a record. */
  #written: boolean;
  #work: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  constructor(options: SavedFolderOptions) {
    this.#options = options;
    this.#saved = options.kept;
    this.#written = options.kept;
  }

  /** Takes over a record of an earlier program run. */
  adopt(): void {
    this.#saved = true;
    this.#written = true;
  }

  /**
   * Saves the folder once: later for small files, at once for large ones. @param failed - called with DISK_FULL or
   * DISK_FAILED
   */
  saveSoon(failed: (reason: unknown) => void): void {
    this.#cancelTimer?.();
    if (this.#saved) return;
    const { clock, files } = this.#options;
    // A part file that outlives a crash must find its folder again.
    if (files.sizeMax > SMALL_BYTES) void this.save().catch(failed);
    else this.#cancelTimer = clock.after(SAVE_AFTER_MS, () => void this.save().catch(failed));
  }

  /** Saves the folder once. A failed save is repeated by the next call. @throws ShoalError DISK_FULL, DISK_FAILED */
  save(): Promise<void> {
    this.#cancelTimer?.();
    return this.#enqueue(async () => {
      if (!this.#saved) await this.#write(false);
    });
  }

  /** @throws ShoalError DISK_FULL, DISK_FAILED */
  setPaused(paused: boolean): Promise<void> {
    return this.#enqueue(() => this.#write(paused));
  }

  /** Deletes the record of a download that is over. @throws ShoalError DISK_FAILED */
  delete(): Promise<void> {
    this.#cancelTimer?.();
    return this.#enqueue(async () => {
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

  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#work.then(step);
    this.#work = done.catch(() => {});
    return done;
  }
}
