import { networkInterfaces } from 'node:os';

export type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * Returns a guarded `os.networkInterfaces`: the system may refuse the list (no descriptors left, a sandbox). It then
 * gives the last known list, or an empty one.
 */
export function guardedInterfaces(read: () => Interfaces = networkInterfaces): () => Interfaces {
  let last: Interfaces = {};
  return () => {
    try {
      last = read();
    } catch {
      // The next call may succeed.
    }
    return last;
  };
}
