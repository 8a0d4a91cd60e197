import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { SmallPlacer, SmallTold } from '../../Storage.ts';
import { BatchInstaller, type SmallPlacingOptions } from './BatchInstaller.ts';
import type { SmallWriter } from './SmallWriter.ts';

export interface SmallPlacingsOptions
  extends Pick<SmallPlacingOptions, 'disk' | 'clock' | 'root' | 'placed' | 'folderMade'> {
  /** Where unfinished files lie. */
  readonly temp: string;
  readonly makeWriter: () => SmallWriter;
  /** Where this content lies at that very path, absolute, unchanged. */
  readonly isHere: (path: string, fileId: FileId) => string | undefined;
  /** Makes a temporary file, and gives it its name. @throws ShoalError */
  readonly placeSmall: (description: FileDescription, path: string, content: Uint8Array) => string;
}

/** A writer that nobody used goes after this. */
const EXPECTED_MS = 10_000;

/** What the folders out of sight are called in `Temp/`. */
export const STAGING_NAME = /^[0-9a-f]{64}\.tree$/;

/** The folder downloads that place small files now. They share one writer, which is closed when the last of them is. */
export class BatchInstallers {
  readonly #options: SmallPlacingsOptions;
  readonly #open = new Set<BatchInstaller>();
  #writer: SmallWriter | undefined;
  #cancelEnd: (() => void) | undefined;

  constructor(options: SmallPlacingsOptions) {
    this.#options = options;
  }

  /** Some are soon to come: the writer takes a tenth of a second to start. */
  expect(): void {
    this.#writer ??= this.#options.makeWriter();
    this.#cancelEnd?.();
    this.#cancelEnd = this.#options.clock.after(EXPECTED_MS, () => {
      if (this.#open.size === 0) void this.close();
    });
  }

  open(wanted: readonly string[], told: SmallTold): SmallPlacer {
    const { temp, makeWriter, ...options } = this.#options;
    this.#writer ??= makeWriter();
    const placing = new BatchInstaller(
      {
        ...options,
        staging: join(temp, `${randomBytes(32).toString('hex')}.tree`),
        writer: this.#writer,
        placeAlone: (fileId, path, bytes) => this.#placeAlone(fileId, path, bytes),
      },
      wanted,
      told,
    );
    this.#open.add(placing);
    return {
      place: (bytes, files) => placing.place(bytes, files),
      close: async () => {
        await placing.close();
        this.#open.delete(placing);
        if (this.#open.size === 0) await this.close();
      },
    };
  }

  async close(): Promise<void> {
    this.#cancelEnd?.();
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
  }

  #placeAlone(fileId: FileId, path: string, bytes: Uint8Array): string {
    const { isHere, placeSmall } = this.#options;
    const chunkHashes = [hashBytes(bytes)];
    if (fileIdOf(bytes.length, chunkHashes) !== fileId)
      throw new ShoalError('INTEGRITY', `these are not the bytes of "${path}"`);
    // Another download may have been faster.
    return (
      isHere(path, fileId) ??
      placeSmall({ fileId, layout: chunkLayout(bytes.length), chunkHashes }, path, bytes)
    );
  }
}
