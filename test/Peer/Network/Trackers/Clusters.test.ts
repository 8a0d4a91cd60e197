import { describe, expect, test } from 'vitest';
import type { Address } from '../../../../Shared/Network/Address.ts';
import { formatAddress } from '../../../../Shared/Network/Address.ts';
import type { BindDatagram } from '../../../../Shared/Network/Transport.ts';
import { MemoryBus } from '../../../../Tracker/Cluster/MemoryBus.ts';
import type { Tracker } from '../../../../Tracker/Tracker.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { FakeFeed, file, type LanPeer, TrackerLan } from './TrackerLan.ts';

const PLACES: readonly Address[] = [1, 2, 3].map((number) => ({ host: `10.0.0.${number}`, port: 6_881 }));
const never = new AbortController().signal;

async function cluster(peers: number, configured: readonly Address[], seed = 1, files = 2) {
  const network = new SimulatedNetwork({ seed, latencyMs: [1, 3] });
  const lan = new TrackerLan(network);
  const dead = new Set<string>();
  /** Trackers separated from all others on the bus. */
  const apart = new Set<string>();
  const bus = new MemoryBus((from, to, bytes, arrive) => {
    if (dead.has(from) || dead.has(to) || apart.has(from) !== apart.has(to)) return;
    network.clock.after(1, () => arrive(bytes));
  });
  const kill = (number: number) => {
    network.host(PLACES[number]?.host ?? '').kill();
    dead.add(trackers[number]?.instanceId ?? '');
  };
  const trackers = await Promise.all(PLACES.map(({ host }) => lan.member(host, bus)));
  await lan.clock.advanceAsync(100);
  const all = Array.from({ length: peers }, (_, at) =>
    lan.peer({
      ip: `10.0.1.${at + 1}`,
      name: `peer${at}`,
      configured,
      feed: new FakeFeed(files, `film${at}`),
    }),
  );
  await Promise.all(all.map(({ trackers: own }) => own.start()));
  return { lan, bus, apart, kill, trackers, peers: all };
}

/** Connected trackers of a peer. */
function homes({ trackers }: LanPeer): string[] {
  return trackers
    .status()
    .filter(({ state }) => state === 'connected')
    .map(({ address }) => formatAddress(address));
}

const registered = (trackers: readonly Tracker[]) => trackers.map(({ stats }) => stats.peers);
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

/** Whether each peer finds the files of all others, in answers that cover all trackers. */
async function findsAll(
  { trackers }: LanPeer,
  lan: TrackerLan,
  peers: number,
  answered = 3,
): Promise<boolean> {
  const found = await lan.clock.settle(trackers.queries.search('bin', never));
  return found.hits.length === 2 * (peers - 1) && found.trackers === answered;
}

describe('a peer has one home in a cluster', () => {
  test.each([
    ['all trackers are given', PLACES],
    ['one is given: it names the others', PLACES.slice(0, 1)],
  ])('%s: it publishes once, and the peers are spread', async (_title, configured) => {
    const { lan, trackers, peers } = await cluster(30, configured);
    await lan.clock.advanceAsync(12_000);
    expect(peers.map((peer) => homes(peer).length)).toEqual(Array(30).fill(1));
    expect(sum(registered(trackers))).toBe(30);
    expect(Math.min(...registered(trackers))).toBeGreaterThan(3);
    expect(sum(trackers.map(({ stats }) => stats.files))).toBe(60);
    const [first] = peers;
    if (first === undefined) throw new Error('no peer');
    expect(await findsAll(first, lan, 30)).toBe(true);
    expect(first.trackers.status()[0]).toMatchObject({ cluster: { name: 'lab' }, peers: 30 });
    expect(first.trackers.status()[0]?.cluster?.spares).toHaveLength(2);
  });

  test.each([
    ['few', 2],
    ['more than are listed', 12],
  ])('hits are equal to those of a single tracker with all peers, in order: %s', async (_title, files) => {
    const { lan, peers } = await cluster(30, PLACES, 1, files);
    const single = new TrackerLan(new SimulatedNetwork({ seed: 1 }));
    await single.tracker('10.0.0.1');
    const others = Array.from({ length: 30 }, (_, at) =>
      single.peer({
        ip: `10.0.1.${at + 1}`,
        name: `peer${at}`,
        configured: PLACES.slice(0, 1),
        feed: new FakeFeed(files, `film${at}`),
      }),
    );
    await Promise.all(others.map(({ trackers: own }) => own.start()));
    await Promise.all([lan, single].map((each) => each.clock.advanceAsync(12_000)));
    for (const words of ['bin', 'film7', 'film3 bin', 'nothing']) {
      const [one, other] = [peers[4]?.trackers.queries, others[4]?.trackers.queries];
      if (one === undefined || other === undefined) throw new Error('no peer');
      const ours = await lan.clock.settle(one.search(words, never));
      const theirs = await single.clock.settle(other.search(words, never));
      // Of one tracker, own files of the asking peer take the places of others.
      const ids = new Set(theirs.hits.map(({ fileId }) => fileId));
      expect(ours.hits.filter(({ fileId }) => ids.has(fileId))).toEqual(theirs.hits);
      expect(ours.hits.length - theirs.hits.length).toBeLessThanOrEqual(
        files > 2 && words === 'bin' ? 12 : 0,
      );
    }
  });
});

