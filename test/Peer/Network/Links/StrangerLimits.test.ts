import { expect, test } from 'vitest';
import { LinkedPeer } from '../../../../Peer/Network/Links/Link/LinkedPeer.ts';
import type { PeerContext } from '../../../../Peer/Network/Links/Link/PeerContext.ts';
import type { PeerLink } from '../../../../Peer/Network/Links/Link/PeerLink.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { type ControlMessage, encodeControl } from '../../../../Protocol/PeerMessages.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { patient, peerIdOf, startNode } from '../links.ts';
import { MemoryShare } from '../MemoryShare.ts';
import { greeting, Stranger, victim } from '../Stranger.ts';

const fileOf = (number: number) => peerIdOf(number) as string as FileId;
const named = (number: number, host = '10.1.0.1', port = 9_000) => ({
  peerId: peerIdOf(number),
  address: { host, port },
});
const peers = (...list: ReturnType<typeof named>[]): ControlMessage => ({
  type: 'peers',
  fileId: undefined,
  peers: list,
});
const frames = (count: number, message: (index: number) => ControlMessage) =>
  Array.from({ length: count }, (_, index) => encodeControl(message(index)));

test('a peer cannot name us, itself, banned peers, or ports of other services', async () => {
  const { node, stranger, close } = await victim();
  const found: string[] = [];
  node.links.on('peerFound', ({ peerId }) => found.push(peerId));
  node.links.ban(peerIdOf(9), { host: '10.0.0.9', port: 9_009 });
  const namer = await stranger();
  await namer.send(greeting(66));
  const list = [
    named(1),
    named(66),
    named(9),
    named(7, '10.1.0.7', 22),
    named(8, '255.255.255.255'),
    named(5),
  ];
  await namer.send(encodeControl(peers(...list)));
  expect(found).toEqual([peerIdOf(5)]);
  await close();
});

test('an address outside the LAN counts when a second peer names it, a multicast address never', async () => {
  const { node, stranger, close } = await victim();
  const found: string[] = [];
  node.links.on('peerFound', ({ peerId }) => found.push(peerId));
  const list = encodeControl(
    peers(named(5, '203.0.113.5'), named(7, '224.0.0.1'), named(8, '255.255.255.255')),
  );
  const first = await stranger();
  await first.send(greeting(66), list, list);
  expect(found).toEqual([]);
  const second = await stranger('10.0.0.67');
  await second.send(greeting(67), list);
  expect(found).toEqual([peerIdOf(5)]);
  await close();
});

test('of the peers that a peer names 1,000 are accepted, then 20 a second', async () => {
  const { node, stranger, close } = await victim();
  let found = 0;
  node.links.on('peerFound', () => found++);
  const namer = await stranger();
  await namer.send(greeting());
  await namer.send(...frames(1_500, (index) => peers(named(100 + index))));
  expect(found).toBeGreaterThanOrEqual(1_000);
  expect(found).toBeLessThan(1_010);
  expect(node.links.counters.overLimit).toBe(1_500 - found);
  await close();
});

test('a peer names 8 trackers at once, and only at addresses that can be dialled', async () => {
  const { node, stranger, close } = await victim();
  const trackers: string[] = [];
  node.links.on('trackerNamed', ({ host }) => trackers.push(host));
  const namer = await stranger();
  await namer.send(greeting());
  const tracker = (host: string) =>
    ({ type: 'tracker', address: { host, port: 6_881 }, onMyHost: false }) as const;
  await namer.send(encodeControl(tracker('255.255.255.255')), encodeControl(tracker('127.0.0.1')));
  expect(trackers).toEqual([]);
  await namer.send(...frames(20, (index) => tracker(`10.2.0.${index}`)));
  expect(trackers).toHaveLength(6);
  await close();
});

