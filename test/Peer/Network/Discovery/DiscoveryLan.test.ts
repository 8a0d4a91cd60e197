import { expect, test } from 'vitest';
import type { DnsSdEvents } from '../../../../Peer/Network/Discovery/DnsSdService.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { connected, FakeFeed, type LanPeer, TrackerLan } from '../Trackers/TrackerLan.ts';

const never = new AbortController().signal;

async function names(lan: TrackerLan, { trackers }: LanPeer): Promise<string[]> {
  const peers = await lan.clock.settle(trackers.queries.peers(never));
  return peers.map(({ name }) => name).sort();
}

/** Peers on hosts of their own, started one by one within a second. */
async function started(lan: TrackerLan, count: number): Promise<LanPeer[]> {
  const random = lan.network.random.fork();
  const peers = Array.from({ length: count }, (_, index) =>
    lan.peer({
      ip: `10.0.0.${index + 1}`,
      name: `Peer ${index + 1}`,
      feed: new FakeFeed(2, `from-${index + 1}`),
    }),
  );
  for (const { trackers } of peers) {
    await trackers.start();
    await lan.clock.advanceAsync(random.int(0, 1_000 / count));
  }
  return peers;
}

function all(peers: readonly LanPeer[], what: (peer: LanPeer) => boolean): boolean {
  return peers.every(what);
}

test('a tracker on the LAN is found by broadcast at once, and none is started', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 1 }));
  await lan.tracker('10.0.0.200', 6_885);
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
  await ann.trackers.start();
  expect(await lan.until(() => connected(ann) === 1, 1_000)).toBeLessThanOrEqual(150);
  expect(ann.trackers.status()).toMatchObject([
    { address: { host: '10.0.0.200', port: 6_885 }, foundBy: 'broadcast', state: 'connected' },
  ]);
  await lan.clock.advanceAsync(60_000);
  expect(ann.embedded).toEqual([]);
  expect(ann.events).toEqual(['found 10.0.0.200:6885']);
  expect(ann.saved.at(-1)?.trackers).toEqual([{ host: '10.0.0.200', port: 6_885 }]);
});

test('probes go out at 0, 0.5, 2 and 4 s, then every 30 s', async () => {
  const network = new SimulatedNetwork({ seed: 2 });
  const lan = new TrackerLan(network);
  const heardMs: number[] = [];
  network.socket('10.0.0.9', 6_883).onMessage(() => heardMs.push(Math.round(lan.clock.nowMs())));
  const startTracker = async () => Promise.reject(new ShoalError('USAGE', 'not allowed'));
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', startTracker });
  await ann.trackers.start();
  await lan.clock.advanceAsync(70_000);
  const [first = 0, ...later] = heardMs;
  const waits = later.map((ms) => ms - first);
  expect(waits).toEqual(expect.arrayContaining([500, 2_000, 4_000, 34_000, 64_000]));
  // Once more just before it starts a tracker, which here fails every 30 s.
  expect(waits.length).toBeLessThanOrEqual(8);
});

test('a remembered tracker is probed directly, even where no broadcast arrives', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 3 }));
  const far = { host: '172.16.0.1', port: 7_777 };
  await lan.tracker(far.host, far.port);
  const remembered = [{ host: '172.16.0.9', port: 6_881 }, far];
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', remembered });
  await ann.trackers.start();
  await lan.until(() => connected(ann) === 1, 1_000);
  expect(ann.trackers.status()).toMatchObject([{ address: far, foundBy: 'remembered' }]);
  await lan.clock.advanceAsync(10_000);
  expect(ann.embedded).toEqual([]);
});

test('a tracker on this host is used once, at its routable address', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 4 }));
  const tracker = await lan.tracker('10.0.0.2', 6_883);
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
  await ann.trackers.start();
  await lan.clock.advanceAsync(100_000);
  expect(ann.trackers.status()).toMatchObject([{ address: { host: '10.0.0.2', port: 6_883 } }]);
  expect(ann.events).toEqual(['found 10.0.0.2:6883']);
  expect(tracker.stats.peers).toBe(1);
});

test('addresses announced by DNS-SD are probed, and a DNS-SD failure is reported', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 5 }));
  const far = { host: '172.16.0.1', port: 7_777 };
  await lan.tracker(far.host, far.port);
  const announced: string[] = [];
  let told: DnsSdEvents | undefined;
  const ann = lan.peer({
    ip: '10.0.0.2',
    name: 'Ann',
    dnsSd: (events) => {
      told = events;
      return {
        announcePeer: ({ name }) => announced.push(`peer ${name}`),
        announceTracker: (port) => announced.push(`tracker ${port}`),
        close: async () => void announced.push('closed'),
      };
    },
  });
  await ann.trackers.start();
  told?.trackerSeen({ host: '224.0.0.1', port: 6_881 });
  told?.trackerSeen(far);
  await lan.until(() => connected(ann) === 1, 1_000);
  expect(ann.trackers.status()).toMatchObject([{ address: far, foundBy: 'dns-sd' }]);
  told?.failed('no \u001b[31mmulticast');
  expect(ann.trackers.discoveryReport()).toContainEqual('5. DNS-SD: unavailable: no \\u{1b}[31mmulticast');
  await lan.clock.settle(ann.trackers.close());
  expect(announced).toEqual(['peer Ann', 'closed']);
});

