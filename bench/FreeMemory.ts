import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { place, temporaryFolder } from './Places.ts';

const PIECE_BYTES = 8 * 2 ** 20;

let folder: Promise<string> | undefined;

/**
 * Fills the free memory with cached pages of a sparse file, as on a machine that has run for a while. The host of a
 * virtual machine takes memory back that was free for two seconds. A page of a cache or a tmpfs then costs seven times
 * as much. Without this, a program whose receiver starts at once has warm memory, and one that takes seconds has not.
 * No effect without a disk, where nothing is cached.
 */
export async function fillFreeMemory(): Promise<void> {
  const disk = await place('disk', 0);
  if ('reason' in disk) return;
  folder ??= temporaryFolder(disk.path);
  const file = await open(join(await folder, 'filling'), 'a+');
  try {
    const { size } = await file.stat();
    const end = size + (await freeBytes());
    await file.truncate(end);
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = size; at < end; at += PIECE_BYTES) await file.read(piece, 0, PIECE_BYTES, at);
  } finally {
    await file.close();
  }
}

/** Memory that nothing uses, not even as a cache; 0 outside Linux. */
async function freeBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return Number(/MemFree:\s+(\d+) kB/.exec(text)?.[1] ?? 0) * 1_024;
}
