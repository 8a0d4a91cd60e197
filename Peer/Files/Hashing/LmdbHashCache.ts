import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { hashBytes } from '../../../Protocol/FileId.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';
import type { Log } from '../../../Shared/Log.ts';
import { CrashMarker } from './CrashMarker.ts';
import { type HashCache, type HashedFile, hashBytesOf } from './HashCache.ts';
import { readStoredText, storedText } from './HashedFileText.ts';
import { checkLmdbFile } from './LmdbCheck.ts';

const FILE_NAME = 'hashes-v1.mdb';
/** Bytes of one chunk hash. */
const HASH_BYTES = 32;
/**
 * Delay of writes, batched into one transaction: a transaction per entry would cost more than the hashing.
 * A crash loses the pending entries; these files are hashed again.
 */
const WRITE_DELAY_MS = 2_000;
/** Entries per transaction, before the thread is yielded: a few milliseconds. */
const WRITE_SLICE = 1_000;
/** Transactions per timer. */
const SLICES_PER_TIMER = 5;
/** Entries loaded before the thread is yielded. */
const LOAD_SLICE = 2_000;

/**
 * Opens the hash cache of this user in a folder, which is created when missing. Several processes may have it
 * open. A
 * cache that cannot be opened is moved aside and replaced, with a warning. Undefined when that fails too.
 */
export function openLmdbHashCache(folder: string, log: Log): HashCache | undefined {
  const path = join(folder, FILE_NAME);
  for (const attempt of ['as it is', 'anew']) {
    try {
      mkdirSync(folder, { recursive: true });
      checkLmdbFile(path);
      const marker = new CrashMarker(path, process.pid);
      if (marker.takeCrash()) throw new Error('a process crashed while reading it');
      marker.set();
      return new LmdbHashCache(open({ path, encoding: 'binary', maxDbs: 2 }), marker, log);
    } catch (failure) {
      log.warn(`hash cache ${path} cannot be used: ${failure instanceof Error ? failure.message : failure}`);
      if (attempt === 'as it is') moveAside(path, log);
    }
  }
  log.warn('no hash cache: all files are hashed again at the next start');
  return undefined;
}

function moveAside(path: string, log: Log): void {
  try {
    if (!existsSync(path)) return;
    renameSync(path, `${path}.broken`);
    rmSync(`${path}-lock`, { force: true });
    log.warn(`hash cache moved aside to ${path}.broken: all files are hashed again`);
  } catch (failure) {
    log.debug(`moving the hash cache aside failed: ${failure}`);
  }
}

interface Entry {
  readonly file: HashedFile;
  readonly hashes: Uint8Array | string;
}

