import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mediumOf } from './Places.ts';

const PIECE_BYTES = 8 * 2 ** 20;

/**
 * Fills the free memory with cached pages of a sparse file, as on a machine that has run for a while. The host of a
 * virtual machine takes memory back that was free for two seconds. A page of the cache then costs seven times as much.
 * Without this, a program whose receiver starts at once has warm memory, and one that takes seconds to start has not.
 * No effect in memory, where files are not cached.
 */
export async function fillFreeMemory(folder: string): Promise<void> {
  if ((await mediumOf(folder)) === 'memory') return;
  const file = await open(join(folder, 'filling'), 'a+');
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
