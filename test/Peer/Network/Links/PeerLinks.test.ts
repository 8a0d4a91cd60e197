import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import {
  collect,
  instanceOf,
  listAt,
  open,
  openAt,
  patient,
  requestAll,
  startNode,
  watcher,
} from '../links.ts';
import { MemoryPart } from '../MemoryShare.ts';

const MIB = 1_048_576;

async function pair(network = new SimulatedNetwork({ seed: 1 })) {
  const [seeder, leecher] = [await startNode(network, 1), await startNode(network, 2)];
  const close = () => network.settle(Promise.all([seeder.links.close(), leecher.links.close()]));
  return { network, seeder, leecher, close };
}

test('lists, describes and fetches a file; closing leaves nothing behind', async () => {
  const { network, seeder, leecher, close } = await pair(
    new SimulatedNetwork({ seed: 1, latencyMs: [1, 5] }),
  );
  const bytes = new SeededRandom(5).bytes(3_500_000);
  const { fileId } = seeder.share.add('films/one.mkv', bytes);

  const files = await network.settle(collect(listAt(leecher.links, seeder.contact, '')));
  expect(files).toEqual(seeder.share.list(''));

  const { seen, events } = watcher();
  let served = 0;
  seeder.links.on('served', (peer, _fileId, count) => {
    expect(peer).toEqual(leecher.contact);
    served += count;
  });
  const source = await network.settle(open(leecher, seeder, fileId, events));
  expect(source.have).toBeUndefined();
  const description = await network.settle(source.describe(patient));
  const part = new MemoryPart(description);
  const outcomes = await network.settle(requestAll(source, description, part));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['verified', 'verified', 'verified', 'verified']);
  expect(part.bytes.equals(bytes)).toBe(true);
  expect(seen.bytes).toBe(bytes.length);
  expect(leecher.links.totals()).toEqual({ sent: 0, received: bytes.length });
  expect(seeder.links.totals()).toEqual({ sent: bytes.length, received: 0 });
  expect(served).toBe(bytes.length);

  await close();
  expect(seen.left).toEqual(['UNREACHABLE']);
  await network.clock.runUntilIdle();
  expect(network.host('10.0.0.1').streams.size + network.host('10.0.0.2').streams.size).toBe(0);
});

test('a long catalog is listed in pages, complete and in order, for one folder', async () => {
  const { network, seeder, leecher, close } = await pair();
  for (let number = 0; number < 3_000; number++)
    seeder.share.add(
      `${number % 2 ? 'odd' : 'even'}/${'long '.repeat(20)}${number}`,
      Buffer.from(`${number}`),
    );
  const pages: number[] = [];
  const run = async () => {
    for await (const page of listAt(leecher.links, seeder.contact, 'odd')) pages.push(page.length);
  };
  await network.settle(run());
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.reduce((sum, count) => sum + count)).toBe(1_500);
  const all = await network.settle(collect(listAt(leecher.links, seeder.contact, '')));
  expect(all).toEqual(seeder.share.list(''));
  await close();
});

