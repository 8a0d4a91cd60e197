import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { DownloadStorage, Part } from '../../Storage.ts';
import type { ChunkWriter } from '../../Transfer.ts';
import type { FolderItem } from './FolderItem.ts';

/** The unfinished file of a one-chunk item, opened when its first byte arrives. */
export class LazyPart implements ChunkWriter {
  readonly #parts: DownloadStorage;
  readonly #item: FolderItem;
  #part: Promise<Part> | undefined;
  #writer: Promise<ChunkWriter> | undefined;

  constructor(parts: DownloadStorage, item: FolderItem) {
    this.#parts = parts;
    this.#item = item;
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#open().then((writer) => writer.write(piece));
  }

  finish(): Promise<boolean> {
    return this.#open().then((writer) => writer.finish());
  }

  abandon(): void {
    this.#writer?.then((writer) => writer.abandon()).catch(() => {});
  }

  /** Moves the file into the share and returns its path. @throws as Part.finish */
  async finishPart(): Promise<string> {
    const part = await this.#part;
    if (part === undefined) throw new Error('no part file to finish');
    this.#part = undefined;
    try {
      return await part.finish();
    } catch (failure) {
      await part.discard().catch(() => {});
      throw failure;
    }
  }

  /** Deletes the part file: a single unverified chunk is not worth keeping. */
  async discard(): Promise<void> {
    const opening = this.#part;
    this.#part = undefined;
    await opening?.then((part) => part.discard()).catch(() => {});
  }

  #open(): Promise<ChunkWriter> {
    const { fileId, size, paths } = this.#item;
    this.#part ??= this.#parts.open(
      { fileId, layout: chunkLayout(size), chunkHashes: [] },
      paths[0],
      this.#item.fileAt(paths[0]),
    );
    this.#writer ??= this.#part.then((part) => part.writer(0));
    return this.#writer;
  }
}
