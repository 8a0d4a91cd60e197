import { expect, test } from 'vitest';
import type { PeerContact, PeerSummary } from '../../../Peer/Model.ts';
import type { ChunkOutcome, Source } from '../../../Peer/Transfer.ts';
import { TransferTest } from '../../../Peer/UseCases/TransferTest.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { listAt, type Node, openAt, patient, startNode } from '../Network/links.ts';

const MIB = 1_048_576;

const known = ({ contact }: Node, linked = false): PeerSummary => ({
  ...contact,
  files: 1,
  bytes: 1,
  linked,
});

/** A tester on a host of its own, whose main thread is busy half of the time. */
async function tester(network: SimulatedNetwork, limit?: number) {
  const { links } = await startNode(network, 1);
  const options = { clock: network.clock, busyMs: () => network.clock.nowMs() / 2 };
  const access = {
    listFiles: (peer: PeerContact, folder: string) => listAt(links, peer, folder),
    openSource: openAt.bind(undefined, links),
    limitFor: () => limit,
  };
  return new TransferTest({ ...options, network: access });
}

test('chunks of the largest file are fetched for two seconds and dropped', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const test = await tester(network, 7_000_000);
  const anna = await startNode(network, 2, { uploadLimit: 5_000_000 });
  anna.share.add('small', Buffer.alloc(2 * MIB));
  const film = anna.share.add('film', Buffer.alloc(5 * MIB));
  const startMs = network.clock.nowMs();
  const measured = await network.settle(test.run([known(anna)], patient));
  expect(network.clock.nowMs() - startMs).toBeGreaterThanOrEqual(2_000);
  expect(network.clock.nowMs() - startMs).toBeLessThan(3_000);
  expect(measured).toMatchObject({ peer: { name: 'peer 2' }, queue: undefined, limit: 7_000_000 });
  expect(measured?.busy).toBeCloseTo(0.5);
  const rate = (measured?.bytes ?? 0) / (measured?.seconds ?? 1);
  expect(rate).toBeGreaterThan(3_000_000);
  expect(rate).toBeLessThan(9_000_000);
  expect(new Set(anna.share.reads.map(({ fileId }) => fileId))).toEqual(new Set([film.fileId]));
  // Nothing is requested afterwards.
  const { length } = anna.share.reads;
  await network.clock.advanceAsync(5_000);
  expect(anna.share.reads.length).toBe(length);
  expect(anna.links.uploads()).toEqual([]);
});

test('four pages of a list are read, or fewer when one has a large file', async () => {
  const clock = new SimulatedNetwork({ seed: 1 }).clock;
  const pagesRead = async (size: number) => {
    let pages = 0;
    const listFiles = async function* () {
      for (;;) {
        pages++;
        yield [{ fileId: 'a'.repeat(64) as FileId, path: 'a', size, modifiedMs: 0 }];
      }
    };
    const openSource = () => Promise.reject(new Error('gone'));
    const network = { listFiles, openSource, limitFor: () => undefined };
    const contact = { peerId: 'b'.repeat(64), name: 'b', address: { host: '10.0.0.2', port: 1 } };
    const peer = { ...contact, files: 1, bytes: 1, linked: true } as PeerSummary;
    await clock.settle(new TransferTest({ network, clock, busyMs: () => 0 }).run([peer], patient));
    return pages;
  };
  expect([await pagesRead(2 * MIB), await pagesRead(64 * MIB)]).toEqual([4, 1]);
});

test('a linked peer is tried first, and peers without a file are skipped', async () => {
  const network = new SimulatedNetwork({ seed: 2 });
  const test = await tester(network);
  const [empty, far, near] = [
    await startNode(network, 2),
    await startNode(network, 3, { uploadLimit: 5_000_000 }),
    await startNode(network, 4, { uploadLimit: 5_000_000 }),
  ];
  for (const { share } of [far, near]) share.add('film', Buffer.alloc(3 * MIB));
  empty.share.add('note', Buffer.alloc(MIB - 1));
  const peers = [known(far), known(empty, true), known(near, true)];
  expect((await network.settle(test.run(peers, patient)))?.peer.name).toBe('peer 4');
  expect(await network.settle(test.run([known(empty)], patient))).toBeUndefined();
});

