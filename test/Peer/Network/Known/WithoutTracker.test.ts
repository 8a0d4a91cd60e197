import { expect, test } from 'vitest';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { type ManagedSetup, never, startManager, startManagers, timed } from '../managers.ts';
import { file, TrackerLan } from '../Trackers/TrackerLan.ts';

const TRACKER = { host: '10.0.0.200', port: 6_881 };
const configured = [TRACKER];
const names = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name).toSorted();

/** A tracker, and registered peers without any query so far. */
async function village(seed: number, count: number, discovery = true) {
  const network = new SimulatedNetwork({ seed });
  const lan = new TrackerLan(network);
  const tracker = await lan.tracker(TRACKER.host);
  const setups = Array.from({ length: count }, (_, index) => ({
    configured,
    discovery,
    files: [`film ${index + 1}.mkv`, 'everybody has it.txt'],
  }));
  const peers = await startManagers(network, 1, setups);
  await network.clock.advanceAsync(20_000);
  return { network, lan, tracker, peers, kill: () => network.settle(tracker.close()) };
}

test.each(seeds(5))(
  'a dead tracker: search, locate, peers and folders are answered by known peers (seed %i)',
  async (seed) => {
    const { network, peers, kill } = await village(seed, 6, seed % 2 === 0);
    await kill();
    await network.clock.advanceAsync(15_000);
    const [asker] = peers;
    if (asker === undefined) throw new Error('nobody');
    expect(asker.events.at(-1)).toBe('lost 10.0.0.200:6881');
    const { value, ms } = await timed(network, asker.network.queries.search('film 4', never));
    expect(ms).toBeLessThanOrEqual(1_000);
    expect(value).toMatchObject({ trackers: 0, peers: 5, truncated: false });
    expect(value.hits).toMatchObject([
      {
        path: 'film 4.mkv',
        fileId: file('film 4.mkv').fileId,
        size: file('film 4.mkv').size,
        holderCount: 1,
      },
    ]);
    expect(value.hits[0]?.holders).toEqual([{ ...peers[3]?.contact, complete: true }]);
    const shared = await network.settle(asker.network.queries.search('everybody', never));
    expect(shared.hits.map(({ holderCount }) => holderCount)).toEqual([5]);
    const holders = await network.settle(
      asker.network.queries.locate(file('everybody has it.txt').fileId, never),
    );
    expect(names(holders)).toEqual(['peer 2', 'peer 3', 'peer 4', 'peer 5', 'peer 6']);
    const list = await network.settle(asker.network.queries.peers(never));
    expect([names(list.peers).length, list.trackers]).toEqual([5, 0]);
    expect(await network.settle(asker.network.queries.folderHolders('films', never))).toHaveLength(5);
  },
);

test('commands wait for a tracker at first, but not once known peers have replaced it', async () => {
  const { network, peers, kill } = await village(5, 3);
  const [asker] = peers;
  if (asker === undefined) throw new Error('nobody');
  expect(await network.settle(asker.network.ready(3_000))).toBe(true);
  await kill();
  await network.clock.advanceAsync(15_000);
  const { value, ms } = await timed(network, asker.network.ready(3_000));
  expect({ value, ms }).toEqual({ value: false, ms: 0 });
  const newcomer = await startManager(network, 99, { configured });
  const first = await timed(network, newcomer.network.ready(3_000));
  expect(first).toEqual({ value: false, ms: 3_000 });
});

test('searches are answered while a dead tracker is not yet counted as lost', async () => {
  const { network, peers, kill } = await village(3, 4);
  await kill();
  for (const asker of peers) {
    const { value, ms } = await timed(network, asker.network.queries.search('everybody', never));
    expect(ms).toBeLessThanOrEqual(2_600);
    expect(value).toMatchObject({ trackers: 0, peers: 3 });
    expect(value.hits[0]?.holderCount).toBe(3);
  }
});

test('while a tracker answers, known peers are not queried', async () => {
  const { network, peers } = await village(4, 4);
  const [asker] = peers;
  const { value, ms } = await timed(
    network,
    asker?.network.queries.search('everybody', never) ?? Promise.reject(),
  );
  expect(ms).toBeLessThan(100);
  expect(value).toMatchObject({ trackers: 1 });
  expect(value.peers).toBeUndefined();
  expect(asker?.network.linkedPeers()).toEqual([]);
});

