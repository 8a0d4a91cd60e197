import type { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { NetworkChangeMonitor } from '../../../../Peer/Network/Known/NetworkChangeMonitor.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { watcher } from '../links.ts';
import { never, startManager, startManagers } from '../managers.ts';
import { lanInterface, TrackerLan } from '../Trackers/TrackerLan.ts';

const TRACKER = { host: '10.0.0.200', port: 6_881 };
const configured = [TRACKER];

test('a new address and a sleep are detected once each; slow drift of the wall clock is not', () => {
  const clock = new SimulatedClock();
  const seen: string[] = [];
  let now: ReturnType<typeof networkInterfaces> = { lan: [lanInterface('10.0.0.1')] };
  let aheadMs = 0;
  const surroundings = new NetworkChangeMonitor({
    interfaces: () => now,
    clock,
    wallMs: () => clock.wallMs() + aheadMs,
    changed: (what) => seen.push(what),
  });
  surroundings.start();
  clock.advance(10_000);
  now = { lan: [lanInterface('10.0.0.1')], lo: [{ ...lanInterface('127.0.0.1'), internal: true }] };
  for (let minute = 0; minute < 60; minute++) {
    aheadMs += 1_000;
    clock.advance(60_000);
  }
  expect(seen).toEqual([]);
  now = { lan: [lanInterface('10.0.0.7')] };
  clock.advance(10_000);
  aheadMs += 3_600_000;
  clock.advance(10_000);
  aheadMs -= 7_200_000;
  clock.advance(10_000);
  expect(seen).toEqual(['moved', 'slept', 'slept']);
  surroundings.close();
  now = {};
  clock.advance(10_000);
  expect(seen).toHaveLength(3);
});

test('after a sleep the peer and its catalog are registered again within seconds', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const lan = new TrackerLan(network);
  await lan.tracker(TRACKER.host);
  let sleptMs = 0;
  const wallMs = () => network.clock.wallMs() + sleptMs;
  const sleeper = await startManager(network, 1, { configured, wallMs, files: ['a film'] });
  const other = await startManager(network, 2, { configured });
  await network.clock.advanceAsync(6_000);
  // Asleep: it sent nothing for a minute, and its own clock stood still.
  network.partition(['10.0.0.1'], [TRACKER.host]);
  await network.clock.advanceAsync(2_000);
  expect((await network.settle(other.network.queries.search('film', never))).hits).toHaveLength(1);
  network.heal();
  sleptMs = 60_000;
  const heartbeats = network.datagrams.sent;
  await network.clock.advanceAsync(2_100);
  expect(network.datagrams.sent).toBeGreaterThan(heartbeats);
  const [status] = sleeper.network.trackers.status();
  expect(status?.lastAnswerAgoMs).toBeLessThan(2_100);
  expect((await network.settle(other.network.queries.search('film', never))).hits).toHaveLength(1);
});

test('a probed peer that stays silent is dropped within seconds; other links stay', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const [asking, dead, other] = await startManagers(network, 1, [{}, {}, {}]);
  if (asking === undefined || dead === undefined || other === undefined) throw new Error('nobody');
  await network.settle(asking.network.links.connect(dead.contact, never));
  await network.settle(asking.network.links.connect(other.contact, never));
  network.partition(['10.0.0.1'], ['10.0.0.2', '10.0.0.3']);
  await network.clock.advanceAsync(5_000);
  for (let time = 0; time < 5; time++) asking.network.probe(dead.contact);
  await network.clock.advanceAsync(5_900);
  expect(asking.network.linkedPeers()).toHaveLength(2);
  await network.clock.advanceAsync(200);
  expect(asking.network.linkedPeers().map(({ name }) => name)).toEqual(['peer 3']);
});

test('a dead link is detected within seconds of a network change, and a live one stays', async () => {
  const network = new SimulatedNetwork({ seed: 2 });
  let interfaces = { lan: [lanInterface('10.0.0.1')] };
  const [moving, dead, living] = await startManagers(network, 1, [{ interfaces: () => interfaces }, {}, {}]);
  if (moving === undefined || dead === undefined || living === undefined) throw new Error('nobody');
  await network.settle(moving.network.links.connect(dead.contact, never));
  await network.settle(moving.network.links.connect(living.contact, never));
  network.partition(['10.0.0.1'], ['10.0.0.2']);
  await network.clock.advanceAsync(15_000);
  expect(moving.network.linkedPeers()).toHaveLength(2);
  interfaces = { lan: [lanInterface('10.0.0.9')] };
  await network.clock.advanceAsync(9_000);
  expect(moving.network.linkedPeers().map(({ name }) => name)).toEqual(['peer 3']);
});

test.each([20_000, 45_000, 120_000])(
  'a partition of %i ms heals: tracker, searches and sources are back within 15 s',
  async (ms) => {
    const network = new SimulatedNetwork({ seed: ms });
    const lan = new TrackerLan(network);
    await lan.tracker(TRACKER.host);
    const [here, there] = await startManagers(network, 1, [
      { configured, files: ['a film'] },
      { configured, files: ['a song'] },
    ]);
    if (here === undefined || there === undefined) throw new Error('nobody');
    const shared = there.share.add('a song', Buffer.alloc(2_000_000));
    await network.clock.advanceAsync(6_000);
    const { seen, events } = watcher();
    const open = () => here.network.openSource(there.contact, shared.fileId, events, never);
    await network.settle(open());
    network.partition(['10.0.0.1'], [TRACKER.host, '10.0.0.2']);
    await network.clock.advanceAsync(ms);
    network.heal();
    await network.clock.advanceAsync(15_000);
    expect(here.events.at(-1)).toBe('found 10.0.0.200:6881');
    const { hits, trackers } = await network.settle(here.network.queries.search('song', never));
    expect({ trackers, hits: hits.length }).toEqual({ trackers: 1, hits: 1 });
    expect((await network.settle(there.network.queries.search('film', never))).hits).toHaveLength(1);
    // The old source has left, or works; a new one works at once.
    if (seen.left.length === 0) expect(here.network.linkedPeers()).toHaveLength(1);
    const source = await network.settle(open());
    expect(source.have?.count ?? 'all').toBe('all');
  },
);

test('when a tracker host dies, peers with a link to that host probe the tracker at once', async () => {
  const network = new SimulatedNetwork({ seed: 5 });
  const lan = new TrackerLan(network);
  const host = await startManager(network, 200);
  const tracker = await lan.tracker(TRACKER.host);
  const peer = await startManager(network, 1, { configured });
  await network.clock.advanceAsync(5_000);
  await network.settle(peer.network.links.connect(host.contact, never));
  await network.clock.advanceAsync(1_000);
  const beganMs = network.clock.nowMs();
  await network.settle(tracker.close());
  network.breakStreams('10.0.0.1', TRACKER.host);
  await lan.until(() => peer.events.at(-1) === 'lost 10.0.0.200:6881', 4_000);
  expect(network.clock.nowMs() - beganMs).toBeLessThan(3_200);
});
