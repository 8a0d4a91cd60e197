import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { Blake3Hasher } from '@napi-rs/blake-hash';

/** Variable with the folder for the counts. A process that preloads this file counts when it is set. */
const FOLDER = 'SHOAL_GUARD_HASHES';
/** Counts are written this often: a worker thread may be terminated without notice. */
const NOTED_BYTES = 64 * 2 ** 20;

/** Environment of a program that counts its BLAKE3 work, in all its threads. */
export function countingEnvironment(folder: string): Record<string, string> {
  return { [FOLDER]: folder, NODE_OPTIONS: `--import=${fileURLToPath(import.meta.url)}` };
}

/** Bytes hashed by a program that has ended. */
export function hashedBytes(folder: string, pid: number): number {
  if (!readdirSync(folder).includes(String(pid))) return 0;
  const notes = readFileSync(join(folder, String(pid)), 'utf8')
    .split('\n')
    .filter(Boolean);
  return notes.reduce((sum, bytes) => sum + Number(bytes), 0);
}

const folder = process.env[FOLDER];
if (folder !== undefined) {
  let bytes = 0;
  const note = () => {
    appendFileSync(join(folder, String(process.pid)), `${bytes}\n`);
    bytes = 0;
  };
  const { update } = Blake3Hasher.prototype;
  Blake3Hasher.prototype.update = function (data) {
    bytes += typeof data === 'object' ? data.length : 0;
    if (bytes >= NOTED_BYTES) note();
    return update.call(this, data);
  };
  process.on('exit', note);
  if (!isMainThread) note();
}
