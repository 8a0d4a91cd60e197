import { randomInt } from 'node:crypto';

/** Secret, so that nobody can make paths of equal hash. */
const [SEED, FACTOR] = [randomInt(2 ** 32), randomInt(2 ** 31) * 2 + 1];

/** A 32-bit hash of a path, for this run. */
export function hashOfPath(path: string): number {
  let hash = SEED;
  for (let at = 0; at < path.length; at++) {
    hash = Math.imul(hash ^ path.charCodeAt(at), FACTOR);
    hash ^= hash >>> 15;
  }
  return hash;
}
