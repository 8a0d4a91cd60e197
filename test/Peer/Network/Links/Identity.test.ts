import { expect, test } from 'vitest';
import { controlOpening } from '../../../../Peer/Network/Links/Accepting/ControlOpening.ts';
import type { Incoming } from '../../../../Peer/Network/Ports.ts';
import { simulatedSecure } from '../../../../Simulator/SimulatedSecure.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { patient, peerIdOf, startNode } from '../links.ts';
import { handshake, hello, victim } from '../Stranger.ts';

test('a copied id neither takes over the link of its owner, nor offers in its name, nor gets it banned', async () => {
  const { network, node, stranger, close } = await victim();
  const friend = await startNode(network, 2);
  await network.settle(friend.links.connect(node.contact, patient));
  const offers: string[] = [];
  node.links.on('offered', (peer) => offers.push(peer.name));
  const thief = await stranger();
  // The impostor proves its own id, and claims that of the friend.
  await thief.send(handshake(66), hello(2));
  await network.clock.advanceAsync(2_000);
  expect([thief.closed, thief.heard]).toEqual([true, [{ type: 'bye', reason: 'protocol' }]]);
  expect(node.links.links().map(({ peer }) => peer.name)).toEqual(['peer 2']);
  expect(offers).toEqual([]);
  await network.settle(friend.links.close());
  const again = await startNode(network, 2);
  await network.settle(again.links.connect(node.contact, patient));
  await network.settle(again.links.close());
  await close();
});

test('a peer that answers in the place of another one gets no link, and does not learn who dialled', async () => {
  const { network, node, close } = await victim();
  const other = await startNode(network, 2);
  const joined: string[] = [];
  other.links.on('peerJoined', ({ name }) => joined.push(name));
  const wrong = { ...other.contact, peerId: peerIdOf(3) };
  await expect(network.settle(node.links.connect(wrong, patient))).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('another peer answers at 10.0.0.2:9002'),
  });
  await network.clock.advanceAsync(1_000);
  expect([node.links.links(), joined]).toEqual([[], []]);
  await network.settle(other.links.close());
  await close();
});

test('two requests for different peers at one address share one dial, and only one succeeds', async () => {
  const { network, node, close } = await victim();
  const other = await startNode(network, 2);
  const wrong = node.links.connect({ ...other.contact, peerId: peerIdOf(3) }, patient);
  const right = node.links.connect(other.contact, patient);
  wrong.catch(() => {});
  expect((await network.settle(right)).name).toBe('peer 2');
  await expect(network.settle(wrong)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await network.settle(other.links.close());
  await close();
});

test('handshakes are limited to 8 a second of one host and 200 in all; the others wait', () => {
  const clock = new SimulatedClock();
  let started = 0;
  const secure = {
    ...simulatedSecure(peerIdOf(1), () => Promise.reject(new Error('no dial')), clock),
    accept: () => void started++,
  };
  const opening = controlOpening({ secure, clock, accept: () => expect.fail(), failed: () => {} });
  const come = (host: string) => {
    const incoming: Incoming = {
      remote: { host, port: 1 },
      first: Buffer.from([0x16]),
      full: false,
      gone: false,
      stream: () => expect.fail(),
      socket: () => expect.fail(),
      settle: () => {},
    };
    opening.accept(incoming);
  };
  for (let number = 0; number < 100; number++) come('10.0.0.66');
  expect(started).toBe(32);
  clock.advance(1_000);
  expect(started).toBe(40);
  clock.advance(20_000);
  expect(started).toBe(100);
  for (let number = 0; number < 1_000; number++) come(`10.1.${number >> 8}.${number & 255}`);
  expect(started).toBe(100 + 256);
  clock.advance(1_000);
  expect(started).toBeGreaterThan(100 + 256 + 190);
  expect(started).toBeLessThanOrEqual(100 + 256 + 200);
  clock.advance(10_000);
  expect(started).toBe(1_100);
});
