import { expect, test } from 'vitest';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { encodeLane, encodePreamble } from '../../../Protocol/PeerMessages.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { type Node, open, openAt, patient, requestAll, startNode, watcher } from './links.ts';
import { MemoryPart } from './MemoryShare.ts';

const MIB = 1_048_576;

/** Peers 1, 2, 3 … Those named are behind a firewall that drops connections from other hosts. */
async function peers(count: number, ...firewalled: readonly number[]) {
  const network = new SimulatedNetwork({ seed: 11 });
  for (const number of firewalled) network.host(`10.0.0.${number}`).firewalled = true;
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => startNode(network, index + 1)));
  const link = (from: Node, to: Node) => network.settle(from.links.connect(to.contact, patient));
  const close = () => network.settle(Promise.all(nodes.map(({ links }) => links.close())));
  return { network, nodes, link, close };
}

/** Fetches 3 MiB from a peer; returns the outcomes. */
async function fetches(network: SimulatedNetwork, to: Node, from: Node) {
  const description = from.share.add('film', Buffer.alloc(3 * MIB, 7));
  const { seen, events } = watcher();
  const source = await network.settle(open(to, from, description.fileId, events));
  source.setChunkCount(3);
  const part = new MemoryPart(description);
  const outcomes = await network.settle(requestAll(source, description, part));
  source.close();
  return { kinds: outcomes.map(({ kind }) => kind), seen };
}

function waysOf({ links }: Node) {
  return links.links().map(({ link }) => link.lanes);
}

const ALL = ['verified', 'verified', 'verified'];

test('a peer behind a firewall gives: it dials the lane that the other one cannot dial', async () => {
  const { network, nodes, link, close } = await peers(2, 1);
  const [closed = expect.fail(), free = expect.fail()] = nodes;
  await link(closed, free);
  const { kinds, seen } = await fetches(network, free, closed);
  expect(kinds).toEqual(ALL);
  expect(seen.bytes).toBe(3 * MIB);
  expect([free, closed].map(waysOf)).toEqual([
    [{ encrypted: false, receiving: 'by them', sending: undefined }],
    [{ encrypted: false, receiving: undefined, sending: 'by us' }],
  ]);
  expect(free.links.counters.violations + closed.links.counters.violations).toBe(0);
  await close();
});

test('the other direction needs no such lane', async () => {
  const { network, nodes, link, close } = await peers(2, 1);
  const [closed = expect.fail(), free = expect.fail()] = nodes;
  await link(closed, free);
  const startedMs = network.clock.nowMs();
  expect((await fetches(network, closed, free)).kinds).toEqual(ALL);
  expect(network.clock.nowMs() - startedMs).toBeLessThan(1_000);
  expect([free, closed].map(waysOf)).toEqual([
    [{ encrypted: false, receiving: undefined, sending: 'by them' }],
    [{ encrypted: false, receiving: 'by us', sending: undefined }],
  ]);
  await close();
});

test('without a link, a peer linked to both passes the call on', async () => {
  const { network, nodes, link, close } = await peers(3, 1);
  const [closed = expect.fail(), free = expect.fail(), common = expect.fail()] = nodes;
  await link(closed, common);
  await link(free, common);
  expect((await fetches(network, free, closed)).kinds).toEqual(ALL);
  expect(closed.links.links().map(({ peer }) => peer.name)).toContain('peer 2');
  await close();
});

test.each([
  ['is said to be undialable: called at once, and not dialled in vain', true, 0],
  ['is not known to be undialable: called after 0.3 s without an answer', undefined, 1],
] as const)(
  'the first byte of a peer behind a firewall comes within a second; it %s',
  async (_what, undialable, dialled) => {
    const network = new SimulatedNetwork({ seed: 11 });
    network.host('10.0.0.1').firewalled = true;
    const closed = await startNode(network, 1);
    const { dial } = network.host('10.0.0.2');
    let dials = 0;
    const free = await startNode(network, 2, {
      dial: (...args) => {
        dials++;
        return dial(...args);
      },
      callByTracker: async () => {
        closed.links.dialRequests.called({ peerId: free.contact.peerId, address: free.contact.address });
      },
    });
    const description = closed.share.add('film', Buffer.alloc(3 * MIB, 7));
    const contact = { ...closed.contact, undialable };
    const startedMs = network.clock.nowMs();
    const source = await network.settle(
      openAt(free.links, contact, description.fileId, watcher().events, patient),
    );
    source.setChunkCount(3);
    await network.settle(requestAll(source, description, new MemoryPart(description)));
    expect(network.clock.nowMs() - startedMs).toBeLessThan(1_000);
    expect(dials).toBe(dialled);
    await network.settle(Promise.all([free.links.close(), closed.links.close()]));
  },
);

