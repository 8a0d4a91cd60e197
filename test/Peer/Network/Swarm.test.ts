import { expect, test } from 'vitest';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { type Node, open, patient, peerIdOf, requestAll, startNode, watcher } from './links.ts';
import { MemoryPart } from './MemoryShare.ts';

const MIB = 1_048_576;

async function crowd(network: SimulatedNetwork, count: number): Promise<Node[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => startNode(network, index + 2)));
}

const closeAll = (network: SimulatedNetwork, nodes: readonly Node[]) =>
  network.settle(Promise.all(nodes.map(({ links }) => links.close())));

test('of twenty peers one seeder serves six at once, announces places to the others, and sends all equal bytes', async () => {
  const network = new SimulatedNetwork({ seed: 4 });
  const seeder = await startNode(network, 1, { uploadLimit: 20_000_000 });
  const leechers = await crowd(network, 20);
  const description = seeder.share.add('film', Buffer.alloc(40 * MIB));
  const joined = await network.settle(
    Promise.all(
      leechers.map(async (leecher) => {
        const { seen, events } = watcher();
        const source = await open(leecher, seeder, description.fileId, events);
        return { seen, source, done: requestAll(source, description, new MemoryPart(description)) };
      }),
    ),
  );
  await network.clock.advanceAsync(300);
  const places = joined.flatMap(({ seen }) => seen.places.slice(-1)).filter((place) => place > 0);
  expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
  expect(seeder.links.uploads().length).toBe(6);
  expect(seeder.links.uploads()[0]).toMatchObject({
    path: 'film',
    peer: { name: expect.stringMatching('peer') },
  });

  await network.clock.advanceAsync(20_000);
  const bytes = joined.map(({ seen }) => seen.bytes);
  expect(bytes.every((count) => count > 0)).toBe(true);
  expect(Math.max(...bytes) - Math.min(...bytes)).toBeLessThanOrEqual(2 * 16 * MIB + 3 * MIB);
  for (const { source } of joined) source.close();
  const kinds = new Set(
    (await network.settle(Promise.all(joined.flatMap(({ done }) => done)))).flat().map((o) => o.kind),
  );
  expect([...kinds].toSorted()).toEqual(['cancelled', 'verified']);
  await network.clock.advanceAsync(1_000);
  expect(seeder.links.uploads()).toEqual([]);
  await closeAll(network, [seeder, ...leechers]);
});

test('a small file is not queued behind large ones', async () => {
  const network = new SimulatedNetwork({ seed: 4 });
  const seeder = await startNode(network, 1, { uploadLimit: 5_000_000 });
  const leechers = await crowd(network, 13);
  const film = seeder.share.add('film', Buffer.alloc(30 * MIB));
  const picture = seeder.share.add('picture', new SeededRandom(1).bytes(300_000));
  const films = leechers.slice(1).map(async (leecher) => {
    const source = await open(leecher, seeder, film.fileId);
    return requestAll(source, film, new MemoryPart(film));
  });
  await network.clock.advanceAsync(2_000);
  const [small] = leechers;
  if (small === undefined) throw new Error('nobody');
  const source = await network.settle(open(small, seeder, picture.fileId));
  const beganMs = network.clock.nowMs();
  const outcome = await network.settle(source.request(0, 300_000, new MemoryPart(picture).writer(0)));
  expect(outcome).toEqual({ kind: 'verified' });
  expect(network.clock.nowMs() - beganMs).toBeLessThan(5_000);
  await closeAll(network, [seeder, ...leechers]);
  await network.settle(Promise.all(films));
});

test('two leechers of a file are introduced at once, wherever the seeder is', async () => {
  const network = new SimulatedNetwork({ seed: 4 });
  const seeder = await startNode(network, 1);
  const leechers = await crowd(network, 3);
  const description = seeder.share.add('film', Buffer.alloc(2 * MIB));
  const found: string[] = [];
  for (const { links, contact } of leechers)
    links.on('sourceFound', (fileId, other) => {
      expect(fileId).toBe(description.fileId);
      found.push(`${contact.name}: ${formatAddress(other.address)}`);
    });
  for (const leecher of leechers) await network.settle(open(leecher, seeder, description.fileId));
  await network.clock.advanceAsync(50);
  expect(found.toSorted()).toEqual([
    'peer 2: 10.0.0.3:9003',
    'peer 2: 10.0.0.4:9004',
    'peer 3: 10.0.0.2:9002',
    'peer 3: 10.0.0.4:9004',
    'peer 4: 10.0.0.2:9002',
    'peer 4: 10.0.0.3:9003',
  ]);
  await closeAll(network, [seeder, ...leechers]);
});

test('every minute linked peers are sent the other linked peers, and the tracker', async () => {
  const network = new SimulatedNetwork({ seed: 4 });
  const hub = await startNode(network, 1);
  const others = await crowd(network, 3);
  const found: string[] = [];
  const trackers: string[] = [];
  for (const { links, contact } of others) {
    links.on('peerFound', (other) => found.push(`${contact.name}: ${formatAddress(other.address)}`));
    links.on('trackerNamed', (address) => trackers.push(formatAddress(address)));
    await network.settle(links.connect(hub.contact, patient));
  }
  hub.links.announcements.trackers([{ address: { host: '127.0.0.1', port: 6_881 }, onMyHost: true }]);
  await network.clock.advanceAsync(60_100);
  expect(new Set(found).size).toBe(6);
  expect(found).toContain('peer 3: 10.0.0.4:9004');
  expect(trackers).toEqual(['10.0.0.1:6881', '10.0.0.1:6881', '10.0.0.1:6881']);
  await closeAll(network, [hub, ...others]);
});

