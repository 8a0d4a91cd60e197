import { expect, test } from 'vitest';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ClusterLookups } from '../../../Tracker/Cluster/ClusterLookups.ts';
import type { SiblingDeskOptions } from '../../../Tracker/Cluster/SiblingDesk.ts';
import { RateLimits } from '../../../Tracker/Peers/RateLimits.ts';

/** The lookups of a tracker with two siblings. */
function lookups() {
  const cluster = { members: { live: [1, 2] }, answerWith: () => {}, ask: () => true };
  const options = { own: {}, cluster, limits: new RateLimits() };
  return new ClusterLookups(options as unknown as SiblingDeskOptions);
}

const SEARCH = { words: 'film', fileId: undefined };
const LOCATE = { words: '', fileId: 'a'.repeat(64) as FileId };

test.each([
  ['searches', SEARCH, 300, 150],
  ['locates', LOCATE, 8_000, 4_000],
])('%s of all peers that become questions to the others', (_what, question, burst, perSecond) => {
  const asking = lookups();
  const asked = (nowMs: number) => {
    let count = 0;
    for (let at = 0; at < burst + 100; at++) {
      const from = { host: `10.0.${at >> 8}.${at & 255}`, port: 9_000 };
      if (asking.gather({ question, ownSize: 0 }, from, nowMs, () => {})) count++;
    }
    return count;
  };
  expect([asked(0), asked(1_000)]).toEqual([burst, perSecond]);
});

test('questions on account of one host are as few as its queries to peers', () => {
  const asking = lookups();
  const from = { host: '10.0.0.1', port: 9_000 };
  let count = 0;
  while (count < 10_000 && asking.gather({ question: LOCATE, ownSize: 0 }, from, 0, () => {})) count++;
  expect(count).toBe(5_000);
});
