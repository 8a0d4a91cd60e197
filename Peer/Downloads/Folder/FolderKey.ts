import { hashBytes } from '../../../Protocol/FileId.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import type { DownloadStorage, FolderFile } from '../../Storage.ts';

/**
 * Names a folder wish by its path and files, whoever has them: asked for again, it is the same download. Made when it is first
 * wanted: most downloads are over before, and of many files it takes as long as asking for the first of them.
 */
export class FolderKey {
  readonly path: string;
  readonly #files: readonly FolderFile[];
  #hex: string | undefined;

  constructor(path: string, files: readonly FolderFile[]) {
    this.path = path;
    this.#files = files;
  }

  get hex(): string {
    this.#hex ??= keyOf(this.path, this.#files);
    return this.#hex;
  }

  equals(other: FolderKey): boolean {
    return this.path === other.path && this.#files.length === other.#files.length && this.hex === other.hex;
  }
}

function keyOf(path: string, files: readonly FolderFile[]): string {
  const lines = files.map((file) => `${file.fileId} ${file.size} ${file.path}\n`);
  return hashBytes(Buffer.from(`${path}\n${lines.join('')}`));
}

/**
 * A folder of small files is written down after this, and most are over before: a file takes 10 us in the record and hardly 100 in all. A
 * crash so early forgets the wish, not the files that have their names: asked for again, the folder goes on.
 */
const KEEP_AFTER_MS = 2_000;
/** Files that are longer on average take so long that the record costs nothing beside them: it is written at once. */
const SMALL_BYTES = 1_048_576;

export interface FolderRecordOptions {
  readonly parts: DownloadStorage;
  readonly clock: Clock;
  readonly key: FolderKey;
  readonly files: readonly FolderFile[];
  /** It was written down by an earlier run of the program. */
  readonly kept: boolean;
}

/** What the disk remembers of one folder download: its changes happen one after the other. */
export class FolderRecord {
  readonly #options: FolderRecordOptions;
  #kept: boolean;
  /** There may be something on the disk. */
  #written: boolean;
  #work: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;

  constructor(options: FolderRecordOptions) {
    this.#options = options;
    this.#kept = options.kept;
    this.#written = options.kept;
  }

  /** One of an earlier run of the program lies there. */
  found(): void {
    this.#kept = true;
    this.#written = true;
  }

  /** Writes it down soon, or now, unless that was done. @param failed - told when that fails: DISK_FULL, DISK_FAILED */
  keepSoon(failed: (reason: unknown) => void): void {
    this.#cancel?.();
    if (this.#kept) return;
    const { clock, files } = this.#options;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes > files.length * SMALL_BYTES) void this.keep().catch(failed);
    else this.#cancel = clock.after(KEEP_AFTER_MS, () => void this.keep().catch(failed));
  }

  /** Writes it down unless that was done. @throws ShoalError DISK_FULL, DISK_FAILED: tried again at the next call */
  keep(): Promise<void> {
    this.#cancel?.();
    return this.#then(async () => {
      if (!this.#kept) await this.#write(false);
    });
  }

  /** @throws ShoalError DISK_FULL, DISK_FAILED */
  setPaused(paused: boolean): Promise<void> {
    return this.#then(() => this.#write(paused));
  }

  /** The download is over. @throws ShoalError DISK_FAILED */
  forget(): Promise<void> {
    this.#cancel?.();
    return this.#then(async () => {
      this.#kept = false;
      if (!this.#written) return;
      await this.#options.parts.forgetFolder(this.#options.key.hex);
      this.#written = false;
    });
  }

  async #write(paused: boolean): Promise<void> {
    const { parts, key, files } = this.#options;
    this.#written = true;
    await parts.keepFolder({ key: key.hex, path: key.path, files, paused });
    this.#kept = true;
  }

  #then(step: () => Promise<void>): Promise<void> {
    const done = this.#work.then(step);
    this.#work = done.catch(() => {});
    return done;
  }
}
