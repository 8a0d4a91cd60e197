import { chooseHits } from '../../Protocol/HitOrder.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { wordsOfQuery } from '../../Protocol/SearchWords.ts';
import type { Hit, Holder } from '../../Protocol/TrackerItems.ts';
import { isStartOfId, matchOfPath, NO_MATCH } from '../../Protocol/WordMatch.ts';
import type { LateItems } from '../Questions/LateAnswer.ts';
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
  const asked = wordsOfQuery(words);
  const byFile = new Map<FileId, MatchedHit>();
  let total = 0;
  for (const record of records) {
    if (record.type !== 'found') continue;
    total += record.total;
    for (const hit of record.hits) {
      const match = matchOfPath(asked, hit.path);
      if (match === NO_MATCH && !isStartOfId(words, hit.fileId)) continue;
      const known = byFile.get(hit.fileId);
      byFile.set(hit.fileId, known === undefined ? { hit, match } : joined(known, { hit, match }));
    }
  }
  const hits = chooseHits([...byFile.values()]);
  return { hits, total: Math.max(total, hits.length) };
}

/** A hit and the quality of its match. */
interface MatchedHit {
  readonly hit: Hit;
  readonly match: number;
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

function joined(known: MatchedHit, further: MatchedHit): MatchedHit {
  const better = further.match > known.match ? further : known;
  const { hit: one } = known;
  const { hit: other } = further;
  const all = uniquePeers([...one.holders, ...other.holders]);
  // Holders that are not listed count as different ones: each peer is registered at one tracker.
  const unlisted = one.holderCount - one.holders.length + (other.holderCount - other.holders.length);
  const holders = all.slice(0, HOLDERS_PER_HIT);
  return { ...better, hit: { ...better.hit, holders, holderCount: all.length + Math.max(0, unlisted) } };
}

/** Without peers that two trackers name: such a peer has just gone from one to the other. */
function uniquePeers(holders: readonly Holder[]): Holder[] {
  return [...new Map(holders.map((holder) => [holder.peerId, holder])).values()];
}
