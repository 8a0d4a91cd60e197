import { closeSync } from 'node:fs';

/**
 * Closes a descriptor of a file that was only read, or whose bytes were synced. A disk that was unplugged, or a network
 * disk, may refuse even that (ENOTCONN, EIO, EDQUOT); the descriptor is gone all the same, and nothing is lost.
 */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // As above.
  }
}
