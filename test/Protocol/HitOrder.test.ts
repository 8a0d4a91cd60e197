import { expect, test } from 'vitest';
import { rankHits } from '../../Protocol/HitOrder.ts';
import { SEARCH_HITS_MAX } from '../../Protocol/Limits.ts';

const hit = (path: string, id: number, holderCount = 1) => ({
  path,
  fileId: id.toString(16).padStart(64, '0'),
  holderCount,
});

test('best first: match, holders, path, id', () => {
  const hits = [
    hit('film/b', 1),
    hit('b film', 3),
    hit('b film', 2),
    hit('c film', 4, 2),
    hit('film', 5),
    hit('a film', 6),
  ];
  const order = rankHits('film', hits).map(({ path, fileId }) => `${path} ${Number.parseInt(fileId, 16)}`);
  expect(order).toEqual(['film 5', 'c film 4', 'a film 6', 'b film 2', 'b film 3', 'film/b 1']);
});

test('of too many equal hits those with the lowest ids are listed, in the order of their paths', () => {
  const equal = Array.from({ length: 300 }, (_, at) => hit(`song ${999 - at} x.mp3`, at));
  const chosen = rankHits('song', [...equal.toReversed(), hit('song.mp3', 9_999)]);
  expect(chosen).toHaveLength(SEARCH_HITS_MAX);
  expect(chosen[0]?.path).toBe('song.mp3');
  expect(chosen.slice(1)).toEqual(equal.slice(0, SEARCH_HITS_MAX - 1).toReversed());
});
