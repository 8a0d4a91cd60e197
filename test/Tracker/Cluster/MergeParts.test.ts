import { expect, test } from 'vitest';
import { mergedHits, mergedHolders } from '../../../Tracker/Cluster/MergeParts.ts';
import { idOf } from '../peers.ts';
import { recordExamples } from './examples.ts';

test('of the holders named by other trackers, 1,024 are listed and all counted', () => {
  const { located } = recordExamples;
  const records = Array.from({ length: 6 }, (_, tracker) => ({
    ...located,
    total: 200,
    holders: located.holders.flatMap((holder) =>
      Array.from({ length: 200 }, (__, at) => ({ ...holder, peerId: idOf(200 * tracker + at) })),
    ),
  }));
  const merged = mergedHolders(records, 0);
  const holders = 'holders' in merged ? merged.holders : [];
  expect(new Set(holders.map(({ peerId }) => peerId)).size).toBe(1_024);
  expect(merged.total).toBe(1_200);
});

test('a hit that two trackers name has eight holders, and counts those of both', () => {
  const { found } = recordExamples;
  const records = [0, 1].map((tracker) => ({
    ...found,
    hits: found.hits.map((hit) => ({
      ...hit,
      holderCount: 8,
      holders: hit.holders.flatMap((holder) =>
        Array.from({ length: 8 }, (_, at) => ({ ...holder, peerId: idOf(8 * tracker + at) })),
      ),
    })),
  }));
  const [merged] = mergedHits('film', records).hits;
  expect(merged?.holders).toHaveLength(8);
  expect(merged?.holderCount).toBe(16);
});
