import { expect, test } from 'vitest';
import { clusterReport, estimate } from '../../Simulator/ClusterArithmetic.ts';
import { measureCluster } from '../../Simulator/TrackerCluster.ts';

const measured = {
  fullPeers: 100_000,
  mebibytes: 300,
  heartbeatUs: 10,
  askSearchUs: 1_000,
  answerSearchUs: 100,
  askLocateUs: 100,
  answerLocateUs: 10,
  searchRecords: 18,
  searchBytes: 10_000,
  locateRecords: 18,
  locateBytes: 2_000,
};

test('the arithmetic for a million peers on ten trackers', () => {
  const simulation = { trackers: 10, peers: 1_000_000 };
  const load = { searchesPerHour: 3.6, downloading: 0.03 };
  const one = estimate(simulation, measured, load);
  expect(one).toMatchObject({
    peers: 100_000,
    mebibytes: 300,
    searchesPerSecond: 100,
    locatesPerSecond: 100,
  });
  expect(one.heartbeatsPerSecond).toBeCloseTo(1_666.7, 1);
  // 18 records of each of 200 questions, twice, and 9 announcements each way every 5 s.
  expect(one.recordsPerSecond).toBeCloseTo(2 * 200 * 18 + (2 * 9) / 5, 5);
  expect(one.cores).toEqual({ heartbeats: expect.closeTo(0.0167, 3), searches: 0.19, locates: 0.019 });
  const half = estimate({ trackers: 20, peers: 1_000_000 }, measured, load);
  expect([half.peers, half.mebibytes]).toEqual([50_000, 150]);
  expect(clusterReport(simulation, measured, load, one)).toMatch(
    /^Computed: 1,000,000 peers on 10 trackers/m,
  );
});

test('a small cluster is measured with the real logic', async () => {
  const small = await measureCluster({ trackers: 3, peers: 60, effort: 0.02 });
  expect(small.fullPeers).toBe(20);
  // One question to two others, and an answer of each.
  expect(small.locateRecords).toBeCloseTo(4, 1);
  expect(small.searchRecords).toBeGreaterThanOrEqual(4);
  expect(small.searchBytes).toBeGreaterThan(100);
});
