import { dirname, join } from 'node:path';
import { createBlake3 } from '../../../Protocol/Blake3.ts';
import { type ChunkLayout, chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { pathWithin } from '../../../Shared/Paths/PathWithin.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { WallClock } from '../../../Shared/Time/Clock.ts';
import type { FileAttributes } from '../../Model.ts';
import type { DropIdentity, IncomingFile, PlacedFile } from '../../Storage.ts';
import { type Disk, type DiskFile, diskError, ensureFolder, removeQuietly } from '../Disk/Disk.ts';
import type { DiskNames } from '../Disk/DiskNames.ts';
import { hashRange } from '../Disk/HashRange.ts';
import { installFile } from '../Disk/InstallFile.ts';
import { ChunkLog } from './ChunkLog.ts';
import type { PartEvents } from './PartStore.ts';

/** Time for which the bytes of an interrupted drop are kept, in milliseconds. */
export const DROP_KEPT_MS = 3_600_000;
/** Interrupted drops of an earlier run that are kept, and their bytes; the oldest go first. */
const LEFT_MAX = 64;
const LEFT_BYTES_MAX = 64 * 1_024 ** 3;
/** Names in `Temp/`: the bytes, and the hashes of their chunks. */
const NAMES = /^([0-9a-f]{64})\.(drop|hashes)$/;

export interface IncomingFilesOptions {
  readonly disk: Disk;
  readonly root: string;
  readonly temp: string;
  readonly names: DiskNames;
  readonly events: Pick<PartEvents, 'installed'>;
  readonly wallMs: WallClock;
  /** @throws ShoalError DISK_FULL */
  readonly requireFreeSpace: (bytes: number) => void;
  /** Absolute path of this content where a file of that name would be put; see SharedFiles.placeOf. */
  readonly placeOf: (path: string, fileId: FileId) => string | undefined;
}

/**
 * Files of unknown content that arrive in order. An interrupted one goes on after a restart of the peer, with the
 * chunks whose hashes were recorded and are right.
 */
export class IncomingFiles {
  readonly #options: IncomingFilesOptions;
  readonly #open = new Map<string, Incoming>();

  constructor(options: IncomingFilesOptions) {
    this.#options = options;
  }

  /** Removes interrupted drops that are too old, or too many. To be called at the start, and an hour later. */
  cleanUp(): void {
    const { disk, temp, wallMs } = this.#options;
    const oldestMs = wallMs() - DROP_KEPT_MS;
    const names = new Set(disk.names(temp).flatMap((name) => NAMES.exec(name)?.[1] ?? []));
    const left = [...names]
      .filter((name) => !this.#open.has(name))
      .map((name) => ({ name, state: this.#isLeft(name) ? disk.stateOf(this.#place(name).data) : undefined }))
      .toSorted((one, other) => (other.state?.touchedMs ?? 0) - (one.state?.touchedMs ?? 0));
    let bytes = 0;
    for (const [index, { name, state }] of left.entries()) {
      bytes += state?.size ?? 0;
      if (state !== undefined && state.touchedMs > oldestMs && index < LEFT_MAX && bytes <= LEFT_BYTES_MAX)
        continue;
      this.#remove(name);
    }
  }

  /** Whether bytes of a drop are here, from an earlier run. */
  isLeft({ key }: Pick<DropIdentity, 'key'>): boolean {
    return this.#isLeft(nameOf(key));
  }

  /** See DropStorage.receive. */
  async create(
    wanted: string,
    size: number,
    attributes: FileAttributes,
    { key, fresh }: DropIdentity,
  ): Promise<IncomingFile> {
    const { disk, temp, names, requireFreeSpace } = this.#options;
    const layout = chunkLayout(size);
    const path = names.safe(wanted);
    const name = nameOf(key);
    if (this.#open.has(name))
      throw new ShoalError('LOCAL_CONFLICT', `"${path}" is being received already`, {
        hint: 'Send it again.',
      });
    const promised = [...this.#open.values()].reduce((sum, file) => sum + file.size - file.bytes, 0);
    requireFreeSpace(size + promised);
    const place = this.#place(name);
    try {
      ensureFolder(disk, temp);
      const resumes = !fresh && this.#isLeft(name);
      if (!resumes) this.#remove(name);
      const { data, log } = this.#openBoth(place, resumes);
      const options = { ...this.#options, layout, path, attributes, place, data, log };
      const file = new Incoming(options, () => this.#open.delete(name));
      this.#open.set(name, file);
      if (resumes) await file.resume();
      return file;
    } catch (failure) {
      throw diskError(failure, `creating a file for "${path}"`);
    }
  }

  /** Keeps those that are not whole for the next run. */
  async close(): Promise<void> {
    for (const file of this.#open.values()) file.leave();
  }

  #openBoth(place: Place, exist: boolean): { readonly data: DiskFile; readonly log: ChunkLog } {
    const { disk } = this.#options;
    const open = (path: string) => (exist ? disk.open(path) : disk.create(path));
    const data = open(place.data);
    try {
      return { data, log: new ChunkLog(open(place.log)) };
    } catch (failure) {
      data.close();
      throw failure;
    }
  }

  #place(name: string): Place {
    const { temp } = this.#options;
    return { data: join(temp, `${name}.drop`), log: join(temp, `${name}.hashes`) };
  }

  #isLeft(name: string): boolean {
    const { data, log } = this.#place(name);
    return [data, log].every((path) => this.#options.disk.stateOf(path) !== undefined);
  }

  #remove(name: string): void {
    for (const path of Object.values(this.#place(name))) removeQuietly(this.#options.disk, path);
  }
}

/** Absolute paths while a file is not whole. */
interface Place {
  readonly data: string;
  /** See ChunkLog. */
  readonly log: string;
}

/** Nothing of the key, with host and path of a client, is readable on the disk. */
function nameOf(key: string): string {
  return hashBytes(Buffer.from(`drop ${key}`));
}

interface IncomingOptions extends IncomingFilesOptions {
  readonly layout: ChunkLayout;
  /** Sanitized. */
  readonly path: string;
  readonly attributes: FileAttributes;
  readonly place: Place;
  readonly data: DiskFile;
  readonly log: ChunkLog;
}

class Incoming implements IncomingFile {
  bytes = 0;
  readonly #options: IncomingOptions;
  readonly #closed: () => void;
  readonly #hashes: ChunkHash[] = [];
  #hasher = createBlake3();
  #hashedOfChunk = 0;
  /** Its end. */
  #end: 'kept' | 'removed' | undefined;
  #isBusy = false;

  constructor(options: IncomingOptions, closed: () => void) {
    this.#options = options;
    this.#closed = closed;
  }

  get size(): number {
    return this.#options.layout.size;
  }

  /** Verifies the bytes that an earlier run has left, and drops those after the last right chunk. */
  async resume(): Promise<void> {
    const { data, log, layout } = this.#options;
    const reading = this.#exclusive(async () => {
      const recorded = await log.read(layout.chunkCount);
      const read = (into: Uint8Array, position: number) => data.read(into, position);
      for (const [chunk, hash] of recorded.entries()) {
        const length = chunkLength(layout, chunk);
        if ((await hashRange(read, this.bytes, length)) !== hash) break;
        this.#hashes.push(hash);
        this.bytes += length;
      }
      await log.keep(this.#hashes.length);
      await data.truncate(this.bytes);
    });
    await reading.catch((failure: unknown) => {
      this.leave();
      throw failure;
    });
  }

  async write(piece: Uint8Array): Promise<void> {
    const { data, path, log } = this.#options;
    if (this.bytes + piece.length > this.size) throw new RangeError(`more than ${this.size} bytes`);
    if (this.#end !== undefined) throw new ShoalError('CLOSED', `"${path}" is not received any more`);
    await this.#exclusive(async () => {
      await data.write(piece, this.bytes);
      const before = this.#hashes.length;
      this.#hash(piece);
      this.bytes += piece.length;
      await log.append(this.#hashes.slice(before));
    });
  }

  async finish(): Promise<PlacedFile> {
    const { disk, root, place, data, layout, path, attributes, events, placeOf } = this.#options;
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
      const installed = installFile(disk, root, place.data, path);
      const description = { fileId, layout, chunkHashes: this.#hashes };
      events.installed(installed.path, data.state(), description, attributes);
      this.discard();
      // The file is complete and has its name, so a failed sync of the folder is no failure.
      await disk.syncFolder(dirname(installed.absolute)).catch(() => {});
      return { ...installed, fileId };
    } catch (failure) {
      throw diskError(failure, `completing "${path}"`);
    }
  }

  discard(): void {
    this.#finally('removed');
  }

  /** Ends it for this run. */
  leave(): void {
    this.#finally('kept');
  }

  #finally(end: 'kept' | 'removed'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    // A descriptor must not be closed during a read or write.
    if (!this.#isBusy) this.#release();
  }

  async #exclusive(task: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    try {
      await task();
    } catch (failure) {
      throw diskError(failure, `writing "${this.#options.path}"`);
    } finally {
      this.#isBusy = false;
      if (this.#end !== undefined) this.#release();
    }
  }

  #release(): void {
    const { data, log, disk, place } = this.#options;
    data.close();
    log.close();
    this.#closed();
    if (this.#end === 'kept') return;
    removeQuietly(disk, place.data);
    removeQuietly(disk, place.log);
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