test('a peer that is a round trip of 0.2 s away is not called: it accepts the connection, and the handshake takes longer', async () => {
  const network = new SimulatedNetwork({ seed: 11, latencyMs: [100, 100] });
  let calls = 0;
  const callByTracker = async () => {
    calls++;
  };
  const [near, far] = [await startNode(network, 1, { callByTracker }), await startNode(network, 2)];
  await network.settle(near.links.connect(far.contact, patient));
  expect(network.clock.nowMs()).toBeGreaterThan(300);
  expect(calls).toBe(0);
  await network.settle(Promise.all([near.links.close(), far.links.close()]));
});

test('a call that nobody passes on is followed by a dial at once: the report was wrong', async () => {
  const { network, nodes, close } = await peers(2);
  const [one = expect.fail(), other = expect.fail()] = nodes;
  const startedMs = network.clock.nowMs();
  await network.settle(one.links.connect({ ...other.contact, undialable: true }, patient));
  expect(network.clock.nowMs() - startedMs).toBeLessThan(500);
  await close();
});

test('a peer that refused the dial counts as gone while its call is pending, until it is linked', async () => {
  const network = new SimulatedNetwork({ seed: 11 });
  const node = await startNode(network, 2, { callByTracker: async () => {} });
  const other = await startNode(network, 1);
  const { contact } = other;
  await network.settle(other.links.close());
  expect(node.links.dialFailed(contact)).toBe(false);
  const linking = network.settle(node.links.connect(contact, patient));
  linking.catch(() => {});
  await network.clock.advanceAsync(250);
  expect(node.links.dialFailed(contact)).toBe(true);
  await expect(linking).rejects.toMatchObject({ code: 'BLOCKED' });
  const again = await startNode(network, 1);
  const relinking = network.settle(node.links.connect(contact, patient));
  expect(node.links.dialFailed(contact)).toBe(false);
  await relinking;
  expect(node.links.dialFailed(contact)).toBe(false);
  await network.settle(Promise.all([node.links.close(), again.links.close()]));
});

test('a peer that accepts connections and is silent, as when asleep, is not described as blocked', async () => {
  const network = new SimulatedNetwork({ seed: 11 });
  const node = await startNode(network, 1, { callByTracker: async () => {} });
  const address = { host: '10.0.0.2', port: 9_000 };
  await network.host(address.host).listen(address.port, () => ({ closed: () => {} }));
  const connect = () =>
    network.settle(
      node.links.connect({ name: 'asleep', address, peerId: '2'.repeat(64) as PeerId }, patient),
    );
  await expect(connect()).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(connect()).rejects.toMatchObject({ code: 'TIMEOUT' }); // The address rests.
  await network.settle(node.links.close());
});

test('two peers behind firewalls learn that neither can connect to the other', async () => {
  const { network, nodes, link, close } = await peers(3, 1, 2);
  const [one = expect.fail(), other = expect.fail(), common = expect.fail()] = nodes;
  await link(one, common);
  await link(other, common);
  const linking = network.settle(one.links.connect(other.contact, patient));
  await expect(linking).rejects.toMatchObject({ code: 'BLOCKED' });
  // The address was dialled once, and rests.
  await expect(network.settle(one.links.connect(other.contact, patient))).rejects.toMatchObject({
    code: 'BLOCKED',
  });
  await close();
});

test('a lane that was not requested is closed and counted', async () => {
  const { network, nodes, close } = await peers(2);
  const [, victim = expect.fail()] = nodes;
  let isClosed = false;
  const stream = await network.settle(
    network.host('10.0.0.9').dial(victim.contact.address, {
      closed: () => {
        isClosed = true;
      },
    }),
  );
  stream.write(
    Buffer.concat([encodePreamble('backLane'), encodeLane({ type: 'token', token: '00'.repeat(16) })]),
  );
  await network.clock.advanceAsync(100);
  expect(isClosed).toBe(true);
  expect(victim.links.counters.violations).toBe(1);
  await close();
});

test('a call dials no port of a system service, and not every call of a flood', async () => {
  const { network, nodes, close } = await peers(1);
  const [called = expect.fail()] = nodes;
  let dials = 0;
  const listener = network.host('10.9.0.1');
  for (let port = 9_000; port < 9_100; port++)
    await listener.listen(port, () => {
      dials++;
      return { closed: () => {} };
    });
  await listener.listen(25, () => {
    dials += 1_000;
    return { closed: () => {} };
  });
  called.links.dialRequests.called({
    peerId: 'ab'.repeat(32) as never,
    address: { host: '10.9.0.1', port: 25 },
  });
  for (let port = 9_000; port < 9_100; port++)
    called.links.dialRequests.called({
      peerId: 'ab'.repeat(32) as never,
      address: { host: '10.9.0.1', port },
    });
  await network.clock.advanceAsync(500);
  expect(dials).toBeGreaterThan(0);
  expect(dials).toBeLessThanOrEqual(34);
  await close();
});
