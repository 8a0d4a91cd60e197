import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLength, chunkOffset } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { FileAttributes } from '../../Model.ts';
import type { ChunkWriter, LentFile } from '../../Transfer.ts';
import { type Disk, type DiskFile, diskError, removeQuietly } from '../Disk/Disk.ts';
import { partFileGone } from '../Disk/InstallFile.ts';
import { type ChunkTarget, PieceWriter } from './ChunkWriting.ts';
import { JournalWriter } from './JournalWriter.ts';
import type { OpenPart } from './OpenPart.ts';
import type { PartFiles } from './PartFiles.ts';
import { PartSync } from './PartSync.ts';
import { encodeSynced, encodeVerified } from './ResumeJournal.ts';
import type { SyncQueue } from './SyncQueue.ts';

/** The open files of a part and their state at that moment. */
export interface PartFileOptions extends PartFiles {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly syncs: SyncQueue;
  readonly description: FileDescription;
  readonly path: string;
  /** Folder of both files. */
  readonly folder: string;
  readonly partPath: string;
  readonly journalPath: string;
  /** Moves the complete, synced file into the share and returns its absolute path. */
  readonly install: (data: DiskFile, attributes: FileAttributes) => Promise<string>;
  readonly onVerified: (chunk: number) => void;
  /** Called once, after `close`, `finish` or `discard`. */
  readonly onClosed: () => void;
}

/**
 * An unfinished file of several chunks: part file, journal, and the order of writes to them. Data before its record:
 * a crash can lose a chunk, but never invent one.
 */
