import type { SourceStatus } from '../../Model.ts';

/** One line a peer: what it does for several files, added up. Its state is the liveliest one. */
export function mergeSources(all: readonly SourceStatus[]): SourceStatus[] {
  const merged = new Map<string, SourceStatus>();
  for (const each of all) {
    const key = each.peer.peerId ?? each.peer.name;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, each);
    else {
      const livelier = LIVELINESS.indexOf(each.state) < LIVELINESS.indexOf(known.state) ? each : known;
      merged.set(key, {
        ...livelier,
        bytes: known.bytes + each.bytes,
        bytesPerSecond: known.bytesPerSecond + each.bytesPerSecond,
        chunksHeld: known.chunksHeld + each.chunksHeld,
      });
    }
  }
  return [...merged.values()];
}

const LIVELINESS: readonly SourceStatus['state'][] = [
  'active',
  'queued',
  'snubbed',
  'connecting',
  'left',
  'distrusted',
  'banned',
];