test('a wait of 3 s for the network extends until the embedded tracker runs; none without any source of trackers', async () => {
  for (const seed of seeds(10)) {
    const lan = new TrackerLan(new SimulatedNetwork({ seed }));
    const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
    const startTracker = async () => Promise.reject(new ShoalError('NO_TRACKER', 'a guest starts none'));
    const guest = lan.peer({ ip: '10.0.1.3', name: 'Guest', startTracker });
    const quiet = lan.peer({ ip: '10.0.2.4', name: 'Quiet', discovery: false });
    for (const { trackers } of [ann, guest, quiet]) await trackers.start();
    const startMs = lan.clock.nowMs();
    const ends: number[] = [];
    const waits = [ann, guest, quiet].map(async ({ trackers }, index) => {
      const isReady = await trackers.ready(3_000);
      ends[index] = lan.clock.nowMs() - startMs;
      return isReady;
    });
    expect(await lan.clock.settle(Promise.all(waits))).toEqual([true, false, false]);
    expect(ends[0]).toBeLessThanOrEqual(4_700);
    expect(ends[1]).toBeLessThanOrEqual(5_100);
    expect(ends[2]).toBe(0);
  }
});

test('a lone peer embeds a tracker after 2.5 to 4.5 s; the report lists every source probed', async () => {
  for (const seed of seeds(10)) {
    const lan = new TrackerLan(new SimulatedNetwork({ seed }));
    const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', remembered: [{ host: '10.0.0.77', port: 6_881 }] });
    await ann.trackers.start();
    const tookMs = await lan.until(() => connected(ann) === 1, 5_000);
    expect(tookMs).toBeGreaterThanOrEqual(2_500);
    expect(tookMs).toBeLessThanOrEqual(4_600);
    expect(ann.events).toEqual(expect.arrayContaining(['embedded 127.0.0.1:6881']));
    expect(ann.trackers.discoveryReport()).toEqual([
      '1. configured trackers: none',
      expect.stringMatching(/^2\. remembered trackers: probed 10\.0\.0\.77:6881 \d times, no answer$/),
      expect.stringMatching(/^3\. this computer: probed 127\.0\.0\.1 UDP 6881-6889/),
      expect.stringMatching(/^4\. broadcast: probed 10\.0\.0\.255 UDP 6881-6889/),
      '5. DNS-SD: unavailable: it is switched off',
      expect.stringMatching(/^6\. /),
      expect.stringMatching(/^7\. /),
      '   own tracker: runs inside this peer at UDP port 6881',
    ]);
  }
});

test.each(seeds(10))('peers that start with nothing find each other (seed %i)', async (seed) => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed, latencyMs: [0.2, 3] }));
  const peers = await started(lan, 2 + (seed % 4));
  await lan.until(() => all(peers, (peer) => connected(peer) > 0), 6_000);
  await lan.clock.advanceAsync(6_000);
  const others = peers.length - 1;
  for (const peer of peers) expect(await names(lan, peer)).toHaveLength(others);
  const [first] = peers;
  if (first === undefined) throw new Error('nobody was started');
  const found = await lan.clock.settle(first.trackers.queries.search('bin', never));
  expect(found.hits).toHaveLength(2 * others);

  // Two may have had the same idea: a minute later one tracker is left, and nobody was lost.
  await lan.clock.advanceAsync(110_000);
  for (const peer of peers) expect(await names(lan, peer)).toHaveLength(others);
  const instances = new Set(
    peers.flatMap(({ trackers }) => trackers.status().map(({ instanceId }) => instanceId)),
  );
  expect(instances.size).toBe(1);
});

test.each(seeds(6))('peers find each other despite heavy loss (seed %i)', async (seed) => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed, lossRatio: 0.2, latencyMs: [1, 20] }));
  const peers = await started(lan, 3);
  await lan.clock.advanceAsync(120_000);
  // Now and then three heartbeats in a row are lost: for a moment that tracker counts as lost.
  const sees = async ({ trackers }: LanPeer) => (await trackers.queries.peers(never).catch(() => [])).length;
  const seen = new Set<string>();
  for (let second = 0; second < 20; second++) {
    seen.add((await lan.clock.settle(Promise.all(peers.map(sees)))).join());
    await lan.clock.advanceAsync(1_000);
  }
  expect(seen).toContain('2,2,2');
});

