import { expect, test } from 'vitest';
import { FrameDecoder } from '../../../../Protocol/FrameDecoder.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { FILE_BYTES_MAX, PEER_WORDS_BURST } from '../../../../Protocol/Limits.ts';
import {
  type ControlMessage,
  type ControlOf,
  decodeControl,
  encodeControl,
} from '../../../../Protocol/PeerMessages.ts';
import type { RelayedFile } from '../../../../Protocol/RelayMessages.ts';
import type { ByteStream } from '../../../../Shared/Network/Transport.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { instanceOf, peerIdOf } from '../links.ts';
import { type Managed, never, startManager, startManagers, timed } from '../managers.ts';
import { handshake, handshakeSkipper } from '../Stranger.ts';
import { file, idOf } from '../Trackers/TrackerLan.ts';

/** A program that links to a peer and sends the messages of a test. */
async function stranger(
  network: SimulatedNetwork,
  to: Managed,
  number: number,
  answer: (query: ControlOf<'query'>) => readonly ControlMessage[] = () => [],
) {
  const decoder = new FrameDecoder(65_536);
  const afterHandshake = handshakeSkipper();
  const heard: ControlMessage[] = [];
  let stream: ByteStream | undefined;
  let closed = false;
  const say = (...messages: readonly ControlMessage[]) =>
    stream?.write(Buffer.concat(messages.map(encodeControl)));
  stream = await network.settle(
    network.host(`10.0.0.${number}`).dial(to.contact.address, {
      data: (bytes) => {
        for (const { type, body } of decoder.push(afterHandshake(bytes))) {
          const message = decodeControl(type, body);
          if (message === undefined) continue;
          heard.push(message);
          if (message.type === 'query') say(...answer(message));
        }
      },
      closed: () => {
        closed = true;
      },
    }),
  );
  stream.write(handshake(number));
  say({
    type: 'hello',
    version: 2,
    peerId: peerIdOf(number),
    instanceId: instanceOf(number),
    name: `stranger ${number}`,
    port: 9_000 + number,
    features: 0xffff_ffff,
  });
  await network.clock.advanceAsync(100);
  return { heard, say, isClosed: () => closed };
}

const lie = (path: string, change: Partial<RelayedFile> = {}): RelayedFile => ({
  fileId: idOf(`lie ${path}`) as FileId,
  size: 5,
  path,
  complete: true,
  ...change,
});

test('a peer that floods queries gets 16 answers, then refusals; other peers are still answered', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const victim = await startManager(network, 1, { files: ['a film'] });
  const asker = await stranger(network, victim, 66);
  const question = { words: 'film', fileId: undefined };
  for (let requestId = 1; requestId <= 500; requestId++) asker.say({ type: 'query', requestId, question });
  await network.clock.advanceAsync(1_000);
  const hits = asker.heard.filter(({ type }) => type === 'hits');
  expect(hits.length).toBeGreaterThanOrEqual(PEER_WORDS_BURST);
  expect(hits.length).toBeLessThanOrEqual(PEER_WORDS_BURST + 1);
  expect(asker.heard.filter((each) => each.type === 'refused' && each.code === 'busy')).toHaveLength(
    500 - hits.length,
  );
  const friend = await startManager(network, 2);
  await network.settle(friend.network.links.connect(victim.contact, never));
  expect((await network.settle(friend.network.queries.search('film', never))).hits).toHaveLength(1);
  await network.clock.advanceAsync(5_000);
  asker.say({ type: 'query', requestId: 501, question });
  await network.clock.advanceAsync(100);
  expect(asker.heard.at(-1)?.type).toBe('hits');
});

test('a peer answers queries only about its own share', async () => {
  const network = new SimulatedNetwork({ seed: 2 });
  const [middle, far] = await startManagers(network, 1, [
    { files: ['a film', 'a song'] },
    { files: ['b film'] },
  ]);
  if (middle === undefined || far === undefined) throw new Error('nobody');
  await network.settle(middle.network.links.connect(far.contact, never));
  const asker = await stranger(network, middle, 66);
  asker.say({ type: 'query', requestId: 1, question: { words: 'film', fileId: undefined } });
  await network.clock.advanceAsync(3_000);
  expect(asker.heard.filter(({ type }) => type === 'hits')).toEqual([
    { type: 'hits', requestId: 1, files: [expect.objectContaining({ path: 'a film' })] },
  ]);
});

