import { SEARCH_HITS_MAX } from '../../Protocol/Limits.ts';
import type { RelayedFile } from '../../Protocol/RelayMessages.ts';
import type { SearchHit, SearchResult } from '../Model.ts';

/** Marks the found contents that this peer shares, and adds those that only this peer shares. */
export function withOwnFiles(result: SearchResult, own: readonly RelayedFile[]): SearchResult {
  const ours = new Map(own.filter(({ complete }) => complete).map((file) => [file.fileId, file]));
  const found = result.hits.map((hit) => (ours.delete(hit.fileId) ? { ...hit, here: true } : hit));
  const alone = [...ours.values()].map(
    ({ fileId, size, path }): SearchHit => ({ fileId, size, path, holders: [], holderCount: 0, here: true }),
  );
  // Contents of others come first: a search is for what is not here yet.
  return { ...result, hits: [...found, ...alone].slice(0, SEARCH_HITS_MAX) };
}