test('dead peers delay a search by one second, and only once', async () => {
  const { network, peers, kill } = await village(5, 6);
  for (const host of ['10.0.0.2', '10.0.0.3']) network.host(host).kill();
  await kill();
  await network.clock.advanceAsync(15_000);
  const [asker] = peers;
  if (asker === undefined) throw new Error('nobody');
  const first = await timed(network, asker.network.queries.search('everybody', never));
  expect(first.value.hits[0]?.holderCount).toBe(3);
  expect(first.ms).toBeLessThanOrEqual(1_000);
  await network.clock.advanceAsync(60_000);
  let waits = 0;
  for (let round = 0; round < 10; round++) {
    const { value, ms } = await timed(network, asker.network.queries.search('everybody', never));
    expect(value.hits[0]?.holderCount).toBe(3);
    if (ms > 500) waits++;
    await network.clock.advanceAsync(2_000);
  }
  expect(waits).toBeLessThanOrEqual(3);
});

test('without tracker and known peers a search fails at once', async () => {
  const network = new SimulatedNetwork({ seed: 6 });
  const alone = await startManager(network, 1, { configured });
  const { value, ms } = await timed(network, alone.network.queries.search('film', never));
  expect({ ms, value }).toEqual({ ms: 0, value: { hits: [], truncated: false, trackers: 0, peers: 0 } });
  await expect(network.settle(alone.network.queries.peers(never))).rejects.toThrow(ShoalError);
});

test('without a tracker, peers of the last run are dialled and introduce others; not with discovery off', async () => {
  const network = new SimulatedNetwork({ seed: 7 });
  const others = await startManagers(network, 10, [
    { files: ['a film'] },
    { files: ['a film'] },
    { files: ['a film'] },
  ]);
  const [hub, second, third] = others;
  if (hub === undefined || second === undefined || third === undefined) throw new Error('nobody');
  await network.settle(second.network.links.connect(hub.contact, never));
  await network.settle(third.network.links.connect(hub.contact, never));
  const places = {
    peers: [
      hub.contact,
      { ...hub.contact, peerId: third.contact.peerId, address: { host: '10.0.0.99', port: 9_099 } },
    ],
  };
  const newcomer = await startManager(network, 1, { configured, discovery: true, places });
  const quiet = await startManager(network, 2, { configured, discovery: false, places });
  await network.clock.advanceAsync(10_000);
  expect(names(newcomer.network.linkedPeers())).toContain('peer 10');
  expect(quiet.network.linkedPeers()).toEqual([]);
  const { hits } = await network.settle(newcomer.network.queries.search('film', never));
  expect(hits[0]?.holderCount).toBe(3);
  await newcomer.close();
  const kept = newcomer.saved.at(-1)?.peers ?? [];
  expect(kept.map(({ peerId }) => peerId)).toEqual(
    expect.arrayContaining(others.map(({ contact }) => contact.peerId)),
  );
});

test('known peers are saved while the peer runs, not only at exit', async () => {
  const { network, peers } = await village(8, 4);
  await network.clock.advanceAsync(30_000);
  for (const { saved } of peers) expect(saved.at(-1)?.peers).toHaveLength(3);
});

