import type { Peer } from '../../Peer/Peer.ts';
import type { Tracker } from '../../Tracker/Tracker.ts';
import { shareOnDisk } from './Churn.ts';
import type { SoakPeer } from './SoakPeer.ts';

const ANSWER_MS = 5_000;

/** Compares the disks, what each peer lists of itself, and the catalogs at the tracker. @returns the differences */
export async function wrongCatalogs(
  peers: readonly SoakPeer[],
  tracker: Tracker,
): Promise<readonly string[]> {
  const [first, second] = peers.map(({ peer }) => peer);
  if (first === undefined || second === undefined) return ['no peers'];
  const seen = [...(await listed(first)), ...(await listed(second))];
  const wrong: string[] = [];
  let entries = 0;
  for (const { peer, share } of peers) {
    const own = peer.localFiles();
    entries += own.length;
    const disk = await shareOnDisk(share);
    const announced = seen.find(({ peerId }) => peerId === peer.self.peerId);
    const all = [
      disk,
      { files: own.length, bytes: own.reduce((sum, { size }) => sum + size, 0) },
      { files: announced?.files, bytes: announced?.bytes },
    ].map(({ files, bytes }) => `${files ?? 'no'} files of ${bytes ?? 'unknown'} bytes`);
    if (new Set(all).size > 1) wrong.push(`${peer.self.name}: ${all.join(', ')} (disk, peer, tracker)`);
  }
  const { files } = tracker.stats;
  if (files !== entries) wrong.push(`the tracker has ${files} entries, the peers ${entries}`);
  if (wrong.length === 0)
    for (const { peer } of peers) wrong.push(...(await missing(peer, peer === first ? second : first)));
  return wrong;
}

/** Files of a peer that another peer does not find at the tracker. */
async function missing(peer: Peer, other: Peer): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const { fileId, size, path } of peer.localFiles()) {
    const { hits } = await other.search(fileId, AbortSignal.timeout(ANSWER_MS));
    if (!hits.some((hit) => hit.fileId === fileId && hit.size === size))
      lost.push(`${path} of ${peer.self.name} is not found`);
  }
  return lost;
}

async function listed(peer: Peer) {
  return (await peer.peers(AbortSignal.timeout(ANSWER_MS))).peers;
}