test('a missing file is NOT_FOUND, an absent peer UNREACHABLE, a request to oneself REFUSED', async () => {
  const { network, seeder, leecher, close } = await pair();
  const { fileId } = leecher.share.add('mine', Buffer.from('x'));
  await expect(network.settle(open(leecher, seeder, fileId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const nobody = { peerId: undefined, name: '', address: { host: '10.0.0.1', port: 9_999 } };
  await expect(network.settle(leecher.links.connect(nobody, patient))).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
  const self = { ...leecher.contact, peerId: undefined };
  await expect(network.settle(leecher.links.connect(self, patient))).rejects.toMatchObject({
    code: 'REFUSED',
  });
  const other = { ...seeder.contact, peerId: leecher.contact.peerId };
  await expect(network.settle(leecher.links.connect(other, patient))).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
  await close();
});

test('a partial source announces its chunks, and further ones in batches', async () => {
  const { network, seeder, leecher, close } = await pair();
  const { fileId } = seeder.share.add('film', new SeededRandom(1).bytes(20 * MIB), 'nothing');
  const held = seeder.share.holdings(fileId);
  if (held === 'all' || held === undefined) throw new Error('not partial');
  held.set(3);
  const { seen, events } = watcher();
  const source = await network.settle(open(leecher, seeder, fileId, events));
  source.setChunkCount(20);
  expect([...(source.have?.indexes() ?? [])]).toEqual([3]);
  for (const chunk of [5, 6, 19]) seeder.links.announcements.have(fileId, chunk);
  await network.clock.advanceAsync(100);
  expect([...(source.have?.indexes() ?? [])]).toEqual([3, 5, 6, 19]);
  expect(seen.haves).toBe(1);
  const refused = await network.settle(
    source.request(7, MIB, { write: async () => {}, finish: async () => true, abandon: () => {} }),
  );
  expect(refused).toEqual({ kind: 'rejected', code: 'not-found' });
  seeder.links.announcements.gone(fileId);
  await network.clock.advanceAsync(100);
  expect(seen.left).toEqual(['NOT_FOUND']);
  await close();
});

test('a lane that breaks during a chunk loses it; the next request opens a new lane', async () => {
  const network = new SimulatedNetwork({ seed: 3, bytesPerSecond: 1_000_000 });
  const { seeder, leecher, close } = await pair(network);
  const bytes = new SeededRandom(2).bytes(3 * MIB);
  const description = seeder.share.add('film', bytes);
  const { seen, events } = watcher();
  const source = await network.settle(open(leecher, seeder, description.fileId, events));
  const part = new MemoryPart(description);
  const first = requestAll(source, description, part);
  await network.clock.advanceAsync(1_500);
  // The lane is the youngest stream.
  const lane = [...network.host('10.0.0.2').streams].at(-1);
  lane?.breakBoth();
  const outcomes = await network.settle(first);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['verified', 'lost', 'lost']);
  expect(seen.left).toEqual([]);
  expect(part.abandoned.has(1)).toBe(true);
  const again = await network.settle(
    Promise.all([1, 2].map((chunk) => source.request(chunk, MIB, part.writer(chunk)))),
  );
  expect(again.map(({ kind }) => kind)).toEqual(['verified', 'verified']);
  expect(part.bytes.equals(bytes)).toBe(true);
  await close();
});

test('a source is closed after its lanes failed twice, in either direction', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const seeder = await startNode(network, 1);
  let lanesBlocked = false;
  const leecher = await startNode(network, 2, {
    dial: (address, handler, options) =>
      lanesBlocked
        ? Promise.reject(new ShoalError('UNREACHABLE', 'a firewall'))
        : network.host('10.0.0.2').dial(address, handler, options),
  });
  const description = seeder.share.add('film', Buffer.alloc(MIB));
  const { seen, events } = watcher();
  const source = await network.settle(open(leecher, seeder, description.fileId, events));
  lanesBlocked = true;
  network.host('10.0.0.2').firewalled = true;
  const ask = () => network.settle(source.request(0, MIB, new MemoryPart(description).writer(0)));
  expect(await ask()).toMatchObject({ kind: 'lost', reason: { code: 'BLOCKED' } });
  expect(seen.left).toEqual([]);
  expect(await ask()).toMatchObject({ kind: 'lost' });
  expect(seen.left).toEqual(['BLOCKED']);
  expect(await ask()).toMatchObject({ kind: 'lost' });
  await network.settle(Promise.all([seeder.links.close(), leecher.links.close()]));
});

test('corrupt chunks are reported as such; wrong chunk hashes are INTEGRITY', async () => {
  const { network, seeder, leecher, close } = await pair();
  const description = seeder.share.add('film', new SeededRandom(3).bytes(2 * MIB));
  const source = await network.settle(open(leecher, seeder, description.fileId));
  seeder.share.lies = true;
  const outcomes = await network.settle(requestAll(source, description, new MemoryPart(description)));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['corrupt', 'corrupt']);
  const reports: unknown[] = [];
  Object.assign(seeder.share, { recheck: (...report: unknown[]) => reports.push(report) });
  source.reportCorrupt?.(description.fileId, 1);
  await network.clock.advanceAsync(100);
  expect(reports).toEqual([[description.fileId, 1]]);

  seeder.share.describe = async () => ({
    ...description,
    chunkHashes: [...description.chunkHashes].reverse(),
  });
  await expect(network.settle(source.describe(patient))).rejects.toMatchObject({ code: 'INTEGRITY' });
  seeder.share.describe = async () => ({ ...description, chunkHashes: description.chunkHashes.slice(1) });
  await expect(network.settle(source.describe(patient))).rejects.toMatchObject({ code: 'INTEGRITY' });
  await close();
});