test('questions by words of all peers together: 60 at once, then 20 a second', async () => {
  const { stranger, close } = await victim(1, { feed: { matching: () => [] } });
  const question = { words: 'film', fileId: undefined };
  const askers = [];
  for (let number = 0; number < 8; number++) {
    const asker = await stranger(`10.0.1.${number}`);
    await asker.send(greeting(100 + number));
    askers.push(asker);
  }
  for (const asker of askers)
    void asker.send(...frames(16, (requestId) => ({ type: 'query', requestId, question })));
  await askers[0]?.send();
  const hits = askers.flatMap(({ heard }) => heard.filter(({ type }) => type === 'hits'));
  expect(hits.length).toBeGreaterThanOrEqual(60);
  expect(hits.length).toBeLessThan(70);
  await close();
});

test('questions by id of one peer: 500 at once, then 50 a second', async () => {
  const { stranger, close } = await victim(1, { feed: { matching: () => [] } });
  const asker = await stranger();
  await asker.send(greeting());
  const question = { words: '', fileId: fileOf(1) };
  for (let batch = 0; batch < 20; batch++)
    await asker.send(...frames(50, (index) => ({ type: 'query', requestId: batch * 50 + index, question })));
  const hits = asker.heard.filter(({ type }) => type === 'hits').length;
  expect(hits).toBeGreaterThanOrEqual(500);
  expect(hits).toBeLessThan(620);
  await close();
});

test('requests for dials of one peer: 8 at once, then one in 2 s', async () => {
  const { stranger, close } = await victim();
  const asker = await stranger();
  await asker.send(greeting());
  await asker.send(...frames(20, (requestId) => ({ type: 'callPeer', requestId, peerId: peerIdOf(5) })));
  const codes = asker.heard.flatMap((each) => (each.type === 'refused' ? [each.code] : []));
  expect(codes).toEqual([...Array(8).fill('not-found'), ...Array(12).fill('busy')]);
  await close();
});

test('relayed connections that one peer announces: 32 at once, then 4 a second', async () => {
  const { network, stranger, close } = await victim();
  let dials = 0;
  await network.host('10.0.0.66').listen(9_066, (stream) => {
    dials++;
    stream.destroy();
    return { closed: () => {} };
  });
  const relay = await stranger();
  await relay.send(greeting());
  for (let batch = 0; batch < 5; batch++)
    await relay.send(
      ...frames(20, (index) => ({ type: 'relayedBy', token: 'a'.repeat(32), ...named(10 + index) })),
    );
  expect(dials).toBeGreaterThanOrEqual(32);
  expect(dials).toBeLessThan(36);
  await close();
});

/** A linked peer without a network. @param via - the relay of the link */
function linkedPeer(via?: object) {
  const clock = new SimulatedClock();
  const provider = new MemoryShare();
  provider.holdings = () => 'all';
  provider.sizeOf = () => 1_000;
  const breaches: string[] = [];
  const sent: string[] = [];
  const send = ({ type }: { type: string }) => sent.push(type);
  const link = {
    hello: { features: 0 },
    remote: { host: '10.0.0.9', port: 50_000 },
    via,
    send,
    breach: (what: string) => breaches.push(what),
  };
  const context = { clock, provider, counters: { overLimit: 0 }, secure: {}, interested: () => {} };
  const peer = new LinkedPeer(
    { peerId: peerIdOf(1), name: '', address: { host: '10.0.0.1', port: 9_001 } },
    link as unknown as PeerLink,
    context as unknown as PeerContext,
  );
  return { peer, provider, clock, breaches, sent };
}

test('a peer without features is asked for none of them', () => {
  const { peer } = linkedPeer();
  expect([peer.suggests, peer.takesTurns, peer.answersQueries]).toEqual([false, false, false]);
});

test('chunks that one peer reports as corrupt: 8 are verified at once, then one in 5 s', () => {
  const { peer, provider, clock } = linkedPeer();
  let checks = 0;
  Object.assign(provider, { recheck: () => checks++ });
  const report = () => {
    for (let chunk = 0; chunk < 20; chunk++) peer.receive({ type: 'corrupt', fileId: fileOf(1), chunk });
    return checks;
  };
  expect(report()).toBe(8);
  clock.advance(5_000);
  expect(report()).toBe(9);
});

