import { expect, test } from 'vitest';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { connected, FakeFeed, file, TrackerLan } from './TrackerLan.ts';

const TRACKER = { host: '10.0.0.1', port: 6_881 };
const never = new AbortController().signal;

test('a configured tracker is joined, receives the catalog and answers queries', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 1 }));
  await lan.tracker('10.0.0.1');
  const ann = lan.peer({
    ip: '10.0.0.2',
    name: 'Ann',
    configured: [TRACKER],
    feed: new FakeFeed(50, 'film'),
  });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured: [TRACKER], feed: new FakeFeed(3, 'song') });
  await ann.trackers.start();
  await ben.trackers.start();
  expect(await lan.clock.settle(ann.trackers.ready(3_000))).toBe(true);
  expect(await lan.clock.settle(ben.trackers.ready(3_000))).toBe(true);
  expect(lan.clock.nowMs()).toBeLessThan(100);

  const found = await lan.clock.settle(ben.trackers.queries.search('film bin', never));
  expect(found).toMatchObject({ trackers: 1, truncated: false });
  expect(found.hits).toHaveLength(50);
  const address = { host: '10.0.0.2', port: 9_001 };
  const holder = { peerId: ann.peerId, name: 'Ann', address, complete: true };
  expect(found.hits[0]).toMatchObject({ holders: [holder], holderCount: 1 });
  expect((await lan.clock.settle(ben.trackers.queries.search('song', never))).hits).toEqual([]);
  const { fileId } = file('film-7.bin');
  expect(await lan.clock.settle(ben.trackers.queries.locate(fileId, never))).toEqual([holder]);
  expect(await lan.clock.settle(ann.trackers.queries.locate(fileId, never))).toEqual([]);

  const peers = await lan.clock.settle(ben.trackers.queries.peers(never));
  expect(peers).toEqual([
    { peerId: ann.peerId, name: 'Ann', address, files: 50, bytes: ann.feed.bytes, linked: false },
  ]);
  const observed = { host: '10.0.0.3', port: 9_001 };
  const status = { state: 'connected', heldVersion: 1, version: 1, peers: 2, observed, reason: undefined };
  expect(ben.trackers.status()).toMatchObject([status]);
});

test('folder holders are found, and a query too short is refused', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 2 }));
  await lan.tracker('10.0.0.1');
  const feed = new FakeFeed();
  feed.put(file('music/one.flac'), file('music/two.flac'));
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER], feed });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured: [TRACKER] });
  await ann.trackers.start();
  await ben.trackers.start();
  await lan.clock.advanceAsync(500);
  const holders = await lan.clock.settle(ben.trackers.queries.folderHolders('music', never));
  expect(holders.map(({ name }) => name)).toEqual(['Ann']);
  expect(await lan.clock.settle(ben.trackers.queries.folderHolders('films', never))).toEqual([]);
  await expect(lan.clock.settle(ben.trackers.queries.search('x', never))).rejects.toMatchObject({
    code: 'REFUSED',
  });
});

test.each(seeds(4))(
  '5,000 files are published under heavy loss, duplication and reordering (seed %i)',
  async (seed) => {
    const network = new SimulatedNetwork({ seed, lossRatio: 0.3, duplicateRatio: 0.1, latencyMs: [1, 40] });
    const lan = new TrackerLan(network);
    const tracker = await lan.tracker('10.0.0.1');
    const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER], feed: new FakeFeed(5_000) });
    await ann.trackers.start();
    await lan.until(() => ann.trackers.status()[0]?.heldVersion === 1, 90_000, 500);
    expect(tracker.stats.files).toBe(5_000);
    expect(ann.feed.asked).toEqual(['everything']);

    // Two changes, the second during the publication of the first; then none.
    ann.feed.put(file('new.bin'), { ...file('file-7.bin'), kind: 'gone' });
    ann.trackers.catalogChanged();
    await lan.clock.advanceAsync(90);
    ann.feed.put({ ...file('file-8.bin'), kind: 'gone' }, { ...file('file-9.bin'), kind: 'gone' });
    ann.trackers.catalogChanged();
    await lan.until(() => ann.trackers.status()[0]?.heldVersion === 3, 60_000);
    expect(tracker.stats.files).toBe(4_998);
  },
);

test('a difference is one page, and changes in quick succession are batched', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const lan = new TrackerLan(network);
  const tracker = await lan.tracker('10.0.0.1');
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER], feed: new FakeFeed(1_000) });
  await ann.trackers.start();
  await lan.clock.advanceAsync(1_000);
  const before = network.datagrams.sent;
  for (let change = 0; change < 5; change++) {
    ann.feed.put(file(`change-${change}.bin`));
    ann.trackers.catalogChanged();
    await lan.clock.advanceAsync(10);
  }
  await lan.clock.advanceAsync(100);
  expect(tracker.stats.files).toBe(1_005);
  expect(ann.feed.asked).toEqual(['everything', 'since 1']);
  expect(network.datagrams.sent - before).toBeLessThanOrEqual(4); // The page, a heartbeat, and their answers.
});

