import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { ByteReader, ByteWriter, type Codec, struct, text, uint8, uint53 } from '../../Protocol/Codec.ts';
import { hashBytes } from '../../Protocol/FileId.ts';
import { type FileId, fileId } from '../../Protocol/Ids.ts';
import type { Log } from '../../Shared/Log.ts';
import type { HashCache, HashedFile } from './HashCache.ts';
import { checkLmdbFile } from './LmdbCheck.ts';

/** The format of the values; others are forgotten. */
const FORMAT = 1;
const FILE_NAME = 'hashes-v1.mdb';
/** One chunk hash. */
const HASH_BYTES = 32;

interface Stored {
  readonly format: number;
  readonly size: number;
  readonly modifiedMs: number;
  readonly device: string;
  readonly content: string;
  readonly changed: string;
  readonly fileId: FileId;
}

const stored: Codec<Stored> = struct<Stored>({
  format: uint8,
  size: uint53,
  modifiedMs: uint53,
  device: text(64),
  content: text(128),
  changed: text(64),
  fileId,
});

/**
 * Opens the hash cache of this user in a folder (made when missing); several processes may have it open. What cannot be
 * opened is told and moved aside, and a new one begun; when that fails too, undefined: go on without.
 */
export function openLmdbHashCache(folder: string, log: Log): HashCache | undefined {
  const path = join(folder, FILE_NAME);
  for (const attempt of ['as it is', 'anew']) {
    try {
      mkdirSync(folder, { recursive: true });
      checkLmdbFile(path);
      return new LmdbHashCache(open({ path, encoding: 'binary', maxDbs: 2 }), log);
    } catch (failure) {
      log.warn(
        `the hash cache ${path} cannot be used: ${failure instanceof Error ? failure.message : failure}`,
      );
      if (attempt === 'as it is') moveAside(path, log);
    }
  }
  log.warn('without a hash cache every file is hashed again at the next start');
  return undefined;
}

function moveAside(path: string, log: Log): void {
  try {
    if (!existsSync(path)) return;
    renameSync(path, `${path}.broken`);
    rmSync(`${path}-lock`, { force: true });
    log.warn(`it was moved aside to ${path}.broken; files are hashed again`);
  } catch (failure) {
    log.debug(`moving the hash cache aside: ${failure}`);
  }
}

class LmdbHashCache implements HashCache {
  readonly #root: RootDatabase<Buffer, string>;
  /** Per file what `Stored` says. */
  readonly #files: Database<Buffer, string>;
  /** Per file its chunk hashes: apart, so that loading reads little. */
  readonly #hashes: Database<Buffer, string>;
  readonly #log: Log;
  /** The key of a folder is short whatever its path: keys of lmdb have a limit. */
  readonly #prefixes = new Map<string, string>();
  /** Being written: lmdb shows a value only after its commit. */
  readonly #unwritten = new Map<string, Uint8Array>();
  #told = false;

  constructor(root: RootDatabase<Buffer, string>, log: Log) {
    this.#root = root;
    this.#files = root.openDB<Buffer, string>({ name: 'files', encoding: 'binary' });
    this.#hashes = root.openDB<Buffer, string>({ name: 'hashes', encoding: 'binary' });
    this.#log = log;
  }

  *load(root: string): Iterable<readonly [string, HashedFile]> {
    const prefix = this.#prefix(root);
    try {
      // "0" follows "/": the range is everything below the prefix.
      for (const { key, value } of this.#files.getRange({ start: `${prefix}/`, end: `${prefix}0` })) {
        const file = decode(value);
        if (file !== undefined) yield [key.slice(prefix.length + 1), file];
      }
    } catch (failure) {
      this.#tell(failure);
    }
  }

  put(root: string, path: string, file: HashedFile, hashes: Uint8Array): void {
    const key = this.#key(root, path);
    this.#quietly(this.#files.put(key, encode(file)));
    this.#unwritten.set(key, hashes);
    const written = this.#hashes.put(key, Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength));
    this.#quietly(
      written.then(() => {
        if (this.#unwritten.get(key) === hashes) this.#unwritten.delete(key);
      }),
    );
  }

  hashes(root: string, path: string): Uint8Array | undefined {
    const key = this.#key(root, path);
    const unwritten = this.#unwritten.get(key);
    if (unwritten !== undefined) return unwritten;
    try {
      const value = this.#hashes.get(key);
      return value !== undefined && value.length % HASH_BYTES === 0 ? value : undefined;
    } catch (failure) {
      this.#tell(failure);
      return undefined;
    }
  }

  remove(root: string, path: string): void {
    const key = this.#key(root, path);
    this.#unwritten.delete(key);
    this.#quietly(this.#files.remove(key));
    this.#quietly(this.#hashes.remove(key));
  }

  async close(): Promise<void> {
    try {
      await this.#root.flushed;
      await this.#root.close();
    } catch (failure) {
      this.#tell(failure);
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

  #quietly(write: Promise<unknown>): void {
    write.catch((failure: unknown) => this.#tell(failure));
  }

  #tell(failure: unknown): void {
    const text = `the hash cache failed: ${failure instanceof Error ? failure.message : failure}`;
    if (this.#told) this.#log.debug(text);
    else this.#log.warn(text);
    this.#told = true;
  }
}

function encode({ state, fileId }: HashedFile): Buffer {
  const out = new ByteWriter(256);
  stored.write(out, { format: FORMAT, ...state, fileId });
  return Buffer.from(out.finish());
}

function decode(value: Buffer): HashedFile | undefined {
  try {
    const { format, fileId, ...state } = stored.read(new ByteReader(value));
    return format === FORMAT ? { state: { ...state, touchedMs: state.modifiedMs }, fileId } : undefined;
  } catch {
    return undefined; // Another format, or damaged: hashed again.
  }
}