test.each(seeds(10))(
  'two peers of one computer without a network find each other (seed %i)',
  async (seed) => {
    const lan = new TrackerLan(new SimulatedNetwork({ seed }));
    const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', port: 9_001 });
    const ben = lan.peer({ ip: '10.0.0.2', name: 'Ben', port: 9_002 });
    await ann.trackers.start();
    await ben.trackers.start();
    await lan.until(() => connected(ann) > 0 && connected(ben) > 0, 6_000);
    await lan.clock.advanceAsync(5_500);
    expect(await names(lan, ann)).toEqual(['Ben']);
    expect(await names(lan, ben)).toEqual(['Ann']);
  },
);

test.each(seeds(20))(
  'when the peer with the tracker quits, another takes the role within 10 s (seed %i)',
  async (seed) => {
    const lan = new TrackerLan(new SimulatedNetwork({ seed, latencyMs: [0.2, 3] }));
    const peers = await started(lan, 4);
    await lan.until(() => all(peers, (peer) => connected(peer) > 0), 6_000);
    await lan.clock.advanceAsync(100_000);
    const host = peers.find(({ trackers }) =>
      trackers.status().some(({ foundBy }) => foundBy === 'embedded'),
    );
    const left = peers.filter((peer) => peer !== host);
    const startedBefore = left.flatMap(({ embedded }) => embedded).length;
    await lan.clock.settle(host?.trackers.close() ?? Promise.reject(new Error('nobody has the tracker')));

    const together = async () => {
      if (!all(left, (peer) => connected(peer) > 0)) return false;
      const seen = await Promise.all(left.map((peer) => names(lan, peer).catch(() => [])));
      return seen.every(({ length }) => length === 2);
    };
    const startMs = lan.clock.nowMs();
    while (!(await together())) {
      expect(lan.clock.nowMs() - startMs).toBeLessThan(10_000);
      await lan.clock.advanceAsync(100);
    }
    // The one that was named: nobody had to wait for a heartbeat to fail.
    expect(lan.clock.nowMs() - startMs).toBeLessThan(6_000);
    expect(left.flatMap(({ embedded }) => embedded).length - startedBefore).toBe(1);

    // And it stays so: nobody is sent back to the tracker that has closed.
    const told = () => left.map(({ events }) => events.filter((event) => event.startsWith('moved')).length);
    const movedBefore = told();
    await lan.clock.advanceAsync(70_000);
    expect(told()).toEqual(movedBefore);
    expect(left.flatMap(({ embedded }) => embedded).length - startedBefore).toBe(1);
    for (const peer of left) expect(await names(lan, peer)).toHaveLength(2);
  },
);

test.each(seeds(8))(
  'when the embedded tracker is killed, another peer takes the role within 10 s (seed %i)',
  async (seed) => {
    const lan = new TrackerLan(new SimulatedNetwork({ seed, latencyMs: [0.2, 3] }));
    const peers = await started(lan, 3);
    await lan.until(() => all(peers, (peer) => connected(peer) > 0), 6_000);
    await lan.clock.advanceAsync(100_000 + seed * 777);
    const at = peers.findIndex(({ trackers }) =>
      trackers.status().some(({ foundBy }) => foundBy === 'embedded'),
    );
    const left = peers.filter((_, index) => index !== at);
    lan.network.host(`10.0.0.${at + 1}`).kill();
    const isLeft = ({ trackers }: LanPeer) =>
      trackers
        .status()
        .some(({ state, address }) => state === 'connected' && address.host !== `10.0.0.${at + 1}`);
    expect(await lan.until(() => left.some(isLeft), 10_000)).toBeLessThan(10_000);
    await lan.until(() => all(left, isLeft), 6_000);
  },
);

test.each(seeds(6))('two merging networks keep the older tracker (seed %i)', async (seed) => {
  const network = new SimulatedNetwork({ seed });
  const lan = new TrackerLan(network);
  const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
  network.partition(ips.slice(0, 2), ips.slice(2));
  const peers = await started(lan, 4);
  await lan.clock.advanceAsync(20_000);
  for (const peer of peers) expect(await names(lan, peer)).toHaveLength(1);
  const embedded = () =>
    peers.filter(({ trackers }) => trackers.status().some(({ foundBy }) => foundBy === 'embedded'));
  expect(embedded().length).toBeGreaterThanOrEqual(2);

  network.heal();
  await lan.clock.advanceAsync(35_000);
  for (const peer of peers) expect(await names(lan, peer)).toHaveLength(3);
  await lan.clock.advanceAsync(100_000);
  for (const peer of peers) expect(await names(lan, peer)).toHaveLength(3);
  expect(embedded()).toHaveLength(1);
});