test('a peer may start long before its tracker, and reports the loss once', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 4 }));
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER], feed: new FakeFeed(10) });
  await ann.trackers.start();
  expect(await lan.clock.settle(ann.trackers.ready(1_000))).toBe(false);
  await lan.clock.advanceAsync(60_000);
  expect(ann.events).toEqual(['lost 10.0.0.1:6881: tracker 10.0.0.1:6881: it does not answer']);
  expect(ann.trackers.status()).toMatchObject([{ state: 'lost', reason: 'it does not answer' }]);
  await expect(ann.trackers.queries.peers(never)).rejects.toMatchObject({ code: 'NO_TRACKER' });
  expect(await ann.trackers.queries.search('anything', never)).toEqual({
    hits: [],
    truncated: false,
    trackers: 0,
    trackersKnown: 0,
  });

  const tracker = await lan.tracker('10.0.0.1');
  expect(await lan.until(() => tracker.stats.files === 10, 10_000)).toBeLessThanOrEqual(5_000);
  expect(ann.events.at(-1)).toBe('found 10.0.0.1:6881');
});

test.each(seeds(10))(
  'a killed and restarted tracker has every catalog within 10 s (seed %i)',
  async (seed) => {
    const lan = new TrackerLan(new SimulatedNetwork({ seed, latencyMs: [0.2, 2] }));
    const first = await lan.tracker('10.0.0.1');
    const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER], feed: new FakeFeed(100) });
    await ann.trackers.start();
    await lan.until(() => first.stats.files === 100, 2_000);
    await first.close();
    await lan.clock.advanceAsync(seed * 3_300); // At once, or only after its loss was detected.

    const second = await lan.tracker('10.0.0.1');
    expect(await lan.until(() => second.stats.files === 100, 10_000)).toBeLessThan(10_000);
    expect(ann.trackers.status()).toMatchObject([{ state: 'connected', instanceId: second.instanceId }]);
  },
);

test('after a partition the tracker is rejoined and receives the changes', async () => {
  const network = new SimulatedNetwork({ seed: 5 });
  const lan = new TrackerLan(network);
  const tracker = await lan.tracker('10.0.0.1');
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER], feed: new FakeFeed(100) });
  await ann.trackers.start();
  await lan.clock.advanceAsync(1_000);
  network.partition(['10.0.0.2'], ['10.0.0.1']);
  ann.feed.put(file('meanwhile.bin'));
  ann.trackers.catalogChanged();
  await lan.until(() => ann.trackers.status()[0]?.state === 'lost', 8_000);
  await lan.until(() => tracker.stats.peers === 0, 30_000);

  network.heal();
  expect(await lan.until(() => tracker.stats.files === 101, 10_000)).toBeLessThan(10_000);
  expect(ann.events.map((event) => event.split(' ')[0])).toEqual(['found', 'lost', 'found']);
});

test('a closed peer is deregistered within a second, despite loss', async () => {
  const network = new SimulatedNetwork({ seed: 6, lossRatio: 0.2 });
  const lan = new TrackerLan(network);
  const tracker = await lan.tracker('10.0.0.1');
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER] });
  await ann.trackers.start();
  await lan.until(() => tracker.stats.peers === 1, 20_000);
  const startMs = lan.clock.nowMs();
  await lan.clock.settle(Promise.all([ann.trackers.close(), ann.trackers.close()]));
  expect(lan.clock.nowMs() - startMs).toBeLessThanOrEqual(300);
  expect(tracker.stats.peers).toBe(0);
});

test('close does not wait for an absent tracker, and may overtake start', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 7 }));
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER] });
  const starting = ann.trackers.start();
  const closing = ann.trackers.close();
  await expect(starting).rejects.toMatchObject({ code: 'CANCELLED' });
  await closing;
  expect(lan.clock.pending).toBe(0);
  expect(await ann.trackers.ready(1_000)).toBe(false);
});

test('a peer that no tracker can reach, with discovery off and none configured, does not wait for one', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 7 }));
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [], discovery: false });
  await lan.clock.settle(ann.trackers.start());
  const startMs = lan.clock.nowMs();
  expect(await lan.clock.settle(ann.trackers.ready(3_000))).toBe(false);
  expect(lan.clock.nowMs()).toBe(startMs);
  await lan.clock.settle(ann.trackers.close());
});