test('answers are validated: files that do not match, are impossible or arrive late are no hits', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const asker = await startManager(network, 1);
  const honest = await startManager(network, 2, { files: ['a film'] });
  await network.settle(honest.network.links.connect(asker.contact, never));
  const { fileId, size } = file('a film');
  await stranger(network, asker, 60, ({ requestId }) => [
    {
      type: 'hits',
      requestId,
      files: [
        lie('holiday pictures'),
        lie('', { fileId }),
        lie('film of impossible size', { size: FILE_BYTES_MAX + 1 }),
        lie('film of another size', { fileId, size: size + 1 }),
        lie('film \u001b[2J'),
      ],
    },
  ]);
  await stranger(network, asker, 61); // Does not answer.
  const late: (() => void)[] = [];
  const slow = await stranger(network, asker, 62, ({ requestId }) => {
    late.push(() => slow.say({ type: 'hits', requestId, files: [lie('late film')] }));
    return [];
  });
  const { value, ms } = await timed(network, asker.network.queries.search('film', never));
  expect(ms).toBeLessThanOrEqual(1_000);
  expect(value.hits.map(({ path }) => path)).toEqual(['film \u001b[2J', 'a film']);
  expect(value.hits[1]).toMatchObject({
    fileId,
    size,
    holderCount: 2,
    holders: [{ name: 'peer 2' }, { name: 'stranger 60' }],
  });
  for (const say of late) say();
  await network.clock.advanceAsync(100);
  expect(slow.isClosed()).toBe(false);
  const holders = await network.settle(asker.network.queries.locate(fileId, never));
  expect(holders.map(({ name }) => name).toSorted()).toEqual(['peer 2', 'stranger 60']); // A claim: its chunks will be validFiles.
});

test('an answer of another kind ends the link', async () => {
  const network = new SimulatedNetwork({ seed: 4 });
  const asker = await startManager(network, 1);
  const odd = await stranger(network, asker, 60, ({ requestId }) => [
    { type: 'laneGrant', requestId, token: '00'.repeat(16) },
  ]);
  await network.settle(asker.network.queries.search('film', never));
  await network.clock.advanceAsync(100);
  expect(odd.isClosed()).toBe(true);
  expect(asker.network.health()).toMatchObject({
    violations: 1,
    refusedConnections: 0,
    descriptors: { used: 20, allowed: 1_024 },
  });
});

test('thousands of invented peers and trackers cause few entries and few dials', async () => {
  const network = new SimulatedNetwork({ seed: 5 });
  const victim = await startManager(network, 1, { discovery: true, files: ['a film'] });
  const dials: string[] = [];
  const liar = await stranger(network, victim, 66);
  for (let round = 0; round < 200; round++) {
    const peers = Array.from({ length: 50 }, (_, index) => ({
      peerId: peerIdOf(1_000 + round * 50 + index),
      address: { host: '10.0.9.9', port: 2_000 + round * 50 + index },
    }));
    liar.say({ type: 'peers', fileId: undefined, peers });
    liar.say({ type: 'tracker', address: { host: '10.0.9.9', port: 7_000 + round }, onMyHost: false });
  }
  network.socket('10.0.9.9', 7_150).onMessage(() => dials.push('tracker'));
  const listener = await network.settle(
    network.host('10.0.9.9').listen(2_000, () => {
      dials.push('peer');
      return { closed: () => {} };
    }),
  );
  await network.clock.advanceAsync(60_000);
  expect(dials.length).toBeLessThanOrEqual(3); // The same address three times at most, and no tracker beyond the first few.
  expect(dials).not.toContain('tracker');
  expect(liar.isClosed()).toBe(false);
  await network.settle(listener.close());
});