test('a peer that cannot be reached is named with the reason', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const test = await tester(network);
  const gone = await startNode(network, 2);
  await network.settle(gone.links.close());
  const measured = await network.settle(test.run([known(gone)], patient));
  expect(measured).toMatchObject({ bytes: 0, failure: expect.any(String) });
});

test('an abort ends it early', async () => {
  const network = new SimulatedNetwork({ seed: 4 });
  const test = await tester(network);
  const anna = await startNode(network, 2, { uploadLimit: 5_000_000 });
  anna.share.add('film', Buffer.alloc(5 * MIB));
  const stopping = new AbortController();
  const running = test.run([known(anna)], stopping.signal);
  await network.clock.advanceAsync(1_000);
  stopping.abort();
  const startMs = network.clock.nowMs();
  await network.settle(running);
  expect(network.clock.nowMs() - startMs).toBeLessThan(10);
});

test('chunks of a file that is smaller than the window may end in any order', async () => {
  const network = new SimulatedNetwork({ seed: 5 });
  const { clock } = network;
  const open = new Map<number, (outcome: ChunkOutcome) => void>();
  let [requests, twice] = [0, 0];
  const source = {
    setChunkCount: () => {},
    cancel: () => {},
    close: () => {},
    request: (chunk: number) => {
      requests++;
      if (open.has(chunk)) twice++;
      return new Promise<ChunkOutcome>((resolve) => {
        open.set(chunk, resolve);
        // The last one requested ends first.
        clock.after(10, () => {
          const [last, end] = [...open].at(-1) ?? [];
          if (last !== undefined) open.delete(last);
          end?.({ kind: 'verified' });
        });
      });
    },
  } as unknown as Source;
  const { links } = await startNode(network, 1);
  const anna = await startNode(network, 2);
  anna.share.add('film', Buffer.alloc(3 * MIB));
  const access = {
    listFiles: (peer: PeerContact, folder: string) => listAt(links, peer, folder),
    openSource: async () => source,
    limitFor: () => undefined,
  };
  const test = new TransferTest({ network: access, clock, busyMs: () => 0 });
  await network.settle(test.run([known(anna)], patient));
  expect(requests).toBeGreaterThan(100);
  expect(twice).toBe(0);
});

test('three peers are tried at most', async () => {
  const network = new SimulatedNetwork({ seed: 5 });
  const test = await tester(network);
  const empty = [await startNode(network, 2), await startNode(network, 3), await startNode(network, 4)];
  const rich = await startNode(network, 5, { uploadLimit: 5_000_000 });
  rich.share.add('film', Buffer.alloc(3 * MIB));
  const peers = [...empty, rich].map((node) => known(node));
  expect(await network.settle(test.run(peers, patient))).toBeUndefined();
  expect((await network.settle(test.run(peers.slice(1), patient)))?.peer.name).toBe('peer 5');
});

test('a peer that does not list its files in time is named', async () => {
  const network = new SimulatedNetwork({ seed: 6 });
  const anna = await startNode(network, 2);
  const test = new TransferTest({
    clock: network.clock,
    busyMs: () => 0,
    network: {
      async *listFiles(_peer, _folder, signal) {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late'))));
        yield [];
      },
      openSource: () => Promise.reject(new Error('not asked')),
      limitFor: () => undefined,
    },
  });
  const startMs = network.clock.nowMs();
  const measured = await network.settle(test.run([known(anna)], patient));
  expect(measured?.failure).toBe('it does not answer in time');
  expect(network.clock.nowMs() - startMs).toBe(3_000);
});
