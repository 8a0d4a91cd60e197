import { earliestOf } from '../../../Protocol/Extensions.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { FILE_BYTES_MAX, SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../../../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../../../Protocol/RelayMessages.ts';
import { wordsOfQuery } from '../../../Protocol/SearchWords.ts';
import { answers, matchOfPath } from '../../../Protocol/WordMatch.ts';
import type { FileHolder, KnownContact, SearchHit, SearchResult } from '../../Model.ts';

/** One peer's answer to a query. */
export interface PeerAnswer {
  readonly peer: KnownContact;
  readonly files: readonly RelayedFile[];
}

/** Drops files that do not match the query or are impossible. */
export function validFiles(question: RelayQuestion, files: readonly RelayedFile[]): readonly RelayedFile[] {
  return files
    .slice(0, SEARCH_HITS_PER_PEER_MAX)
    .filter((file) => file.path !== '' && file.size <= FILE_BYTES_MAX && answers(question, file));
}

/** Holders of the queried content. */
export function holdersOf(results: readonly PeerAnswer[]): FileHolder[] {
  return results.flatMap(({ peer, files: [file] }) =>
    file === undefined ? [] : [{ ...peer, complete: file.complete }],
  );
}

/**
 * Merges answers by content: best match first, then most holders. If claimed sizes differ, the most frequent size is
 * shown, and all of these peers are holders: the description of the file says which size is true.
 */
export function hitsOf(
  words: string,
  results: readonly PeerAnswer[],
): { readonly hits: SearchHit[]; readonly truncated: boolean } {
  const byContent = new Map<FileId, { peer: KnownContact; file: RelayedFile }[]>();
  for (const { peer, files } of results) {
    for (const file of files) {
      const same = byContent.get(file.fileId);
      if (same === undefined) byContent.set(file.fileId, [{ peer, file }]);
      else if (!same.some((other) => other.peer.peerId === peer.peerId)) same.push({ peer, file });
    }
  }
  const asked = wordsOfQuery(words);
  const ranked = [...byContent].map(([fileId, claims]) => {
    const size = mostFrequent(claims.map(({ file }) => file.size));
    const paths = claims.map(({ file }) => ({ path: file.path, match: matchOfPath(asked, file.path) }));
    const best = paths.reduce((one, other) => (other.match > one.match ? other : one));
    const holders = claims.map(({ peer, file }): FileHolder => ({ ...peer, complete: file.complete }));
    const named = claims.flatMap(({ file }) => (file.path === best.path ? file : []));
    const attributes = earliestOf(named);
    const hit = { fileId, size, path: best.path, holders, holderCount: holders.length, ...attributes };
    return { hit, match: best.match };
  });
  ranked.sort((one, other) => other.match - one.match || other.hit.holderCount - one.hit.holderCount);
  const full = results.some(({ files }) => files.length >= SEARCH_HITS_PER_PEER_MAX);
  return {
    hits: ranked.slice(0, SEARCH_HITS_MAX).map(({ hit }) => hit),
    truncated: full || ranked.length > SEARCH_HITS_MAX,
  };
}

/** Adds what linked peers answered to a tracker's result: their copies of its contents, and contents of their own. */
export function withLinked(
  result: SearchResult,
  linked: { readonly hits: readonly SearchHit[]; readonly truncated: boolean },
  peers: number,
): SearchResult {
  const byContent = new Map(linked.hits.map((hit) => [hit.fileId, hit]));
  const known = result.hits.map((hit) => {
    const same = byContent.get(hit.fileId);
    byContent.delete(hit.fileId);
    const ids = new Set(hit.holders.map(({ peerId }) => peerId));
    const more = same?.size === hit.size ? same.holders.filter(({ peerId }) => !ids.has(peerId)) : [];
    if (more.length === 0) return hit;
    // The tracker lists only some holders and may count these already.
    const holders = [...hit.holders, ...more];
    return { ...hit, holders, holderCount: Math.max(hit.holderCount, holders.length) };
  });
  const hits = [...known, ...byContent.values()];
  return {
    ...result,
    hits: hits.slice(0, SEARCH_HITS_MAX),
    truncated: result.truncated || linked.truncated || hits.length > SEARCH_HITS_MAX,
    peers,
  };
}

function mostFrequent(sizes: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1);
  return [...counts].reduce((one, other) => (other[1] > one[1] ? other : one), [0, 0])[0];
}