test('of two trackers, the live ones are used', async () => {
  const network = new SimulatedNetwork({ seed: 9 });
  const lan = new TrackerLan(network);
  const other = { host: '10.0.0.201', port: 6_881 };
  const first = await lan.tracker(TRACKER.host);
  const both = [TRACKER, other];
  const [ann, ben, cas] = await startManagers(network, 1, [
    { configured: both, files: ['film a'] },
    { configured: [TRACKER], files: ['film b'] },
    { configured: [other], files: ['film c'] },
  ]);
  await network.clock.advanceAsync(6_000);
  const search = async () =>
    (await network.settle(ann?.network.queries.search('film', never) ?? Promise.reject())).hits;
  expect((await search()).map(({ path }) => path)).toEqual(['film b']);
  expect(ann?.network.trackers.status().map(({ state }) => state)).toEqual(['connected', 'lost']);
  await lan.tracker(other.host);
  await network.clock.advanceAsync(6_000);
  expect((await search()).map(({ path }) => path).toSorted()).toEqual(['film b', 'film c']);
  for (const one of [ben, cas])
    expect(
      (await network.settle(one?.network.queries.search('film', never) ?? Promise.reject())).hits,
    ).toMatchObject([{ path: 'film a' }]);
  await network.settle(first.close());
  await network.clock.advanceAsync(10_000);
  const { value, ms } = await timed(network, ann?.network.queries.search('film', never) ?? Promise.reject());
  // Known by the link from the time when the last tracker was lost.
  expect(value.hits.map(({ path }) => path).toSorted()).toEqual(['film b', 'film c']);
  expect(ms).toBeLessThan(100);
});

test('a peer announced by DNS-SD is linked only without a tracker', async () => {
  const network = new SimulatedNetwork({ seed: 10 });
  const shown = await startManager(network, 5, { files: ['a film'] });
  const dnsSd: ManagedSetup['dnsSd'] = ({ peerSeen }) => {
    network.clock.after(100, () => peerSeen(shown.contact.address));
    return { announcePeer: () => {}, announceTracker: () => {}, close: async () => {} };
  };
  const alone = await startManager(network, 1, { discovery: true, dnsSd });
  await network.clock.advanceAsync(4_000);
  expect(names(alone.network.linkedPeers())).toEqual(['peer 5']);
  await new TrackerLan(network).tracker('10.0.0.200');
  const tracked = await startManager(network, 2, { discovery: true, dnsSd });
  await network.clock.advanceAsync(4_000);
  expect(tracked.events).toEqual(['found 10.0.0.200:6881']);
  expect(tracked.network.linkedPeers()).toEqual([]);
});

test('a tracker out of broadcast range is found through a linked peer', async () => {
  const network = new SimulatedNetwork({ seed: 11 });
  const far = { host: '172.16.0.1', port: 7_777 };
  await new TrackerLan(network).tracker(far.host, far.port);
  const member = await startManager(network, 1, { configured: [far], files: ['a film'] });
  const seeking = await startManager(network, 2, { discovery: true });
  const contented = await startManager(network, 3, { configured });
  await network.clock.advanceAsync(2_000);
  for (const { network: each } of [seeking, contented])
    await network.settle(each.links.connect(member.contact, never));
  await network.clock.advanceAsync(2_000);
  expect(seeking.network.trackers.status()).toMatchObject([
    { address: far, foundBy: 'peer', state: 'connected' },
  ]);
  expect(contented.network.trackers.status()).toHaveLength(1); // A peer with configured trackers uses no others.
});

test.each([
  ['x', '"x" is too short'],
  ['é', '"é" is too short'],
  ['', 'there is no word'],
  [' ', 'there is no word'],
])('%j is too short to search for, with a tracker and without', async (words, says) => {
  const { network, peers, kill } = await village(3, 1);
  const search = () => network.settle((peers[0] ?? expect.fail()).network.queries.search(words, never));
  await expect(search()).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(says),
  });
  await kill();
  await network.clock.advanceAsync(15_000);
  await expect(search()).rejects.toMatchObject({ code: 'USAGE' });
});

test.each([true, false])(
  'a search for a text too long for a message does no harm (tracker answers: %s)',
  async (answers) => {
    const { network, peers, kill } = await village(3, 9);
    const [asker] = peers;
    if (asker === undefined) throw new Error('nobody');
    if (!answers) await kill();
    const long = `${'folder/'.repeat(60)}everybody`;
    const found = await network.settle(asker.network.queries.search('everybody', never));
    expect(found.hits).toHaveLength(1);
    await network.settle(asker.network.queries.search(long, never));
    await network.settle(asker.network.queries.folderHolders('f'.repeat(1_001), never));
    await network.clock.advanceAsync(10_000);
    expect((await network.settle(asker.network.queries.search('everybody', never))).hits).toHaveLength(1);
  },
);
