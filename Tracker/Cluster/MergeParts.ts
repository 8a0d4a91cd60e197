import { rankHits } from '../../Protocol/HitOrder.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { SEARCH_HITS_MAX } from '../../Protocol/Limits.ts';
import type { Hit, Holder } from '../../Protocol/TrackerItems.ts';
import { answers } from '../../Protocol/WordMatch.ts';
import type { LateItems } from '../LateAnswer.ts';
import type { AnswerRecord } from './BusRecords.ts';

/** Holders listed with one hit. */
const HOLDERS_PER_HIT = 8;
/** Holders of one content named by all other trackers. */
const HOLDERS_MAX = 1_024;

/** The best hits of several trackers, one for each content. Those that do not answer the question are left out. */
export function mergedHits(
  words: string,
  records: readonly AnswerRecord[],
): LateItems & { hits: readonly Hit[] } {
  const byFile = new Map<FileId, Hit>();
  let total = 0;
  for (const record of records) {
    if (record.type !== 'found') continue;
    total += record.total;
    for (const hit of record.hits) {
      if (!answers({ words, fileId: undefined }, { ...hit, complete: true })) continue;
      const known = byFile.get(hit.fileId);
      byFile.set(hit.fileId, known === undefined ? hit : joined(known, hit));
    }
  }
  const hits = [...byFile.values()];
  const best = hits.length > SEARCH_HITS_MAX ? rankHits(words, hits).slice(0, SEARCH_HITS_MAX) : hits;
  return { hits: best, total: Math.max(total, best.length) };
}

/** The holders of one content. @param ownSize - size by the own index; 0: unknown */
export function mergedHolders(records: readonly AnswerRecord[], ownSize: number): LateItems {
  const holders: Holder[] = [];
  let total = 0;
  let size = ownSize;
  for (const record of records) {
    if (record.type !== 'located') continue;
    total += record.total;
    size ||= record.size;
    const claim = record.size === size ? undefined : record.size;
    for (const holder of record.holders) holders.push({ ...holder, size: holder.size ?? claim });
  }
  const named = uniquePeers(holders).slice(0, HOLDERS_MAX);
  return { holders: named, total: Math.max(total, named.length), size };
}

function joined(one: Hit, other: Hit): Hit {
  const all = uniquePeers([...one.holders, ...other.holders]);
  // Holders that are not listed count as different ones: each peer is registered at one tracker.
  const unlisted = one.holderCount - one.holders.length + (other.holderCount - other.holders.length);
  const holders = all.slice(0, HOLDERS_PER_HIT);
  return { ...one, holders, holderCount: all.length + Math.max(0, unlisted) };
}

/** Without peers that two trackers name: such a peer has just gone from one to the other. */
function uniquePeers(holders: readonly Holder[]): Holder[] {
  return [...new Map(holders.map((holder) => [holder.peerId, holder])).values()];
}