describe('when a tracker of the cluster ends', () => {
  test.each(seeds(4))(
    'killed: within a heartbeat and 5 s every peer finds all files again (seed %i)',
    async (seed) => {
      const { lan, kill, trackers, peers } = await cluster(24, PLACES, seed);
      await lan.clock.advanceAsync(12_000);
      const before = peers.map((peer) => homes(peer)[0]);
      const victim = `10.0.0.${(seed % 3) + 1}:6881`;
      kill(seed % 3);
      await lan.clock.advanceAsync(10_000);
      for (const [at, peer] of peers.entries()) {
        expect(homes(peer)).toHaveLength(1);
        expect(homes(peer)).not.toContain(victim);
        // Only its own peers have moved.
        if (before[at] !== victim) expect(homes(peer)[0]).toBe(before[at]);
      }
      const left = trackers.filter((_, at) => at !== seed % 3);
      expect(sum(registered(left))).toBe(24);
      for (const peer of peers.slice(0, 5)) expect(await findsAll(peer, lan, 24, 2)).toBe(true);
    },
  );

  test('answers about peers, holders and folders say how many trackers they cover', async () => {
    const { lan, kill, peers } = await cluster(12, PLACES);
    const [peer] = peers;
    if (peer === undefined) throw new Error('no peer');
    const { queries } = peer.trackers;
    const covered = async () => {
      const said: unknown[] = [];
      const covers = (coverage: unknown) => said.push(coverage);
      const { fileId } = file('film3-0.bin');
      await lan.clock.settle(queries.locate(fileId, never, covers));
      await lan.clock.settle(queries.peers(never, covers));
      await lan.clock.settle(queries.folderHolders('films', never, covers));
      return said;
    };
    await lan.clock.advanceAsync(12_000);
    expect(await covered()).toEqual(Array(3).fill({ trackers: 3, trackersKnown: 3 }));
    kill(PLACES.findIndex(({ host }) => !homes(peer)[0]?.startsWith(`${host}:`)));
    await lan.clock.advanceAsync(20_000);
    expect(await covered()).toEqual(Array(3).fill({ trackers: 2, trackersKnown: 3 }));
  });

  test('stopped in order: its peers go to spares at once, and no file is missing meanwhile', async () => {
    const { lan, trackers, peers } = await cluster(24, PLACES);
    await lan.clock.advanceAsync(12_000);
    const [first, ...others] = trackers;
    const closing = first?.close();
    await lan.clock.advanceAsync(300);
    await closing;
    await lan.clock.advanceAsync(700);
    expect(sum(registered(others))).toBe(24);
    for (const peer of peers.slice(0, 5)) expect(await findsAll(peer, lan, 24, 2)).toBe(true);
  });

  test('restarted: its peers return, and every peer has one home', async () => {
    const { lan, bus, kill, trackers, peers } = await cluster(24, PLACES);
    await lan.clock.advanceAsync(12_000);
    const before = peers.map((peer) => homes(peer)[0]);
    kill(1);
    await lan.clock.advanceAsync(15_000);
    const again = await lan.member('10.0.0.2', bus);
    await lan.clock.advanceAsync(15_000);
    expect(peers.map((peer) => homes(peer))).toEqual(before.map((home) => [home]));
    expect(sum(registered([trackers[0], again, trackers[2]].filter((each) => each !== undefined)))).toBe(24);
  });
});

test('a tracker that comes and goes is given its peers ever more rarely, and all of them when it stays', async () => {
  const { lan, bus, kill, peers } = await cluster(8, PLACES);
  await lan.clock.advanceAsync(12_000);
  const before = peers.map((peer) => homes(peer)[0]);
  const isFlapping = (home: string | undefined) => home === '10.0.0.2:6881';
  const count = before.filter(isFlapping).length;
  let returns = 0;
  for (let round = 0; round < 12; round++) {
    kill(1);
    await lan.clock.advanceAsync(15_000);
    await lan.member('10.0.0.2', bus);
    await lan.clock.advanceAsync(15_000);
    returns += peers.filter((peer) => homes(peer).some(isFlapping)).length;
  }
  // At once, and a minute, 2 and 4 minutes after a return, instead of 12 times.
  expect(count).toBeGreaterThan(0);
  expect(returns).toBeGreaterThanOrEqual(count);
  expect(returns).toBeLessThanOrEqual(4 * count);
  await lan.clock.advanceAsync(9 * 60_000);
  expect(peers.map((peer) => homes(peer))).toEqual(before.map((home) => [home]));
});