test('a chunk whose file changes while it is sent is rejected as changed, and the lane stays open', async () => {
  const { network, seeder, leecher, close } = await pair();
  const bytes = new SeededRandom(4).bytes(5 * MIB);
  const description = seeder.share.add('film', bytes);
  // Pieces shorter than the chunk, so that the first is in flight when the second cannot be read.
  seeder.links.limits.set({ up: 4_000_000 });
  seeder.share.changedAt = { chunk: 1, offset: 500_000 };
  const { seen, events } = watcher();
  const source = await network.settle(open(leecher, seeder, description.fileId, events));
  const part = new MemoryPart(description);
  const outcomes = await network.settle(requestAll(source, description, part));
  expect(outcomes[1]).toEqual({ kind: 'rejected', code: 'changed' });
  expect(outcomes.filter(({ kind }) => kind === 'verified')).toHaveLength(4);
  expect(part.abandoned).toEqual(new Set([1]));
  expect(seen.bytes).toBeGreaterThan(4 * MIB);
  await close();
});

test('cancelled requests end at once, and their bytes in flight do not disturb the others', async () => {
  const network = new SimulatedNetwork({ seed: 5, bytesPerSecond: 2_000_000 });
  const { seeder, leecher, close } = await pair(network);
  const description = seeder.share.add('film', new SeededRandom(6).bytes(6 * MIB));
  const source = await network.settle(open(leecher, seeder, description.fileId));
  const part = new MemoryPart(description);
  const all = requestAll(source, description, part);
  await network.clock.advanceAsync(700);
  for (const chunk of [1, 2, 4]) source.cancel(chunk);
  const outcomes = await network.settle(all);
  expect(outcomes.map(({ kind }) => kind)).toEqual([
    'verified',
    'cancelled',
    'cancelled',
    'verified',
    'cancelled',
    'verified',
  ]);
  // One of the three was in flight, the others were never read.
  expect(seeder.share.reads.map(({ chunk }) => chunk)).not.toContain(4);
  await close();
});

test('a failing disk is reported as such, not as a fault of the source, and the lane stays open', async () => {
  const { network, seeder, leecher, close } = await pair();
  const description = seeder.share.add('film', new SeededRandom(7).bytes(3 * MIB));
  const source = await network.settle(open(leecher, seeder, description.fileId));
  const part = new MemoryPart(description);
  let writes = 0;
  part.beforeWrite = async () => {
    writes++;
    if (writes === 1) throw new Error('no space');
  };
  const outcomes = await network.settle(requestAll(source, description, part));
  expect(outcomes[0]).toMatchObject({ kind: 'disk', reason: { code: 'DISK_FAILED' } });
  expect(outcomes.slice(1).map(({ kind }) => kind)).toEqual(['verified', 'verified']);
  await close();
});

test('an idle lane is closed after a minute and opened again when needed', async () => {
  const { network, seeder, leecher, close } = await pair();
  const description = seeder.share.add('film', Buffer.alloc(1_000));
  const source = await network.settle(open(leecher, seeder, description.fileId));
  const streams = () => network.host('10.0.0.2').streams.size;
  const fetch = () => network.settle(source.request(0, 1_000, new MemoryPart(description).writer(0)));
  await fetch();
  expect(streams()).toBe(2);
  await network.clock.advanceAsync(120_000);
  expect(streams()).toBe(1);
  expect(await fetch()).toEqual({ kind: 'verified' });
  await close();
});

test('one lane answers thousands of small requests', async () => {
  const { network, seeder, leecher, close } = await pair();
  const description = seeder.share.add('tiny', Buffer.from('tiny'));
  const nobody = new AbortController().signal;
  const kinds = new Map<string, number>();
  const jobs = Array.from({ length: 3_000 }, async (_, index) => {
    const fileId = index % 3 === 0 ? (peerIdHex(index) as typeof description.fileId) : description.fileId;
    const source = await openAt(leecher.links, seeder.contact, fileId, watcher().events, nobody, 'complete');
    const { kind } = await source.request(0, 4, new MemoryPart(description).writer(0));
    source.close();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  });
  await network.settle(Promise.all(jobs));
  expect(Object.fromEntries(kinds)).toEqual({ verified: 2_000, rejected: 1_000 });
  expect(network.host('10.0.0.2').streams.size).toBe(2);
  await close();
});

