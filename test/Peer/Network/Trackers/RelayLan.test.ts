import { expect, test, vi } from 'vitest';
import { CATALOG_FILES_MAX } from '../../../../Protocol/Limits.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { FakeFeed, file, TrackerLan } from './TrackerLan.ts';

const TRACKER = { host: '10.0.0.1', port: 6_881 };
const never = new AbortController().signal;

function feedOf(...paths: string[]): FakeFeed {
  const feed = new FakeFeed();
  feed.put(...paths.map((path) => file(path)));
  return feed;
}

test('a relay-only tracker holds no catalog and finds everything by relay', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 1 }));
  const tracker = await lan.tracker('10.0.0.1', 6_881, true);
  const configured = [TRACKER];
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, feed: feedOf('a song', 'film') });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured, feed: feedOf('a song') });
  const cas = lan.peer({ ip: '10.0.0.4', name: 'Cas', configured, feed: feedOf('a song') });
  for (const { trackers } of [ann, ben, cas]) await trackers.start();
  for (const { trackers } of [ann, ben, cas]) {
    expect(await lan.clock.settle(trackers.ready(3_000))).toBe(true);
  }
  const startMs = lan.clock.nowMs();
  const { hits, truncated } = await lan.clock.settle(cas.trackers.queries.search('song', never));
  expect(lan.clock.nowMs() - startMs).toBeLessThan(100); // All have answered: no wait.
  expect(truncated).toBe(false);
  expect(hits).toMatchObject([{ path: 'a song', holderCount: 2 }]);
  expect(hits[0]?.holders.map(({ name }) => name).sort()).toEqual(['Ann', 'Ben']);
  const holders = await lan.clock.settle(cas.trackers.queries.locate(file('film').fileId, never));
  expect(holders).toMatchObject([
    { name: 'Ann', address: { host: '10.0.0.2', port: 9_001 }, complete: true },
  ]);
  expect(tracker.stats.files).toBe(0);
  expect([ann, ben, cas].flatMap(({ feed }) => feed.asked)).toEqual([]);
  expect(ann.trackers.status()).toMatchObject([{ asksByRelay: true, heldVersion: 0, version: 0 }]);
});

test('an unlisted peer is found beside a listed one; queries are relayed only to the unlisted one', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 2 }));
  const tracker = await lan.tracker('10.0.0.1');
  const configured = [TRACKER];
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, feed: feedOf('a song'), unlisted: true });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured, feed: feedOf('a song') });
  const cas = lan.peer({ ip: '10.0.0.4', name: 'Cas', configured });
  for (const { trackers } of [ann, ben, cas]) await trackers.start();
  await lan.clock.advanceAsync(1_000);
  expect(tracker.stats.files).toBe(1);
  const { hits } = await lan.clock.settle(cas.trackers.queries.search('song', never));
  expect(hits[0]?.holders.map(({ name }) => name).sort()).toEqual(['Ann', 'Ben']);
  expect(ann.feed.asked).toEqual([]);
});

test('a peer that shares more files than a tracker holds of one peer is found by relay', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 2 }));
  const tracker = await lan.tracker('10.0.0.1');
  const configured = [TRACKER];
  const large = feedOf('a song');
  vi.spyOn(large, 'files', 'get').mockReturnValue(CATALOG_FILES_MAX + 1);
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, feed: large });
  const cas = lan.peer({ ip: '10.0.0.4', name: 'Cas', configured });
  for (const { trackers } of [ann, cas]) await trackers.start();
  await lan.clock.advanceAsync(1_000);
  expect(tracker.stats.files).toBe(0);
  expect(ann.trackers.status()).toMatchObject([{ asksByRelay: true, heldVersion: 0 }]);
  const { hits } = await lan.clock.settle(cas.trackers.queries.search('song', never));
  expect(hits[0]?.holders.map(({ name }) => name)).toEqual(['Ann']);
});

test('a vanished peer delays one relayed search by 0.8 s', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1', 6_881, true);
  const configured = [TRACKER];
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, feed: feedOf('a song') });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured, feed: feedOf('a song') });
  const cas = lan.peer({ ip: '10.0.0.4', name: 'Cas', configured });
  for (const { trackers } of [ann, ben, cas]) await trackers.start();
  await lan.clock.advanceAsync(500);
  network.partition(['10.0.0.3'], ['10.0.0.1']);
  const startMs = lan.clock.nowMs();
  const { hits } = await lan.clock.settle(cas.trackers.queries.search('song', never));
  expect(hits[0]?.holders.map(({ name }) => name)).toEqual(['Ann']);
  const tookMs = lan.clock.nowMs() - startMs;
  expect(tookMs).toBeGreaterThanOrEqual(800);
  expect(tookMs).toBeLessThan(900);
});

test.each(seeds(10))(
  'a search under loss and duplicates ends, and has no hit twice (seed %i)',
  async (seed) => {
    const network = new SimulatedNetwork({ seed, lossRatio: 0.2, duplicateRatio: 0.2, latencyMs: [1, 40] });
    const lan = new TrackerLan(network);
    await lan.tracker('10.0.0.1', 6_881, true);
    const peers = Array.from({ length: 5 }, (_, at) =>
      lan.peer({ ip: `10.0.0.${at + 2}`, name: `P${at}`, configured: [TRACKER], feed: feedOf('a song') }),
    );
    for (const { trackers } of peers) await trackers.start();
    await lan.clock.advanceAsync(10_000);
    const startMs = lan.clock.nowMs();
    const search = peers[0]?.trackers.queries.search('song', never) ?? Promise.reject(new Error('nobody'));
    const { hits } = await lan.clock.settle(search);
    expect(lan.clock.nowMs() - startMs).toBeLessThan(8_000);
    const names = hits.flatMap(({ holders }) => holders.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain('P0');
  },
);
