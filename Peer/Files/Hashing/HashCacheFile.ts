import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../../../Shared/Log.ts';
import { makeFolder } from '../../../Shared/Paths/MakeFolder.ts';
import { FolderRenames } from './FolderRenames.ts';
import {
  type CacheRecord,
  type FolderRename,
  type HashCache,
  type HashCacheEntry,
  type HashedFile,
  hashBytesOf,
  renameKeys,
} from './HashCache.ts';
import { decodeRecord, encodeRecord, encodeRename, hashesOf, pathOf, withPath } from './HashRecord.ts';
import { convertOldCache } from './OldHashCache.ts';
import { RecordFile } from './RecordFile.ts';

/** Delay of writes, so that many entries share one. A crash loses the pending ones; their files are hashed again. */
const WRITE_DELAY_MS = 2_000;
/** Delay of the next attempt after a failed write. */
const RETRY_MS = 30_000;
/** Pending entries at which a write begins at once. */
const PENDING_MANY = 1_000;
/** Limit of one write: thousands of entries, since a folder that gets its name adds more of them during each write. */
const BATCH_BYTES = 512 * 1_024;
/** Outdated records and bytes, beyond as many as are current, at which the file is written anew. */
const OUTDATED_RECORDS_MAX = 1_000;
const OUTDATED_BYTES_MAX = 16 * 1_024 * 1_024;
/**
 * Largest file that is written anew while the program ends: a few milliseconds. A larger one waits for the next
 * start.
 */
const CLOSING_BYTES_MAX = 2 * 1_024 * 1_024;
/** Renames of folders at which the file is written anew: a start looks at all earlier entries for each of them. */
const RENAMES_MAX = 64;

/**
 * Hash cache of one share in one file, to which records are only appended (docs/Decisions/0008-hash-cache.md).
 * Every record has a checksum: damage costs the damaged records alone. Entries that cannot be written stay in
 * memory and are tried again. The first failure is a warning, later ones are debug lines.
 */
export class HashCacheFile implements HashCache {
  readonly #path: string;
  readonly #oldPath: string | undefined;
  readonly #log: Log;
  #file: RecordFile | undefined;
  #isWritable = false;
  /** Position of the current record of each path. */
  #positions = new Map<string, number>();
  /** Records in the file, current and outdated. */
  #records = 0;
  /**
   * Bytes of the current records: those of the file when it was opened or last written anew, and of paths added
   * since.
   */
  #currentBytes = 0;
  /** All records are read: `#positions` is complete. */
  #isLoaded = false;
  /** Entries by path and renames to be written, in this order; undefined: a removal. */
  readonly #pending = new Map<string, HashCacheEntry | FolderRename | undefined>();
  readonly #renames = new FolderRenames();
  /** Number of renames so far: each has a key in `#pending` that no path equals. */
  #renamed = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Serializes the writes. */
  #writing: Promise<void> = Promise.resolve();
  #hasWarned = false;
  #isClosed = false;

  /**
   * @param path - absolute; its folder is created when missing
   * @param oldPath - the cache file of version 0.1, which is taken over
   */
  constructor(path: string, log: Log, oldPath?: string) {
    this.#path = path;
    this.#log = log;
    this.#oldPath = oldPath;
  }

