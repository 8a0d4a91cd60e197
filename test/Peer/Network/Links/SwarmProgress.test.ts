import { expect, test } from 'vitest';
import { Growth } from '../../../../Peer/Network/Links/Content/Growth.ts';
import { Bitfield } from '../../../../Protocol/Bitfield.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { type Node, open, startNode } from '../links.ts';

const MIB = 1_048_576;

/** The chunks of one node as known by another: their number, or `all`; undefined: unknown. */
function seenBy(node: Node, other: Node, fileId: Parameters<Node['links']['swarm']>[0]) {
  const sight = node.links.swarm(fileId).find(({ peer }) => peer.peerId === other.contact.peerId);
  return sight && (sight.have === 'all' || sight.have.complete ? 'all' : sight.have.count);
}

/** The node's unfinished file: set bits are chunks that it has. */
function begun({ share }: Node, bytes: number): Bitfield {
  const held = share.holdings(share.add('film', new SeededRandom(1).bytes(bytes), 'nothing').fileId);
  if (held instanceof Bitfield) return held;
  throw new Error('a file that is here already');
}

async function trio(seed: number) {
  const network = new SimulatedNetwork({ seed });
  const nodes = [
    await startNode(network, 1),
    await startNode(network, 2),
    await startNode(network, 3),
  ] as const;
  const close = () => network.settle(Promise.all(nodes.map(({ links }) => links.close())));
  return { network, nodes, close };
}

test('a seeder sees the progress of its leecher, from before the first chunk to the last', async () => {
  const { network, nodes, close } = await trio(1);
  const [seeder, leecher] = nodes;
  const description = seeder.share.add('film', new SeededRandom(1).bytes(8 * MIB));
  const { fileId } = description;
  const complete: string[] = [];
  seeder.links.on('hasAll', (peerId) => complete.push(peerId));
  const source = await network.settle(open(leecher, seeder, fileId));
  source.setChunkCount(8);
  await network.clock.advanceAsync(200);
  expect(seenBy(seeder, leecher, fileId)).toBe(0);
  expect(seenBy(leecher, seeder, fileId)).toBe('all');

  // It resumes with chunks of an earlier run.
  const held = begun(leecher, 8 * MIB);
  for (const chunk of [0, 1]) held.set(chunk);
  leecher.links.announcements.holdings(fileId);
  for (const chunk of [5, 6, 7]) {
    held.set(chunk);
    leecher.links.announcements.have(fileId, chunk);
    await network.clock.advanceAsync(1_000);
  }
  expect(seenBy(seeder, leecher, fileId)).toBe(5);
  const [sight] = seeder.links.swarm(fileId);
  expect(sight?.bytesPerSecond).toBeGreaterThan(0.3 * MIB);
  expect(complete).toEqual([]);
  for (const chunk of [2, 3, 4]) {
    held.set(chunk);
    leecher.links.announcements.have(fileId, chunk);
  }
  await network.clock.advanceAsync(200);
  expect(complete).toContain(leecher.contact.peerId);
  expect(seenBy(seeder, leecher, fileId)).toBe('all');
  source.close();
  await network.clock.advanceAsync(40_000);
  expect(seenBy(seeder, leecher, fileId)).toBe('all');
  expect(seenBy(leecher, seeder, fileId)).toBe('all');
  await close();
});

