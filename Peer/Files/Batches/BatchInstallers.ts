import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MANY_FILES } from '../../../Shared/Program/HeapGrowth.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { InstallEvents, SmallFileInstaller } from '../../Storage.ts';
import { removeFolderQuietly } from '../Disk/Disk.ts';
import { BatchInstaller, type BatchInstallerOptions } from './BatchInstaller.ts';
import type { SmallWriter } from './SmallWriter.ts';

export interface BatchInstallersOptions extends Omit<BatchInstallerOptions, 'staging' | 'writer'> {
  readonly clock: Clock;
  readonly makeWriter: () => SmallWriter;
}

/** Idle time after which the writer is closed. After a large download it is closed at once: its thread takes 23 MB. */
const IDLE_MS = 10_000;

/** Names of staging folders in `Temp/`. */
const STAGING_NAME = /^[0-9a-f]{64}\.tree$/;

/** The batch installers of all running folder downloads. They share one writer, which is kept for a while. */
export class BatchInstallers {
  readonly #options: BatchInstallersOptions;
  readonly #open = new Set<BatchInstaller>();
  #writer: SmallWriter | undefined;
  #cancelTimeout: (() => void) | undefined;

  constructor(options: BatchInstallersOptions) {
    this.#options = options;
  }

  /** Removes staging folders of an earlier run. To be called before the first `open`. */
  cleanUp(): void {
    const { disk, temp } = this.#options;
    for (const name of disk.names(temp))
      if (STAGING_NAME.test(name)) removeFolderQuietly(disk, join(temp, name));
  }

  /** Starts the writer ahead of a likely folder download: its thread takes 100 ms to start. */
  prepare(): void {
    this.#writer ??= this.#options.makeWriter();
    this.#closeWhenIdle();
  }

  /** @param wanted - paths of all files that may be installed */
  open(wanted: Iterable<string>, events: InstallEvents): SmallFileInstaller {
    this.#writer ??= this.#options.makeWriter();
    const staging = join(this.#options.temp, `${randomBytes(32).toString('hex')}.tree`);
    const installer = new BatchInstaller({ ...this.#options, staging, writer: this.#writer }, wanted, events);
    this.#open.add(installer);
    let installed = 0;
    return {
      install: (bytes, files) => {
        installed += files.length;
        return installer.install(bytes, files);
      },
      close: async () => {
        await installer.close();
        this.#open.delete(installer);
        if (this.#open.size > 0) return;
        if (installed >= MANY_FILES) void this.close();
        else this.#closeWhenIdle();
      },
    };
  }

  #closeWhenIdle(): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = this.#options.clock.after(IDLE_MS, () => {
      if (this.#open.size === 0) void this.close();
    });
  }

  async close(): Promise<void> {
    this.#cancelTimeout?.();
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
  }
}