test('a peer whose own network comes and goes keeps its home', async () => {
  const { lan } = await cluster(0, PLACES);
  let isOffline = false;
  const { bindDatagram } = lan.network.host('10.0.1.9');
  const bind: BindDatagram = async (options) => {
    const socket = await bindDatagram(options);
    return {
      local: socket.local,
      send: (bytes, to) => isOffline || socket.send(bytes, to),
      onMessage: (handler) => socket.onMessage((bytes, from) => isOffline || handler(bytes, from)),
      close: () => socket.close(),
    };
  };
  const peer = lan.peer({ ip: '10.0.1.9', name: 'laptop', configured: PLACES, feed: new FakeFeed(2), bind });
  await peer.trackers.start();
  await lan.clock.advanceAsync(12_000);
  const home = homes(peer);
  expect(home).toHaveLength(1);
  for (let outage = 0; outage < 5; outage++) {
    isOffline = true;
    await lan.clock.advanceAsync(30_000);
    expect(homes(peer)).toEqual([]);
    isOffline = false;
    await lan.clock.advanceAsync(15_000);
    expect(homes(peer)).toEqual(home);
  }
});

test('all trackers are killed and restarted at once: every peer has one home within 15 s', async () => {
  const { lan, bus, kill, peers } = await cluster(24, PLACES);
  await lan.clock.advanceAsync(12_000);
  const before = peers.map((peer) => homes(peer));
  for (const number of PLACES.keys()) kill(number);
  await lan.clock.advanceAsync(20_000);
  expect(peers.flatMap((peer) => homes(peer))).toEqual([]);
  const again = await Promise.all(PLACES.map(({ host }) => lan.member(host, bus)));
  await lan.clock.advanceAsync(15_000);
  expect(peers.map((peer) => homes(peer))).toEqual(before);
  expect(sum(registered(again))).toBe(24);
  for (const peer of peers.slice(0, 3)) expect(await findsAll(peer, lan, 24)).toBe(true);
});

test('a bus in two halves: peers keep their homes, answers give their coverage; 6 s after healing it is full', async () => {
  const { lan, apart, trackers, peers } = await cluster(24, PLACES);
  await lan.clock.advanceAsync(12_000);
  const before = peers.map((peer) => homes(peer));
  apart.add(trackers[0]?.instanceId ?? '');
  await lan.clock.advanceAsync(60_000);
  expect(peers.map((peer) => homes(peer))).toEqual(before);
  for (const peer of peers) {
    const isAlone = homes(peer)[0] === formatAddress(PLACES[0] ?? { host: '', port: 0 });
    const found = await lan.clock.settle(peer.trackers.queries.search('bin', never));
    expect(found).toMatchObject({ trackers: isAlone ? 1 : 2, trackersKnown: 3 });
  }
  apart.clear();
  await lan.clock.advanceAsync(6_000);
  for (const peer of peers.slice(0, 5)) expect(await findsAll(peer, lan, 24)).toBe(true);
});

test('without the bus answers cover the own part and say so; 5 s after its return they cover all', async () => {
  const { lan, bus, peers } = await cluster(12, PLACES);
  await lan.clock.advanceAsync(12_000);
  bus.fail();
  const [peer] = peers;
  if (peer === undefined) throw new Error('no peer');
  const startMs = lan.clock.nowMs();
  const partial = await lan.clock.settle(peer.trackers.queries.search('bin', never));
  expect(lan.clock.nowMs() - startMs).toBeLessThan(50);
  expect(partial).toMatchObject({ trackers: 1, trackersKnown: 3 });
  expect(partial.hits.length).toBeLessThan(22);
  bus.restore();
  await lan.clock.advanceAsync(1_000);
  expect(await findsAll(peer, lan, 12)).toBe(true);
});

test('a tracker that names absent trackers, or ones of no cluster, keeps its peers', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const lan = new TrackerLan(network);
  const bus = new MemoryBus();
  const tracker = await lan.member('10.0.0.1', bus);
  await lan.tracker('10.0.0.9'); // Of no cluster.
  // A sibling that is no tracker announces these addresses.
  for (const [at, host] of ['10.0.0.8', '10.0.0.9'].entries()) {
    const strange = new TrackerLan(new SimulatedNetwork({ seed: 4 + at }));
    await strange.member(host, bus);
  }
  await lan.clock.advanceAsync(100);
  const configured = [{ host: '10.0.0.1', port: 6_881 }];
  const peers = Array.from({ length: 12 }, (_, at) =>
    lan.peer({ ip: `10.0.1.${at + 1}`, name: `peer${at}`, configured }),
  );
  await Promise.all(peers.map(({ trackers }) => trackers.start()));
  await lan.clock.advanceAsync(40_000);
  expect(tracker.stats.peers).toBe(12);
  expect(peers.every((peer) => homes(peer).includes('10.0.0.1:6881'))).toBe(true);
});

test('the cluster is described by the home', async () => {
  const { lan, peers } = await cluster(6, PLACES);
  await lan.clock.advanceAsync(12_000);
  const described = await lan.clock.settle(peers[0]?.trackers.queries.clusters(never) ?? Promise.resolve([]));
  expect(described).toMatchObject([{ name: 'lab', connected: true }]);
  expect(described[0]?.members.map(({ state }) => state)).toEqual(['self', 'live', 'live']);
  expect(sum(described[0]?.members.map(({ peers: count }) => count) ?? [])).toBe(6);
});
