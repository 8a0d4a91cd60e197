import { expect, test } from 'vitest';
import type { PeerLinksOptions } from '../../../Peer/Network/Links/PeerLinks.ts';
import { encodeLane, encodePreamble } from '../../../Protocol/PeerMessages.ts';
import type { StreamHandler } from '../../../Shared/Network/Transport.ts';
import { simulatedHandshake } from '../../../Simulator/SimulatedSecure.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { type Node, open, patient, requestAll, startNode, watcher } from './links.ts';
import { MemoryPart } from './MemoryShare.ts';

const MIB = 1_048_576;
const RELAY = 3;

/** Peers 1 and 2 behind firewalls, further ones reachable; a tracker knows all. By default peer 3 relays. */
async function lan(
  seed: number,
  change: (number: number) => Partial<PeerLinksOptions> = (number) =>
    number === RELAY ? { relayLimit: 100 * MIB } : {},
  count = 3,
) {
  const network = new SimulatedNetwork({ seed });
  for (const number of [1, 2]) network.host(`10.0.0.${number}`).firewalled = true;
  const nodes: Node[] = [];
  const known = (peerId: string) => nodes.find(({ contact }) => contact.peerId === peerId);
  for (let number = 1; number <= count; number++)
    nodes.push(
      await startNode(network, number, {
        callByTracker: async (peerId) => {
          const [called, caller] = [known(peerId), nodes[number - 1]];
          if (called === undefined || caller === undefined) throw new Error('nobody');
          const { peerId: id, address } = caller.contact;
          called.links.dialRequests.called({ peerId: id, address });
        },
        namedRelays: async () =>
          nodes.filter(({ links }) => links.dialRequests.offersRelay).map(({ contact }) => contact),
        ...change(number),
      }),
    );
  const [one = expect.fail(), two = expect.fail(), relay = expect.fail()] = nodes;
  const close = () => network.settle(Promise.all(nodes.map(({ links }) => links.close())));
  return { network, nodes, one, two, relay, close };
}

/** Fetches a file of several MiB; returns the outcomes. */
async function fetches(network: SimulatedNetwork, to: Node, from: Node, mebibytes = 3) {
  const description = from.share.add('film', Buffer.alloc(mebibytes * MIB, 7));
  const source = await network.settle(open(to, from, description.fileId, watcher().events));
  source.setChunkCount(mebibytes);
  const part = new MemoryPart(description);
  const outcomes = await network.settle(requestAll(source, description, part));
  source.close();
  return outcomes.map(({ kind }) => kind);
}

const summaryOf = ({ links }: Node, peer: Node) =>
  links.links().find(({ peer: { peerId } }) => peerId === peer.contact.peerId);

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
  test(`two peers that cannot connect to each other exchange files through a third one (seed ${seed})`, async () => {
    const { network, one, two, relay, close } = await lan(seed);
    expect(await fetches(network, one, two)).toEqual(['verified', 'verified', 'verified']);
    expect(await fetches(network, two, one)).toEqual(['verified', 'verified', 'verified']);
    expect(summaryOf(one, two)).toMatchObject({
      peer: { relayedBy: 'peer 3', address: two.contact.address },
      link: { relayedBy: 'peer 3', lanes: { encrypted: true, receiving: 'by us', sending: 'by them' } },
    });
    expect(summaryOf(two, one)).toMatchObject({
      peer: { relayedBy: 'peer 3', address: one.contact.address },
    });
    const { relayHost } = relay.links.dialRequests;
    expect(relayHost?.status).toMatchObject({ connections: 3, bytesPerSecondMax: 100 * MIB });
    expect(relayHost?.status.bytes).toBeGreaterThan(6 * MIB);
    // A relayed link proves no reachability.
    expect([one, two].map(({ links }) => links.dialRequests.reachability.reachable)).not.toContain(true);
    await close();
    expect([one, two, relay].map(({ links }) => links.counters.violations)).toEqual([0, 0, 0]);
  });