test('a finished leecher still sees the other one; a cancelled leecher is no longer seen', async () => {
  const { network, nodes, close } = await trio(2);
  const [seeder, fast, slow] = nodes;
  const description = seeder.share.add('film', new SeededRandom(1).bytes(4 * MIB));
  const { fileId } = description;
  const [fastBits, slowBits] = [begun(fast, 4 * MIB), begun(slow, 4 * MIB)];
  slowBits.set(0);
  const sources = await network.settle(
    Promise.all([open(fast, seeder, fileId), open(fast, slow, fileId), open(slow, fast, fileId)]),
  );
  for (const source of sources) source.setChunkCount(4);
  for (let chunk = 0; chunk < 4; chunk++) {
    fastBits.set(chunk);
    fast.links.announcements.have(fileId, chunk);
  }
  await network.clock.advanceAsync(200);
  // It is done, and has closed all its sources.
  sources[0].close();
  sources[1].close();
  await network.clock.advanceAsync(200);
  slowBits.set(2);
  slow.links.announcements.have(fileId, 2);
  await network.clock.advanceAsync(200);
  expect(seenBy(fast, slow, fileId)).toBe(2);
  expect(seenBy(slow, fast, fileId)).toBe('all');
  // It cancels.
  sources[2].close();
  await network.clock.advanceAsync(200);
  expect(seenBy(fast, slow, fileId)).toBeUndefined();
  await close();
});

test('two leechers that finish at the same moment, and their seeder, see each other as complete', async () => {
  const { network, nodes, close } = await trio(3);
  const [seeder, ...leechers] = nodes;
  const [one, other] = leechers;
  const { fileId } = seeder.share.add('film', new SeededRandom(1).bytes(4 * MIB));
  const bits = leechers.map((node) => begun(node, 4 * MIB));
  for (const held of bits) held.set(0);
  const sources = await network.settle(
    Promise.all([
      open(one, seeder, fileId),
      open(other, seeder, fileId),
      open(one, other, fileId),
      open(other, one, fileId),
    ]),
  );
  for (const source of sources) source.setChunkCount(4);
  await network.clock.advanceAsync(200);
  for (const [index, { links }] of leechers.entries()) {
    for (const chunk of [1, 2, 3]) {
      bits[index]?.set(chunk);
      links.announcements.have(fileId, chunk);
    }
  }
  for (const source of sources) source.close();
  await network.clock.advanceAsync(200);
  expect(leechers.map((leecher) => seenBy(seeder, leecher, fileId))).toEqual(['all', 'all']);
  expect([seenBy(one, other, fileId), seenBy(other, one, fileId)]).toEqual(['all', 'all']);
  await close();
});

test('earlier chunks are no growth, even if one of them was announced first', async () => {
  const { network, nodes, close } = await trio(4);
  const [seeder, leecher] = nodes;
  const { fileId } = seeder.share.add('film', new SeededRandom(1).bytes(64 * MIB));
  const source = await network.settle(open(leecher, seeder, fileId));
  source.setChunkCount(64);
  const held = begun(leecher, 64 * MIB);
  held.set(0);
  leecher.links.announcements.have(fileId, 0);
  await network.clock.advanceAsync(500);
  for (let chunk = 1; chunk < 40; chunk++) held.set(chunk);
  leecher.links.announcements.holdings(fileId);
  for (const chunk of [40, 41]) {
    await network.clock.advanceAsync(1_000);
    held.set(chunk);
    leecher.links.announcements.have(fileId, chunk);
  }
  await network.clock.advanceAsync(500);
  const [sight] = seeder.links.swarm(fileId);
  expect(seenBy(seeder, leecher, fileId)).toBe(42);
  expect(sight?.bytesPerSecond).toBeLessThan(1.1 * MIB);
  await close();
});

test('growth is the number of chunks of the last half minute', () => {
  const growth = new Growth();
  expect(growth.perSecond(0)).toBe(0);
  for (let second = 0; second <= 60; second++)
    growth.add(second < 30 ? second : 30 + 2 * (second - 30), second * 1_000);
  expect(growth.perSecond(60_000)).toBeCloseTo(2);
  expect(growth.perSecond(75_000)).toBeCloseTo(1);
  expect(growth.perSecond(200_000)).toBe(0);
  for (let ms = 200_000; ms < 201_000; ms += 10) growth.add(90 + (ms - 200_000) / 10, ms);
  expect(growth.perSecond(201_000)).toBeCloseTo(99, -1);
});