export class PartFile implements OpenPart {
  readonly verified: Bitfield;
  readonly #options: PartFileOptions;
  readonly #journal: JournalWriter;
  readonly #sync: PartSync;
  /** Targets of the chunks being written. */
  readonly #targets = new Map<number, ChunkTarget>();
  readonly #busy = new Set<Promise<unknown>>();
  #folderSynced = false;
  #failure: ShoalError | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: PartFileOptions) {
    this.#options = options;
    const { description, journal, journalBytes, records, clock, syncs } = options;
    this.verified = new Bitfield(description.layout.chunkCount);
    for (const chunk of options.verified) this.verified.set(chunk);
    this.#journal = new JournalWriter(journal, journalBytes);
    this.#sync = new PartSync(records, {
      clock,
      queue: syncs,
      sync: (count) => this.#syncAndMark(count),
      failed: (reason) => this.#fail(reason),
    });
    this.#sync.touched(0);
  }

  get description(): FileDescription {
    return this.#options.description;
  }

  get path(): string {
    return this.#options.path;
  }

  writer(chunk: number): ChunkWriter {
    return new PieceWriter(this.#target(chunk));
  }

  async read(chunk: number, offset: number, into: Uint8Array): Promise<void> {
    if (!this.verified.has(chunk) || this.#closed !== undefined) {
      throw new ShoalError('NOT_FOUND', `chunk ${chunk} is not here`);
    }
    const { layout } = this.description;
    const at = chunkOffset(layout, chunk) + offset;
    const count = await this.#guarded('reading an unfinished file', this.#options.data.read(into, at));
    if (count !== into.length) throw partFileGone(this.path);
  }

  lend(chunk: number, offset: number, bytes: number): LentFile | undefined {
    const { layout } = this.description;
    const descriptor = this.#closed === undefined ? this.#options.data.descriptor?.() : undefined;
    const last = chunk + Math.ceil((offset + bytes) / layout.chunkBytes) - 1;
    if (descriptor === undefined || last >= layout.chunkCount) return undefined;
    for (let each = chunk; each <= last; each++) if (!this.verified.has(each)) return undefined;
    return { descriptor, position: chunkOffset(layout, chunk) + offset, giveBack: () => {} };
  }

  note(record: Buffer): Promise<void> {
    return this.#guarded('writing the journal', this.#journal.append(record));
  }

  async finish(): Promise<string> {
    if (!this.verified.complete) throw new Error('finish() before every chunk was verified');
    this.#check();
    await this.#sync.stop();
    const { data, disk, journalPath, attributes } = this.#options;
    data.setAttributes(attributes);
    await this.#guarded('syncing the finished file', data.sync()).catch((failure) => this.#fail(failure));
    this.#check();
    const finalPath = await this.#options.install(data, attributes);
    removeQuietly(disk, journalPath);
    await this.#close(false);
    return finalPath;
  }

  close(): Promise<void> {
    return this.#close(true);
  }

  async discard(): Promise<void> {
    await this.#close(false);
    const { disk, partPath, journalPath } = this.#options;
    try {
      disk.remove(journalPath);
      disk.remove(partPath);
    } catch (failure) {
      throw diskError(failure, 'deleting an unfinished file');
    }
  }

  #target(chunk: number): ChunkTarget {
    const known = this.#targets.get(chunk);
    if (known !== undefined) return known;
    const { layout, chunkHashes } = this.description;
    const expected = chunkHashes[chunk];
    if (expected === undefined) throw new RangeError(`no chunk ${chunk}`);
    const start = chunkOffset(layout, chunk);
    const target: ChunkTarget = {
      expected,
      bytes: chunkLength(layout, chunk),
      holder: undefined,
      isVerified: () => this.verified.has(chunk),
      write: (bytes, offset) => this.#write(bytes, start + offset),
      record: () => this.#record(chunk),
    };
    this.#targets.set(chunk, target);
    return target;
  }

  #write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      this.#checkOpen();
      return this.#guarded('writing an unfinished file', this.#options.data.write(bytes, position));
    } catch (failure) {
      return Promise.reject(failure);
    }
  }

  #record(chunk: number): Promise<void> {
    try {
      this.#check();
      const written = this.#guarded('writing the journal', this.#journal.append(encodeVerified(chunk)));
      return written.then(() => this.#recorded(chunk));
    } catch (failure) {
      return Promise.reject(failure);
    }
  }

  #recorded(chunk: number): void {
    this.#sync.recorded(chunkLength(this.description.layout, chunk));
    this.#targets.delete(chunk);
    if (this.verified.set(chunk)) this.#options.onVerified(chunk);
  }

  async #syncAndMark(records: number): Promise<void> {
    // The system reports lost pages once: a sync that succeeds after a failed one proves nothing about earlier chunks.
    if (this.#failure !== undefined) return;
    const { data, disk, folder } = this.#options;
    // Without a mark the chunks are hashed again after an unclean stop.
    if (!(await data.datasync())) return;
    await this.#journal.append(encodeSynced(records));
    await this.#journal.sync();
    if (this.#folderSynced) return;
    await disk.syncFolder(folder);
    this.#folderSynced = true;
  }

  #close(keep: boolean): Promise<void> {
    this.#closed ??= this.#run(keep);
    return this.#closed;
  }

  async #run(keep: boolean): Promise<void> {
    const { data, journal, onClosed } = this.#options;
    try {
      while (this.#busy.size > 0) await Promise.allSettled(this.#busy);
      if (keep) {
        // A mark after the last write of data: the next start need not hash the chunks again.
        this.#sync.touched(0);
        await this.#sync.finish();
      } else await this.#sync.stop();
      await this.#journal.idle();
    } finally {
      data.close();
      journal.close();
      onClosed();
    }
  }

  /** Keeps the files open while `work` runs, and converts its failure to a ShoalError. */
  #guarded<T>(doing: string, work: Promise<T>): Promise<T> {
    this.#busy.add(work);
    return work.then(
      (result) => {
        this.#busy.delete(work);
        return result;
      },
      (failure: unknown) => {
        this.#busy.delete(work);
        throw diskError(failure, doing);
      },
    );
  }

  /** @throws ShoalError when the part is closed or a sync has failed */
  #checkOpen(): void {
    if (this.#closed !== undefined) throw new ShoalError('CLOSED', 'the unfinished file is closed');
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Also checks that the part file was not deleted. Costs a system call, so it is called once per chunk. */
  #check(): void {
    this.#checkOpen();
    if (this.#options.data.links() === 0) throw partFileGone(this.path);
  }

  #fail(reason: unknown): void {
    this.#failure ??= diskError(reason, 'syncing an unfinished file');
  }
}