test.each(seeds(6))(
  'the tracker about to close stays when the older one closes first (seed %i)',
  async (seed) => {
    const network = new SimulatedNetwork({ seed });
    const lan = new TrackerLan(network);
    const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
    network.partition(ips.slice(0, 2), ips.slice(2));
    const peers = await started(lan, 4);
    await lan.clock.advanceAsync(100_000);
    network.heal();
    const oldest = peers.find((peer) => instanceOf(peer) === Math.min(...peers.map(instanceOf)));
    const left = peers.filter((peer) => peer !== oldest);
    await lan.until(
      () =>
        left.some(({ events }) =>
          events.some((event) => event.startsWith('moved') && event.endsWith(` ${placeOf(peers, oldest)}`)),
        ),
      40_000,
    );
    // A round later all know each other, and the younger trackers are still about to close.
    await lan.clock.advanceAsync(31_000);
    const startedBefore = left.flatMap(({ embedded }) => embedded).length;
    await lan.clock.settle(oldest?.trackers.close() ?? Promise.reject(new Error('nobody has a tracker')));

    await lan.clock.advanceAsync(500);
    for (const peer of left) expect(await names(lan, peer)).toHaveLength(2);
    await lan.clock.advanceAsync(90_000);
    for (const peer of left) expect(await names(lan, peer)).toHaveLength(2);
    expect(left.flatMap(({ embedded }) => embedded).length).toBe(startedBefore);
  },
);

function placeOf(peers: readonly LanPeer[], peer: LanPeer | undefined): string {
  return `10.0.0.${(peer === undefined ? -1 : peers.indexOf(peer)) + 1}:6881`;
}

/** When the tracker inside it was started; Infinity without one. */
function instanceOf({ trackers, embedded }: LanPeer): number {
  const runs = trackers.status().some(({ foundBy }) => foundBy === 'embedded');
  const instance = embedded.at(-1)?.instanceId;
  return runs && instance !== undefined
    ? Number.parseInt(instance.slice(0, 12), 16)
    : Number.POSITIVE_INFINITY;
}

test('at most three trackers are used, the oldest', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 6 }));
  const instances: string[] = [];
  for (let number = 1; number <= 5; number++) {
    instances.push((await lan.tracker(`10.0.0.${100 + number}`)).instanceId);
    await lan.clock.advanceAsync(10);
  }
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
  await ann.trackers.start();
  await lan.clock.advanceAsync(65_000);
  const used = ann.trackers.status().map(({ instanceId }) => instanceId ?? '');
  expect(used.sort()).toEqual(instances.slice(0, 3).sort());
});

test('another program that answers connect is not used as a tracker', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 7 }));
  const bitTorrent = lan.network.socket('10.0.0.50', 6_881);
  bitTorrent.onMessage((bytes, from) => {
    const request = Buffer.from(bytes);
    const isConnect = request.readUInt32BE(8) === 0;
    if (isConnect) bitTorrent.send(Buffer.concat([request.subarray(8, 16), Buffer.alloc(8, 7)]), from);
    else
      bitTorrent.send(
        Buffer.concat([Buffer.from([0, 0, 0, 3]), request.subarray(12, 16), Buffer.from('no')]),
        from,
      );
  });
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
  await ann.trackers.start();
  await lan.until(() => connected(ann) === 1, 8_000);
  await lan.clock.advanceAsync(60_000);
  expect(ann.events.filter((event) => !event.includes('127.0.0.1'))).toEqual([]);
  expect(ann.trackers.status()).toMatchObject([{ foundBy: 'embedded' }]);
});

test('answers to a broadcast from outside the LAN or from another port are ignored', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 9 }));
  const hearing = lan.network.socket('10.0.0.66', 6_881);
  const liars = [lan.network.socket('10.0.0.66', 7_000), lan.network.socket('172.16.0.66', 6_881)];
  hearing.onMessage((bytes, from) => {
    const answer = Buffer.concat([Buffer.from(bytes).subarray(8, 16), Buffer.alloc(8, 7)]);
    for (const liar of liars) liar.send(answer, from);
  });
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
  await ann.trackers.start();
  await lan.clock.advanceAsync(2_000);
  expect(ann.trackers.dropped).toBe(4);
  expect(ann.trackers.discoveryReport().join()).not.toContain('answered by');
});

test('an embedded tracker moves to the next port when one is in use', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 8 }));
  for (const port of [6_881, 6_882]) lan.network.socket('10.0.0.2', port);
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann' });
  await ann.trackers.start();
  await lan.until(() => connected(ann) === 1, 8_000);
  expect(ann.trackers.status()).toMatchObject([
    { address: { host: '127.0.0.1', port: 6_883 }, foundBy: 'embedded' },
  ]);
});
