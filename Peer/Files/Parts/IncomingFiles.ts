import { dirname, join } from 'node:path';
import { createBlake3 } from '../../../Protocol/Blake3.ts';
import { type ChunkLayout, chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { pathWithin } from '../../../Shared/PathWithin.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import type { IncomingFile, PlacedFile } from '../../Storage.ts';
import { type Disk, type DiskFile, diskError, ensureFolder, removeQuietly } from '../Disk/Disk.ts';
import type { DiskNames } from '../Disk/DiskNames.ts';
import { installFile } from '../Disk/InstallFile.ts';
import type { PartEvents } from './PartStore.ts';

export interface IncomingFilesOptions {
  readonly disk: Disk;
  readonly root: string;
  readonly temp: string;
  readonly names: DiskNames;
  readonly events: Pick<PartEvents, 'installed'>;
  /** @throws ShoalError DISK_FULL */
  readonly requireFreeSpace: (bytes: number) => void;
  /** Absolute path of this content where a file of that name would be put; see SharedFiles.placeOf. */
  readonly placeOf: (path: string, fileId: FileId) => string | undefined;
}

/** Files of unknown content that arrive in order. They are kept for this run: a leftover is removed at the next start. */
export class IncomingFiles {
  readonly #options: IncomingFilesOptions;
  readonly #open = new Set<Incoming>();
  #count = 0;

  constructor(options: IncomingFilesOptions) {
    this.#options = options;
  }

  /** See DropStorage.receive. */
  create(wanted: string, size: number, attributes: FileAttributes): IncomingFile {
    const { disk, temp, names, requireFreeSpace } = this.#options;
    const layout = chunkLayout(size);
    const path = names.safe(wanted);
    const promised = [...this.#open].reduce((sum, file) => sum + file.size - file.bytes, 0);
    requireFreeSpace(size + promised);
    // PartStore.cleanUp removes leftovers of such names.
    const temporary = join(temp, `${hashBytes(Buffer.from(`incoming ${++this.#count}`))}.new`);
    try {
      ensureFolder(disk, temp);
      disk.remove(temporary);
      const data = disk.create(temporary);
      const file = new Incoming({ ...this.#options, layout, path, attributes, temporary, data }, () =>
        this.#open.delete(file),
      );
      this.#open.add(file);
      return file;
    } catch (failure) {
      throw diskError(failure, `creating a file for "${path}"`);
    }
  }

  /** Deletes all that are not whole. */
  async close(): Promise<void> {
    for (const file of this.#open) file.discard();
  }
}

interface IncomingOptions extends IncomingFilesOptions {
  readonly layout: ChunkLayout;
  /** Sanitized. */
  readonly path: string;
  readonly attributes: FileAttributes;
  /** Absolute path while it is not whole. */
  readonly temporary: string;
  readonly data: DiskFile;
}

class Incoming implements IncomingFile {
  bytes = 0;
  readonly #options: IncomingOptions;
  readonly #closed: () => void;
  readonly #hashes: ChunkHash[] = [];
  #hasher = createBlake3();
  #hashedOfChunk = 0;
  #isClosed = false;
  #isWriting = false;

  constructor(options: IncomingOptions, closed: () => void) {
    this.#options = options;
    this.#closed = closed;
  }

  get size(): number {
    return this.#options.layout.size;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.bytes + piece.length > this.size) throw new RangeError(`more than ${this.size} bytes`);
    if (this.#isClosed) throw new ShoalError('CLOSED', `"${this.#options.path}" is not received any more`);
    this.#isWriting = true;
    try {
      await this.#options.data.write(piece, this.bytes);
    } catch (failure) {
      throw diskError(failure, `writing "${this.#options.path}"`);
    } finally {
      this.#isWriting = false;
      if (this.#isClosed) this.#remove();
    }
    this.#hash(piece);
    this.bytes += piece.length;
  }

  async finish(): Promise<PlacedFile> {
    const { disk, root, temporary, data, layout, path, attributes, events, placeOf } = this.#options;
    if (this.bytes !== this.size) throw new Error('finish() before every byte arrived');
    const fileId = fileIdOf(layout.size, this.#hashes);
    const here = placeOf(path, fileId);
    if (here !== undefined) {
      this.discard();
      return { path: pathWithin(root, here) ?? path, absolute: here, fileId };
    }
    try {
      data.setAttributes(attributes);
      await data.sync();
      const installed = installFile(disk, root, temporary, path);
      const description = { fileId, layout, chunkHashes: this.#hashes };
      events.installed(installed.path, data.state(), description, attributes);
      this.#close();
      // The file is complete and has its name, so a failed sync of the folder is no failure.
      await disk.syncFolder(dirname(installed.absolute)).catch(() => {});
      return { ...installed, fileId };
    } catch (failure) {
      throw diskError(failure, `completing "${path}"`);
    }
  }

  discard(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed();
    // A descriptor must not be closed during a write.
    if (!this.#isWriting) this.#remove();
  }

  #remove(): void {
    this.#options.data.close();
    removeQuietly(this.#options.disk, this.#options.temporary);
  }

  #close(): void {
    this.#isClosed = true;
    this.#options.data.close();
    this.#closed();
  }

  #hash(piece: Uint8Array): void {
    const { layout } = this.#options;
    for (let at = 0; at < piece.length; ) {
      const chunkBytes = chunkLength(layout, this.#hashes.length);
      const part = piece.subarray(at, at + chunkBytes - this.#hashedOfChunk);
      this.#hasher.update(part);
      at += part.length;
      this.#hashedOfChunk += part.length;
      if (this.#hashedOfChunk < chunkBytes) continue;
      this.#hashes.push(this.#hasher.digest() as ChunkHash);
      this.#hasher = createBlake3();
      this.#hashedOfChunk = 0;
    }
  }
}
