import { expect, test } from 'vitest';
import { networkKeys } from '../../../Protocol/Private/NetworkKeys.ts';
import { sealedBind } from '../../../Protocol/Private/SealedSockets.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';

const LAB = networkKeys(new Uint8Array(16).fill(1)).datagram;
const OFFICE = networkKeys(new Uint8Array(16).fill(2)).datagram;
const HELLO = Buffer.from('hello');

/** Hosts in networks (`undefined`: the open one), with the datagrams received by each. */
async function hosts(keys: readonly (Uint8Array | undefined)[]) {
  const network = new SimulatedNetwork({ seed: 1 });
  const made = keys.map(async (key, index) => {
    const host = `10.0.0.${index + 1}`;
    const bindPlain = network.host(host).bindDatagram;
    const random = new SeededRandom(index + 1);
    const seen = { dropped: 0, received: [] as string[] };
    const bind =
      key === undefined
        ? bindPlain
        : sealedBind({
            bind: bindPlain,
            key,
            randomBytes: (count) => random.bytes(count),
            clock: network.clock,
            dropped: () => {
              seen.dropped++;
            },
          });
    const socket = await bind({ port: 6_881, host });
    socket.onMessage((bytes) => seen.received.push(Buffer.from(bytes).toString()));
    return { socket, seen };
  });
  return { network, made: await Promise.all(made) };
}

test('a datagram reaches members; strangers, and members from strangers, only drop and count', async () => {
  const { network, made } = await hosts([LAB, LAB, OFFICE, undefined]);
  const [ann = expect.fail(), ben = expect.fail(), clerk = expect.fail(), open = expect.fail()] = made;
  for (const { socket } of [ben, clerk, open]) ann.socket.send(HELLO, socket.local);
  open.socket.send(HELLO, ann.socket.local);
  clerk.socket.send(HELLO, ann.socket.local);
  await network.clock.runUntilIdle();
  expect(ben.seen).toEqual({ dropped: 0, received: ['hello'] });
  expect(clerk.seen).toEqual({ dropped: 1, received: [] });
  expect(open.seen.received).toHaveLength(1);
  expect(open.seen.received[0]).not.toContain('hello');
  expect(ann.seen).toEqual({ dropped: 2, received: [] });
});

test('a duplicated datagram is delivered once', async () => {
  const { network, made } = await hosts([LAB, LAB, undefined]);
  const [ann = expect.fail(), ben = expect.fail(), spy = expect.fail()] = made;
  const caught: Buffer[] = [];
  spy.socket.onMessage((bytes) => caught.push(Buffer.from(bytes)));
  ann.socket.send(HELLO, spy.socket.local);
  await network.clock.runUntilIdle();
  for (let count = 0; count < 3; count++) spy.socket.send(caught[0] ?? HELLO, ben.socket.local);
  await network.clock.runUntilIdle();
  expect(ben.seen).toEqual({ dropped: 2, received: ['hello'] });
});
