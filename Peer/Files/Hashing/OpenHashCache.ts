import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashBytes } from '../../../Protocol/FileId.ts';
import type { Log } from '../../../Shared/Log.ts';
import { type HashCache, MemoryHashCache } from './HashCache.ts';
import { HashCacheFile } from './HashCacheFile.ts';

/**
 * Names of cache files: `hashes-v3-` and 32 hex digits of the hash of the share's path. Version 0.1: v2, a text file.
 */
const FILE_NAME = /^hashes-v[23]-[0-9a-f]{32}\.log(?:\.new)?$/;
/** The cache of versions before 0.1, one file for all shares. */
const OLD_NAME = /^hashes-v1\.mdb/;
/** A cache file not opened for this long is removed: its share is no longer used. */
const UNUSED_MS = 365 * 24 * 3_600_000;

/**
 * Opens the hash cache of one share in a folder of this user, and removes files of earlier versions and unused
 * shares. Never fails.
 * @param folder - undefined: the cache is kept in memory, for this run
 * @param share - absolute path of the share folder or manifest
 */
export async function openHashCache(folder: string | undefined, share: string, log: Log): Promise<HashCache> {
  if (folder === undefined) return new MemoryHashCache();
  const share32 = hashBytes(Buffer.from(share)).slice(0, 32);
  const [name, old] = [`hashes-v3-${share32}.log`, `hashes-v2-${share32}.log`];
  await removeUnused(folder, [name, old]).catch(() => {}); // The folder does not exist yet, or is read-only.
  return new HashCacheFile(join(folder, name), log, join(folder, old));
}

async function removeUnused(folder: string, used: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (used.includes(name) || !(OLD_NAME.test(name) || FILE_NAME.test(name))) continue;
    const path = join(folder, name);
    const isUnused = OLD_NAME.test(name) || Date.now() - (await stat(path)).mtimeMs > UNUSED_MS;
    if (isUnused) await rm(path, { force: true });
  }
}