test('limits hold in both directions and can be changed while running', async () => {
  const { network, seeder, leecher, close } = await pair();
  const description = seeder.share.add('film', Buffer.alloc(20 * MIB));
  const source = await network.settle(open(leecher, seeder, description.fileId));
  const received = () => leecher.links.totals().received;
  const rateOver = async (ms: number) => {
    const before = received();
    await network.clock.advanceAsync(ms);
    return ((received() - before) * 1_000) / ms;
  };
  seeder.links.limits.set({ up: 2_000_000 });
  const all = requestAll(source, description, new MemoryPart(description));
  await network.clock.advanceAsync(100);
  expect((await rateOver(5_000)) / 2_000_000).toBeCloseTo(1, 1);
  seeder.links.limits.set({ up: undefined });
  leecher.links.limits.set({ down: 1_000_000 });
  await network.clock.advanceAsync(200);
  const slow = (await rateOver(5_000)) / 1_000_000;
  expect(slow).toBeGreaterThan(0.95);
  expect(slow).toBeLessThan(1.05);
  leecher.links.limits.set({ down: undefined });
  await network.settle(all);
  await close();
});

test.each(seeds(30))('of two crossing links one stays, and nothing asked is lost (seed %i)', async (seed) => {
  const network = new SimulatedNetwork({ seed, latencyMs: [1, 40] });
  const { seeder: one, leecher: two, close } = await pair(network);
  const [a, b] = [one.share.add('a', Buffer.from('a')), two.share.add('b', Buffer.from('b'))];
  const joined: string[] = [];
  for (const { links } of [one, two]) {
    links.on('peerJoined', (peer) => joined.push(peer.name));
    links.on('peerLeft', (peer) => joined.push(`${peer.name} left`));
  }
  const fromOne = open(one, two, b.fileId).then((source) => source.describe(patient));
  await network.clock.advanceAsync(network.random.int(0, 60));
  const fromTwo = open(two, one, a.fileId).then((source) => source.describe(patient));
  const descriptions = await network.settle(Promise.all([fromOne, fromTwo]));
  expect(descriptions).toEqual([b, a]);
  await network.clock.advanceAsync(5_000);
  expect([one.links.links().length, two.links.links().length]).toEqual([1, 1]);
  expect(network.host('10.0.0.1').streams.size).toBe(1);
  expect(joined.toSorted()).toEqual(['peer 1', 'peer 2']);
  await close();
});

test('a restarted peer replaces its old link at once', async () => {
  const { network, seeder, leecher } = await pair();
  await network.settle(leecher.links.connect(seeder.contact, patient));
  network.setLink('10.0.0.1', '10.0.0.2', { latencyMs: [1, 1] });
  const again = await startNode(network, 3, {
    host: '10.0.0.2',
    self: { peerId: leecher.contact.peerId, instanceId: instanceOf(77), name: 'again', port: 9_003 },
  });
  await network.settle(again.links.connect(seeder.contact, patient));
  expect(seeder.links.links().map(({ peer }) => peer.name)).toEqual(['again']);
  await network.settle(Promise.all([seeder.links.close(), leecher.links.close(), again.links.close()]));
});

test('a partition ends a silent link after 90 s at both ends', async () => {
  const { network, seeder, leecher, close } = await pair();
  const left: (string | undefined)[] = [];
  for (const { links } of [seeder, leecher]) links.on('peerLeft', (_peer, reason) => left.push(reason?.code));
  await network.settle(leecher.links.connect(seeder.contact, patient));
  network.partition(['10.0.0.1'], ['10.0.0.2']);
  await network.clock.advanceAsync(200_000);
  expect(left).toHaveLength(2);
  expect(left).not.toContain(undefined);
  network.heal();
  await network.settle(leecher.links.connect(seeder.contact, patient));
  await close();
});

test('a banned peer is disconnected and refused for an hour', async () => {
  const { network, seeder, leecher, close } = await pair();
  await network.settle(leecher.links.connect(seeder.contact, patient));
  seeder.links.ban(leecher.contact.peerId, leecher.contact.address);
  await network.clock.advanceAsync(2_000);
  expect([seeder.links.links(), leecher.links.links()]).toEqual([[], []]);
  await expect(network.settle(leecher.links.connect(seeder.contact, patient))).rejects.toMatchObject({
    name: 'ShoalError',
  });
  await network.clock.advanceAsync(3_600_000);
  await network.settle(leecher.links.connect(seeder.contact, patient));
  await close();
});

function peerIdHex(number: number): string {
  return number.toString(16).padStart(64, 'f');
}