test('dials go to the host of the link, and over a relayed one none is requested', () => {
  expect(linkedPeer().peer.dials.endpoint.address).toEqual({ host: '10.0.0.9', port: 9_001 });
  const { peer, sent } = linkedPeer({ relay: {} });
  const token = 'a'.repeat(32);
  peer.receive({ type: 'testDial', requestId: 1 });
  peer.receive({ type: 'dialLane', requestId: 2, token });
  peer.receive({ type: 'callPeer', requestId: 3, peerId: peerIdOf(5) });
  peer.receive({ type: 'relayTo', requestId: 4, peerId: peerIdOf(5) });
  peer.receive({ type: 'called', ...named(5) });
  peer.receive({ type: 'relayedBy', token, ...named(5) });
  expect(sent).toEqual(Array(4).fill('refused'));
});

test('a peer that is interested in more than 65,536 files loses its link', () => {
  const { peer, breaches } = linkedPeer();
  for (let index = 0; index < 65_536; index++) peer.receive({ type: 'interested', fileId: fileOf(index) });
  expect(breaches).toEqual([]);
  peer.receive({ type: 'interested', fileId: fileOf(99_999) });
  expect(breaches).toEqual(['interested in too many files']);
});

test('a page of a file list is requested before the one before it is used, and none after the last', async () => {
  const { peer, sent } = linkedPeer();
  const pages = peer.listFiles('', patient);
  const files = [1, 2].map((number) => ({
    path: `${number}`,
    size: 1,
    modifiedMs: 0,
    fileId: fileOf(number),
  }));
  const first = pages.next();
  expect(sent).toEqual(['list']);
  peer.receive({ type: 'listPage', requestId: 1, total: 2, next: 1, files: files.slice(0, 1) });
  expect((await first).value).toEqual(files.slice(0, 1));
  expect(sent).toEqual(['list', 'list']);
  peer.receive({ type: 'listPage', requestId: 2, total: 2, next: 0, files: files.slice(1) });
  expect((await pages.next()).value).toEqual(files.slice(1));
  expect((await pages.next()).done).toBe(true);
  expect(sent).toEqual(['list', 'list']);
});

test('a peer whose pages of a file list form a loop loses its link', async () => {
  const { peer, breaches } = linkedPeer();
  const pages = peer.listFiles('', patient);
  const file = { path: 'film', size: 1, modifiedMs: 0, fileId: fileOf(1) };
  const first = pages.next();
  peer.receive({ type: 'listPage', requestId: 1, total: 9, next: 1, files: [file] });
  expect((await first).value).toEqual([file]);
  const second = pages.next();
  peer.receive({ type: 'listPage', requestId: 2, total: 9, next: 1, files: [file] });
  await expect(second).rejects.toMatchObject({ code: 'BAD_FRAME' });
  expect(breaches).toHaveLength(1);
});

test('a peer that is banned while it is linked is disconnected, and so is its next link from another address', async () => {
  const { network, node, stranger, close } = await victim();
  const foe = await stranger();
  await foe.send(greeting());
  node.links.ban(peerIdOf(66), { host: '10.0.0.66', port: 9_066 });
  await foe.send();
  expect(foe.heard.at(-1)).toEqual({ type: 'bye', reason: 'banned' });
  const sameHost = await stranger();
  await sameHost.send(greeting(67));
  expect(sameHost.heard).toEqual([]);
  const elsewhere = await new Stranger(network).dial(node, '10.0.0.77');
  await elsewhere.send(greeting(66));
  expect(elsewhere.heard.at(-1)).toEqual({ type: 'bye', reason: 'banned' });
  expect(node.links.links()).toEqual([]);
  await close();
});

test('after a change of our address at most 32 peers are dialled again', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  let dials = 0;
  const { dial } = network.host('10.0.0.1');
  const node = await startNode(network, 1, {
    dial: (...parts) => {
      dials++;
      return dial(...parts);
    },
  });
  const others = [];
  for (let number = 2; number < 42; number++) {
    const other = await startNode(network, number);
    others.push(other);
    await network.settle(other.links.connect(node.contact, patient));
  }
  node.links.dialAgain();
  expect(dials).toBe(32);
  await network.clock.advanceAsync(3_000);
  await network.settle(Promise.all([node, ...others].map(({ links }) => links.close())));
});