test('peers of two trackers are found once each', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 8 }));
  const other = { host: '10.0.0.9', port: 7_000 };
  await lan.tracker(TRACKER.host);
  await lan.tracker(other.host, other.port);
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER, other], feed: new FakeFeed(3) });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured: [TRACKER], feed: new FakeFeed(5) });
  const eve = lan.peer({ ip: '10.0.0.4', name: 'Eve', configured: [other], feed: new FakeFeed(2) });
  for (const { trackers } of [ann, ben, eve]) await trackers.start();
  await lan.clock.advanceAsync(200);
  expect(connected(ann)).toBe(2);
  const found = await lan.clock.settle(ann.trackers.queries.search('file', never));
  expect(found.trackers).toBe(2);
  const byPath = found.hits.map(({ path, holders }) => [path, holders.map(({ name }) => name).sort()]);
  expect(byPath.sort()).toEqual([
    ['file-0.bin', ['Ben', 'Eve']],
    ['file-1.bin', ['Ben', 'Eve']],
    ['file-2.bin', ['Ben']],
    ['file-3.bin', ['Ben']],
    ['file-4.bin', ['Ben']],
  ]);
  const peers = await lan.clock.settle(ann.trackers.queries.peers(never));
  expect(peers.map(({ name }) => name).sort()).toEqual(['Ben', 'Eve']);
});

test('when one of two trackers dies, searches are answered in time', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 9 }));
  const other = { host: '10.0.0.9', port: 7_000 };
  const dying = await lan.tracker(TRACKER.host);
  await lan.tracker(other.host, other.port);
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER, other] });
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured: [TRACKER, other], feed: new FakeFeed(3) });
  for (const { trackers } of [ann, ben]) await trackers.start();
  await lan.clock.advanceAsync(200);
  await dying.close();
  const startMs = lan.clock.nowMs();
  const found = await lan.clock.settle(ann.trackers.queries.search('file', never));
  expect(found).toMatchObject({ trackers: 1, hits: { length: 3 } });
  expect(lan.clock.nowMs() - startMs).toBeLessThan(1_100);
});

test('a peer on the tracker host is listed at the tracker’s address', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 10 }));
  await lan.tracker('10.0.0.1');
  const loopback = { host: '127.0.0.1', port: 6_881 };
  const near = lan.peer({ ip: '10.0.0.1', name: 'Near', configured: [loopback], port: 9_001 });
  const next = lan.peer({ ip: '10.0.0.1', name: 'Next', configured: [loopback], port: 9_002 });
  const away = lan.peer({ ip: '10.0.0.2', name: 'Away', configured: [TRACKER], port: 9_003 });
  for (const { trackers } of [near, next, away]) await trackers.start();
  await lan.clock.advanceAsync(200);
  const seen = async ({ trackers }: typeof near) =>
    Object.fromEntries(
      (await lan.clock.settle(trackers.queries.peers(never))).map(({ name, address }) => [
        name,
        address.host,
      ]),
    );
  expect(await seen(away)).toEqual({ Near: '10.0.0.1', Next: '10.0.0.1' });
  expect(await seen(near)).toEqual({ Next: '127.0.0.1', Away: '10.0.0.2' });
});

test('a tracker name is resolved, with retries', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 11 }));
  await lan.tracker('10.0.0.1');
  let tries = 0;
  const lookup = async (host: string) => {
    if (++tries < 3) throw new Error(`who is ${host}?`);
    return ['10.0.0.1'];
  };
  const configured = [{ host: 'tracker.lan', port: 6_881 }];
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, lookup });
  await ann.trackers.start();
  await lan.clock.advanceAsync(100);
  expect(ann.trackers.status()).toMatchObject([
    { address: { host: 'tracker.lan' }, state: 'connecting', reason: expect.stringContaining('who is') },
  ]);
  await lan.until(() => connected(ann) === 1, 10_000);
  expect(ann.events).toEqual([
    expect.stringContaining('lost tracker.lan:6881'),
    'found tracker.lan (10.0.0.1:6881)',
  ]);
});

test('with discovery off and no tracker, nothing is sent', async () => {
  const network = new SimulatedNetwork({ seed: 12 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', discovery: false });
  await ann.trackers.start();
  await lan.clock.advanceAsync(120_000);
  expect(network.datagrams.sent).toBe(0);
  expect(ann.trackers.discoveryReport()).toEqual([
    '1. configured trackers: none',
    'Discovery is switched off.',
  ]);
});

test('hostile datagrams are dropped and counted', async () => {
  const network = new SimulatedNetwork({ seed: 13 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [TRACKER] });
  await ann.trackers.start();
  await lan.clock.advanceAsync(200);
  const port = 49_152; // The first port its host gives out.
  const random = network.random.fork();
  const stranger = network.socket('10.0.0.66', 6_881);
  const forger = network.socket('10.0.0.1');
  for (let count = 0; count < 2_000; count++) {
    const bytes = random.bytes(random.int(0, 200));
    for (const socket of [stranger, forger]) socket.send(bytes, { host: '10.0.0.2', port });
    await lan.clock.advanceAsync(1);
  }
  expect(ann.trackers.dropped).toBe(4_000);
  expect(connected(ann)).toBe(1);
  expect(ann.events).toHaveLength(1);
});