class LmdbHashCache implements HashCache {
  readonly #root: RootDatabase<Buffer, string>;
  /** `storedText` of each file. */
  readonly #files: Database<Buffer, string>;
  /** Chunk hashes of files with several chunks; kept apart, so that loading reads little. */
  readonly #hashes: Database<Buffer, string>;
  /** Set until every entry was read once: damage inside the file could kill the process. */
  readonly #marker: CrashMarker;
  readonly #log: Log;
  /** Hash of each root: LMDB limits the length of keys, and a root may have any length. */
  readonly #prefixes = new Map<string, string>();
  /** Pending writes; undefined: a removal. Read first, because lmdb shows a value only after its commit. */
  readonly #pending = new Map<string, Entry | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  constructor(root: RootDatabase<Buffer, string>, marker: CrashMarker, log: Log) {
    this.#root = root;
    this.#files = root.openDB<Buffer, string>({ name: 'files', encoding: 'binary' });
    this.#hashes = root.openDB<Buffer, string>({ name: 'hashes', encoding: 'binary' });
    this.#marker = marker;
    this.#log = log;
  }

  async *load(root: string): AsyncGenerator<readonly [string, HashedFile]> {
    const prefix = `${this.#prefix(root)}/`;
    let after = prefix;
    for (;;) {
      const slice = this.#slice(after, `${prefix.slice(0, -1)}0`);
      for (const { key, value } of slice) {
        const file = readStoredText(value.toString('latin1'));
        if (file !== undefined) yield [key.slice(prefix.length), file];
      }
      const last = slice.at(-1);
      if (last === undefined || slice.length < LOAD_SLICE) break;
      after = `${last.key}\0`;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#marker.clear();
  }

  put(root: string, path: string, file: HashedFile, hashes: Uint8Array | string): void {
    this.#write(this.#key(root, path), { file, hashes });
  }

  hashes(root: string, path: string): Uint8Array | undefined {
    const key = this.#key(root, path);
    if (this.#pending.has(key)) return hashBytesOf(this.#pending.get(key)?.hashes);
    try {
      const stored = readStoredText(this.#files.get(key)?.toString('latin1') ?? '');
      if (stored?.onlyHash !== undefined) return Buffer.from(stored.onlyHash, 'hex');
      if (stored?.state.size === 0) return new Uint8Array(0);
      return stored === undefined ? undefined : this.#hashes.get(key);
    } catch (failure) {
      this.#report(failure);
      return undefined;
    }
  }

  remove(root: string, path: string): void {
    this.#write(this.#key(root, path), undefined);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.#marker.clear();
      while (this.#pending.size > 0) await this.#writeSlice();
      await this.#root.flushed;
      await this.#root.close();
    } catch (failure) {
      this.#report(failure);
    }
  }

  #write(key: string, entry: Entry | undefined): void {
    this.#pending.set(key, entry);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      void this.#writeSlices().then(() => {
        this.#timer = undefined;
        if (this.#pending.size > 0) this.#schedule();
      });
    }, WRITE_DELAY_MS).unref();
  }

  async #writeSlices(): Promise<void> {
    for (let slice = 0; slice < SLICES_PER_TIMER && this.#pending.size > 0; slice++) await this.#writeSlice();
  }

  /** Writes the oldest pending entries in one transaction. Never rejects. */
  async #writeSlice(): Promise<void> {
    const batch: (readonly [string, Entry | undefined])[] = [];
    for (const entry of this.#pending) if (batch.push(entry) === WRITE_SLICE) break;
    try {
      await this.#root.batch(() => {
        for (const [key, entry] of batch) this.#writeOne(key, entry);
      });
    } catch (failure) {
      this.#report(failure);
    }
    for (const [key, entry] of batch) if (this.#pending.get(key) === entry) this.#pending.delete(key);
  }

  #writeOne(key: string, entry: Entry | undefined): void {
    if (entry === undefined) {
      this.#reportFailure(this.#files.remove(key));
      this.#reportFailure(this.#hashes.remove(key));
      return;
    }
    const { file, hashes } = entry;
    const onlyHash = onlyHashOf(hashes);
    this.#reportFailure(this.#files.put(key, Buffer.from(storedText({ ...file, onlyHash }), 'latin1')));
    if (onlyHash !== undefined) return;
    const bytes = hashBytesOf(hashes) ?? new Uint8Array(0);
    this.#reportFailure(this.#hashes.put(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  }

  #slice(start: string, end: string): { key: string; value: Buffer }[] {
    try {
      return [...this.#files.getRange({ start, end, limit: LOAD_SLICE })];
    } catch (failure) {
      this.#report(failure);
      return [];
    }
  }

  #key(root: string, path: string): string {
    return `${this.#prefix(root)}/${path}`;
  }

  #prefix(root: string): string {
    let prefix = this.#prefixes.get(root);
    if (prefix === undefined) {
      prefix = hashBytes(Buffer.from(root)).slice(0, 32);
      this.#prefixes.set(root, prefix);
    }
    return prefix;
  }

  #reportFailure(write: Promise<unknown>): void {
    write.catch((failure: unknown) => this.#report(failure));
  }

  #report(failure: unknown): void {
    const text = `the hash cache failed: ${failure instanceof Error ? failure.message : failure}`;
    if (this.#hasWarned) this.#log.debug(text);
    else this.#log.warn(text);
    this.#hasWarned = true;
  }
}

function onlyHashOf(hashes: Uint8Array | string): ChunkHash | undefined {
  if (typeof hashes === 'string') return hashes.length === 2 * HASH_BYTES ? (hashes as ChunkHash) : undefined;
  return hashes.length === HASH_BYTES ? (Buffer.from(hashes).toString('hex') as ChunkHash) : undefined;
}