test('without a peer that relays, both sides learn that neither can connect, and how it could be mended', async () => {
  const { network, one, two, close } = await lan(1, () => ({}));
  const failure = await network.settle(one.links.connect(two.contact, patient)).catch((reason) => reason);
  expect(failure).toMatchObject({ code: 'BLOCKED', hint: expect.stringContaining('--relay') });
  await close();
});

test('a direct connection is not relayed, and takes the place of a relayed one', async () => {
  const { network, one, two, relay, close } = await lan(2);
  await network.settle(one.links.connect(two.contact, patient));
  expect(summaryOf(one, two)?.link.relayedBy).toBe('peer 3');
  network.host('10.0.0.2').firewalled = false;
  await network.clock.advanceAsync(2_000); // The address is in backoff after the failed dial.
  one.links.dialRequests.called({ peerId: two.contact.peerId, address: two.contact.address });
  await network.clock.advanceAsync(5_000);
  for (const [node, other] of [
    [one, two],
    [two, one],
  ] as const)
    expect(summaryOf(node, other)?.link.relayedBy).toBeUndefined();
  expect(await fetches(network, one, two)).toEqual(['verified', 'verified', 'verified']);
  await network.clock.advanceAsync(10_000);
  expect(relay.links.dialRequests.relayHost?.status.connections).toBe(0);
  await close();
});

test('when the relay goes, the link and its requests end, and another relay takes over', async () => {
  const { network, one, two, relay, close } = await lan(
    3,
    (number) => (number >= RELAY ? { relayLimit: 100 * MIB } : {}),
    4,
  );
  await network.settle(one.links.connect(two.contact, patient));
  const first = summaryOf(one, two)?.link.relayedBy;
  expect(['peer 3', 'peer 4']).toContain(first);
  if (first === 'peer 3') await network.settle(relay.links.close());
  await network.clock.advanceAsync(2_000);
  if (first === 'peer 3') {
    expect(summaryOf(one, two)).toBeUndefined();
    await network.clock.advanceAsync(10_000);
    expect(await fetches(network, one, two)).toEqual(['verified', 'verified', 'verified']);
    expect(summaryOf(one, two)?.link.relayedBy).toBe('peer 4');
  }
  await close();
});

test('the rate of all relayed connections is bounded, and the limits of the relaying peer hold as well', async () => {
  for (const options of [{ relayLimit: MIB }, { relayLimit: 100 * MIB, uploadLimit: MIB }]) {
    const { network, one, two, close } = await lan(4, (number) => (number === RELAY ? options : {}));
    await network.settle(one.links.connect(two.contact, patient));
    const startedMs = network.clock.nowMs();
    expect(await fetches(network, one, two, 8)).toEqual(Array(8).fill('verified'));
    const seconds = (network.clock.nowMs() - startedMs) / 1_000;
    expect(seconds).toBeGreaterThan(6);
    expect(seconds).toBeLessThan(12);
    await close();
  }
});

test('a peer takes part in 12 relayed connections at most; halves that nobody dials are forgotten after 10 s', async () => {
  const { network, one, two, relay, close } = await lan(5);
  const host = relay.links.dialRequests.relayHost ?? expect.fail();
  await network.settle(one.links.connect(relay.contact, patient));
  await network.settle(two.links.connect(relay.contact, patient));
  const { peerId } = two.contact;
  const from = {
    contact: one.contact,
    link: { via: undefined, remote: { host: '10.0.0.1' } },
    dials: {} as never,
    send: () => {},
  };
  for (let count = 0; count < 12; count++) await network.settle(host.grant(from, peerId));
  await expect(network.settle(host.grant(from, peerId))).rejects.toMatchObject({ code: 'REFUSED' });
  await network.clock.advanceAsync(11_000);
  await network.settle(host.grant(from, peerId));
  await close();
});