  async *load(): AsyncGenerator<readonly CacheRecord[]> {
    let damaged = 0;
    try {
      await this.#convertOld();
      await this.#open();
      for await (const read of this.#file?.records() ?? []) {
        damaged += read.damaged;
        yield read.records.map(({ at, record }) => this.#placed(at, decodeRecord(record)));
      }
      this.#currentBytes = (await this.#file?.size()) ?? 0;
      this.#isLoaded = true;
    } catch (failure) {
      this.#report('cannot be read', failure);
    }
    if (damaged > 0) this.#log.warn(`the hash cache ${this.#path} is damaged: some files are hashed again`);
    this.#writing = this.#writing.then(() => this.#compact(damaged > 0));
  }

  put(path: string, file: HashedFile, hashes: Uint8Array | string): void {
    this.#add(path, { file, hashes });
  }

  remove(path: string): void {
    this.#add(path, undefined);
  }

  renameFolder(rename: FolderRename): void {
    this.#renames.add(rename);
    renameKeys(this.#positions, rename);
    this.#pending.set(`\0${this.#renamed++}`, rename);
    renameKeys(this.#pending, rename); // Written behind the rename, which applies to all records before it.
    this.#schedule(WRITE_DELAY_MS);
  }

  hashes(path: string): Uint8Array | undefined {
    const pending = this.#pending.get(path);
    if (this.#pending.has(path)) return hashBytesOf(isRename(pending) ? undefined : pending?.hashes);
    const at = this.#positions.get(path);
    if (at === undefined) return undefined;
    try {
      const record = this.#file?.recordAt(at);
      const hashes =
        record !== undefined && this.#renames.pathNow(pathOf(record), at) === path
          ? hashesOf(record)
          : undefined;
      // A copy: the bytes are part of what was read, which would stay in memory with them.
      return hashes && Buffer.from(hashes);
    } catch (failure) {
      this.#report('cannot be read', failure);
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#writePending();
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch((failure) => this.#report('cannot be closed', failure));
  }

  #add(path: string, entry: HashCacheEntry | undefined): void {
    this.#pending.set(path, entry);
    this.#schedule(WRITE_DELAY_MS);
    if (this.#pending.size === PENDING_MANY) this.#writing = this.#writing.then(() => this.#writePending());
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#writePending());
    }, delayMs).unref();
  }

  /** Opens the file for writing, or for reading alone when that fails. */
  async #open(): Promise<void> {
    try {
      await makeFolder(dirname(this.#path), 0o700);
      this.#file = await RecordFile.open(this.#path, 'append');
      this.#isWritable = true;
      await this.#file.touch();
    } catch (failure) {
      this.#report('cannot be written', failure);
      this.#file ??= await RecordFile.open(this.#path, 'read').catch(() => undefined);
    }
  }

  async #convertOld(): Promise<void> {
    if (this.#oldPath === undefined) return;
    await convertOldCache(this.#oldPath, this.#path).catch((failure) =>
      this.#report('of an earlier version cannot be read', failure),
    );
  }

  /** Keeps the position of a record. */
  #placed(at: number, record: CacheRecord): CacheRecord {
    this.#records++;
    if (isRename(record)) {
      this.#renames.add(record, at);
      renameKeys(this.#positions, record);
    } else if (record.file === undefined) this.#positions.delete(record.path);
    else this.#positions.set(record.path, at);
    return record;
  }

  /** Writes all pending entries. Never rejects: entries that cannot be written stay pending. */
  async #writePending(): Promise<void> {
    try {
      while (this.#pending.size > 0) await this.#writeBatch();
    } catch (failure) {
      this.#report('cannot be written', failure);
      this.#schedule(RETRY_MS);
      return;
    }
    await this.#compact();
  }

  async #writeBatch(): Promise<void> {
    if (!this.#isWritable) await this.#reopen();
    const batch: { key: string; entry: HashCacheEntry | FolderRename | undefined; record: Buffer }[] = [];
    let bytes = 0;
    for (const [key, entry] of this.#pending) {
      const record = isRename(entry) ? encodeRename(entry) : encodeRecord(key, entry);
      bytes += record.length;
      batch.push({ key, entry, record });
      if (bytes >= BATCH_BYTES) break;
    }
    let at = await this.#opened().append(batch.map(({ record }) => record));
    this.#records += batch.length;
    for (const { key, entry, record } of batch) {
      // Its folder may have been renamed during the write.
      const path = this.#renames.pathNow(key, at);
      if (isRename(entry)) this.#renames.placed(entry, at);
      else if (entry === undefined) this.#positions.delete(path);
      else {
        if (!this.#positions.has(path)) this.#currentBytes += record.length;
        this.#positions.set(path, at);
      }
      at += record.length;
      // An entry added during the write stays pending.
      if (this.#pending.get(path) === entry) this.#pending.delete(path);
    }
  }

  /** Opens the file again, which was readable at most. Positions stay valid if it is the same file; else they miss. */
  async #reopen(): Promise<void> {
    await makeFolder(dirname(this.#path), 0o700);
    const file = await RecordFile.open(this.#path, 'append');
    await this.#file?.close();
    this.#file = file;
    this.#isWritable = true;
  }

  /** Writes the file anew without outdated records, when these are many. Never rejects. */
  async #compact(mustWrite = false): Promise<void> {
    if (!this.#isWritable || !this.#isLoaded) return;
    const temporary = `${this.#path}.new`;
    try {
      const file = this.#opened();
      const size = await file.size();
      const isDue =
        this.#renames.written > RENAMES_MAX ||
        this.#records > 2 * this.#positions.size + OUTDATED_RECORDS_MAX ||
        size > 2 * this.#currentBytes + OUTDATED_BYTES_MAX;
      if ((!isDue && !mustWrite) || this.#isEndingWith(size)) return;
      this.#currentBytes = size; // After a failure, the next attempt waits for as much growth again.
      await rm(temporary, { force: true });
      const before = this.#renames.pending;
      const { copy, positions } = await this.#copyCurrent(file, size, temporary);
      for (const rename of this.#renames.pending) if (!before.includes(rename)) renameKeys(positions, rename);
      this.#renames.applied();
      this.#file = copy;
      this.#positions = positions;
      this.#records = positions.size;
      this.#currentBytes = await copy.size();
      await file.close();
    } catch (failure) {
      this.#log.debug(`the hash cache ${this.#path} cannot be compacted: ${failure}`);
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  /** Writes the current records to a new file, which then replaces the cache. */
  async #copyCurrent(from: RecordFile, size: number, temporary: string) {
    const copy = await RecordFile.open(temporary, 'append');
    try {
      const positions = new Map<string, number>();
      let batch: Buffer[] = [];
      let [at, bytes] = [0, 0];
      for await (const { records } of from.records()) {
        if (this.#isEndingWith(size)) throw new Error('closed before all was copied');
        for (const { at: before, record } of records) {
          const path = this.#renames.pathNow(pathOf(record), before);
          if (this.#positions.get(path) !== before) continue;
          const current = withPath(record, path);
          positions.set(path, at);
          batch.push(current);
          at += current.length;
          bytes += current.length;
          if (bytes < BATCH_BYTES) continue;
          await copy.append(batch);
          [batch, bytes] = [[], 0];
        }
      }
      await copy.append(batch);
      await rename(temporary, this.#path);
      return { copy, positions };
    } catch (failure) {
      await copy.close();
      throw failure;
    }
  }

  /** Whether the program ends, which does not wait for a file of this size. */
  #isEndingWith(size: number): boolean {
    return this.#isClosed && size > CLOSING_BYTES_MAX;
  }

  #opened(): RecordFile {
    if (this.#file === undefined) throw new Error('the file is not open');
    return this.#file;
  }

  #report(what: string, failure: unknown): void {
    const why = failure instanceof Error ? failure.message : String(failure);
    const text = `the hash cache ${this.#path} ${what} (${why}): files may be hashed again at the next start`;
    if (this.#hasWarned) this.#log.debug(text);
    else this.#log.warn(text);
    this.#hasWarned = true;
  }
}

function isRename(entry: HashCacheEntry | CacheRecord | undefined): entry is FolderRename {
  return entry !== undefined && 'from' in entry;
}
