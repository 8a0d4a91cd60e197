import { expect, test } from 'vitest';
import type { SearchHit, SearchResult } from '../../../Peer/Model.ts';
import { withOwnFiles } from '../../../Peer/UseCases/OwnHits.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SEARCH_HITS_MAX } from '../../../Protocol/Limits.ts';

const hit = (id: string): SearchHit => ({
  fileId: id as FileId,
  size: 1,
  path: `${id}.bin`,
  holders: [],
  holderCount: 2,
});
const own = (id: string, complete = true) => ({
  fileId: id as FileId,
  size: 1,
  path: `mine/${id}.bin`,
  complete,
});
const result = (...hits: SearchHit[]): SearchResult => ({ hits, truncated: false, trackers: 1 });

test('own contents are marked, and those of this peer alone are added at the end', () => {
  const { hits } = withOwnFiles(result(hit('a'), hit('b')), [own('c'), own('b'), own('d', false)]);
  expect(hits.map(({ fileId, here, holderCount, path }) => [fileId, here, holderCount, path])).toEqual([
    ['a', undefined, 2, 'a.bin'],
    ['b', true, 2, 'b.bin'],
    ['c', true, 0, 'mine/c.bin'], // A running download is not marked.
  ]);
});

test('the number of hits stays bounded', () => {
  const many = Array.from({ length: SEARCH_HITS_MAX }, (_, index) => hit(`x${index}`));
  expect(withOwnFiles(result(...many), [own('c')]).hits).toHaveLength(SEARCH_HITS_MAX);
});
