import type { SourceStatus } from '../../DownloadModel.ts';

/** Merges the states of a peer over several files: figures add up, the most active state wins. */
export function mergeSources(all: readonly SourceStatus[]): SourceStatus[] {
  const merged = new Map<string, SourceStatus>();
  for (const each of all) {
    const key = each.peer.peerId ?? each.peer.name;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, each);
    else {
      const moreActive = BY_ACTIVITY.indexOf(each.state) < BY_ACTIVITY.indexOf(known.state) ? each : known;
      merged.set(key, {
        ...moreActive,
        bytes: known.bytes + each.bytes,
        bytesPerSecond: known.bytesPerSecond + each.bytesPerSecond,
        chunksHeld: known.chunksHeld + each.chunksHeld,
      });
    }
  }
  return [...merged.values()];
}

const BY_ACTIVITY: readonly SourceStatus['state'][] = [
  'active',
  'queued',
  'snubbed',
  'connecting',
  'left',
  'distrusted',
  'banned',
];