test('a token of another host, a second use, and garbage get nothing and are counted', async () => {
  const { network, one, two, relay, close } = await lan(6);
  const host = relay.links.dialRequests.relayHost ?? expect.fail();
  await network.settle(one.links.connect(relay.contact, patient));
  await network.settle(two.links.connect(relay.contact, patient));
  const from = {
    contact: one.contact,
    link: { via: undefined, remote: { host: '10.0.0.1' } },
    dials: {} as never,
    send: () => {},
  };
  const token = await network.settle(host.grant(from, two.contact.peerId));
  const preamble = encodePreamble('relayed');
  const shown = Buffer.concat([preamble, encodeLane({ type: 'token', token })]);
  const violations = () => relay.links.counters.violations;
  const knock = async (ip: string, bytes: Buffer) => {
    const seen: Buffer[] = [];
    let isClosed = false;
    const handler: StreamHandler = {
      data: (part) => seen.push(Buffer.from(part)),
      closed: () => {
        isClosed = true;
      },
    };
    const stream = await network.settle(network.host(ip).dial(relay.contact.address, handler));
    stream.write(bytes);
    await network.clock.advanceAsync(100);
    return { seen, isClosed };
  };
  expect(await knock('10.0.0.9', shown)).toEqual({ seen: [], isClosed: true });
  expect(await knock('10.0.0.9', Buffer.concat([preamble, Buffer.alloc(21, 9)]))).toEqual({
    seen: [],
    isClosed: true,
  });
  expect(violations()).toBe(2);
  expect((await knock('10.0.0.1', shown)).isClosed).toBe(false);
  expect((await knock('10.0.0.1', shown)).isClosed).toBe(true);
  expect(violations()).toBe(3);
  await close();
});

test('in the open network an encrypted lane that nobody relays is closed and counted', async () => {
  const { network, two, relay, close } = await lan(8);
  let isClosed = false;
  const handler = {
    closed: () => {
      isClosed = true;
    },
  };
  const stream = await network.settle(network.host('10.0.0.9').dial(relay.contact.address, handler));
  const lane = [simulatedHandshake(two.contact.peerId, 'lane'), encodePreamble('lane')];
  stream.write(Buffer.concat(lane));
  await network.clock.advanceAsync(100);
  expect(isClosed).toBe(true);
  expect(relay.links.counters.failedHandshakes).toBe(1);
  await close();
});

test('a relayed peer is not named to others: its address is an unverified claim', async () => {
  const { network, nodes, one, two, relay, close } = await lan(9, undefined, 4);
  const four = nodes[3] ?? expect.fail();
  const named: string[] = [];
  four.links.on('peerFound', ({ peerId }) => named.push(peerId));
  four.links.on('sourceFound', (_fileId, { peerId }) => named.push(peerId));
  await network.settle(one.links.connect(two.contact, patient));
  await network.settle(one.links.connect(four.contact, patient));
  const description = one.share.add('film', Buffer.alloc(3 * MIB, 7));
  // Both fetch the file of the first one, which names leechers to each other.
  for (const node of [two, four]) await network.settle(open(node, one, description.fileId));
  // And the first one knows the relayed one as a holder of another file.
  const song = Buffer.alloc(2 * MIB, 9);
  const [own] = [one, two].map(({ share }) => share.add('song', song));
  await network.settle(open(one, two, own?.fileId ?? expect.fail()));
  await network.settle(open(four, one, own?.fileId ?? expect.fail()));
  await network.clock.advanceAsync(130_000);
  expect(named).toContain(relay.contact.peerId);
  expect(named).not.toContain(two.contact.peerId);
  await close();
});

test('when the link of one of the two to the relay ends, so do their relayed connections', async () => {
  const { network, one, two, relay, close } = await lan(10);
  await network.settle(one.links.connect(two.contact, patient));
  expect(relay.links.dialRequests.relayHost?.status.connections).toBe(1);
  relay.links.ban(two.contact.peerId, two.contact.address);
  await network.clock.advanceAsync(3_000);
  expect(relay.links.dialRequests.relayHost?.status.connections).toBe(0);
  expect(summaryOf(one, two)).toBeUndefined();
  await close();
});