test('the seeder passes on to peers what a leecher got: a chain of three', async () => {
  const network = new SimulatedNetwork({ seed: 9, latencyMs: [1, 10] });
  const seeder = await startNode(network, 1);
  const [middle, last] = await crowd(network, 2);
  if (middle === undefined || last === undefined) throw new Error('nobody');
  const bytes = new SeededRandom(8).bytes(5 * MIB);
  const description = seeder.share.add('film', bytes);
  middle.share.add('film.part', bytes, 'nothing');
  const held = middle.share.holdings(description.fileId);
  const { seen, events } = watcher();
  const second = await network.settle(open(last, middle, description.fileId, events));
  second.setChunkCount(5);
  expect(second.have?.count).toBe(0);
  const first = await network.settle(open(middle, seeder, description.fileId));
  const part = new MemoryPart(description);
  const outcomes = Array.from({ length: 5 }, async (_, chunk) => {
    const { kind } = await first.request(chunk, MIB, part.writer(chunk));
    if (held !== 'all') held?.set(chunk);
    middle.links.announcements.have(description.fileId, chunk);
    return kind;
  });
  expect(await network.settle(Promise.all(outcomes))).toEqual(Array.from({ length: 5 }, () => 'verified'));
  await network.clock.advanceAsync(100);
  expect(second.have?.complete).toBe(true);
  expect(seen.haves).toBeGreaterThan(0);
  const copy = new MemoryPart(description);
  await network.settle(requestAll(second, description, copy));
  expect(copy.bytes.equals(bytes)).toBe(true);
  expect(seeder.links.links().map(({ peer }) => peer.peerId)).toEqual([peerIdOf(2)]);
  await closeAll(network, [seeder, middle, last]);
});

test('of the requested chunks one seeder sends every one once before it repeats any', async () => {
  const network = new SimulatedNetwork({ seed: 11 });
  const seeder = await startNode(network, 1, { uploadLimit: 10_000_000 });
  const leechers = await crowd(network, 4);
  const description = seeder.share.add('film', Buffer.alloc(24 * MIB));
  // All peers request all chunks in the same order: the worst case.
  const done = leechers.map(async (leecher) => {
    const source = await open(leecher, seeder, description.fileId);
    return requestAll(source, description, new MemoryPart(description));
  });
  await network.settle(Promise.all(done));
  const order = seeder.share.reads.map(({ chunk }) => chunk);
  expect(new Set(order.slice(0, 24)).size).toBe(24);
  expect(order).toHaveLength(96);
  await closeAll(network, [seeder, ...leechers]);
});

test('a seeder suggests different chunks to its leechers, and tracks their chunks', async () => {
  const network = new SimulatedNetwork({ seed: 11 });
  const seeder = await startNode(network, 1);
  const leechers = await crowd(network, 3);
  const description = seeder.share.add('film', Buffer.alloc(24 * MIB));
  const [first] = leechers;
  first?.share.add('film.part', Buffer.alloc(24 * MIB), 'nothing');
  const held = first?.share.holdings(description.fileId);
  if (held !== 'all') for (const chunk of [0, 1, 2, 3, 4, 5]) held?.set(chunk);
  const sources = [];
  for (const leecher of leechers)
    sources.push(await network.settle(open(leecher, seeder, description.fileId)));
  await network.clock.advanceAsync(100);
  const suggested = sources.flatMap(({ suggestion }) => suggestion?.chunks ?? []);
  expect(new Set(suggested).size).toBe(11);
  expect(suggested).toHaveLength(11);
  expect(suggested.filter((chunk) => chunk <= 5)).toEqual([]);
  expect(sources.map(({ suggestion }) => suggestion?.rest)).toEqual(['nothing', 'nothing', 'nothing']);
  for (const source of sources.slice(1)) source.close();
  await network.clock.advanceAsync(100);
  expect(sources[0]?.suggestion).toBeUndefined();
  await closeAll(network, [seeder, ...leechers]);
});

test('a leecher is sent the holders that another leecher is linked to', async () => {
  const network = new SimulatedNetwork({ seed: 12 });
  const seeder = await startNode(network, 1);
  const [middle, last] = await crowd(network, 2);
  if (middle === undefined || last === undefined) throw new Error('nobody');
  const bytes = Buffer.alloc(3 * MIB);
  const { fileId } = seeder.share.add('film', bytes);
  middle.share.add('film.part', bytes, 'nothing');
  const found: string[] = [];
  last.links.on('sourceFound', (_, other) => found.push(formatAddress(other.address)));
  await network.settle(open(middle, seeder, fileId));
  await network.settle(open(last, middle, fileId));
  await network.clock.advanceAsync(50);
  expect(found).toEqual(['10.0.0.1:9001']);
  await closeAll(network, [seeder, middle, last]);
});
