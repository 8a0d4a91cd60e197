import { expect, test } from 'vitest';
import { TURN_UNLIMITED, UPLOAD_SLOTS } from '../../../Protocol/Limits.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { open, startNode, watcher } from './links.ts';
import { MemoryPart } from './MemoryShare.ts';

const MIB = 1_048_576;

/** One seeder of 1 MB/s, and leechers that record their turns. */
async function queue(count: number) {
  const network = new SimulatedNetwork({ seed: 4 });
  const seeder = await startNode(network, 1, { uploadLimit: 1_000_000 });
  const description = seeder.share.add('film', Buffer.alloc(8 * MIB));
  const leechers = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const node = await startNode(network, index + 2);
      const { seen, events } = watcher();
      const turns: number[] = [];
      const opened = open(node, seeder, description.fileId, {
        ...events,
        turn: (bytes) => turns.push(bytes),
      });
      const source = await network.settle(opened);
      source.setChunkCount(8);
      const part = new MemoryPart(description);
      return {
        node,
        seen,
        turns,
        source,
        ask: (chunk: number) => source.request(chunk, MIB, part.writer(chunk)),
      };
    }),
  );
  const close = () =>
    network.settle(
      Promise.all([seeder, ...leechers.map(({ node }) => node)].map(({ links }) => links.close())),
    );
  return { network, seeder, leechers, close };
}

test('a leecher alone in the queue gets an unbounded turn at once', async () => {
  const { network, leechers, close } = await queue(1);
  const [{ source, turns } = expect.fail()] = leechers;
  expect(source.lineUp?.()).toBe(true);
  await network.clock.advanceAsync(100);
  expect(turns).toEqual([TURN_UNLIMITED]);
  await close();
});

test('a queued leecher gets its turn after one of those before it, and loses a turn that it does not use', async () => {
  const { network, seeder, leechers, close } = await queue(UPLOAD_SLOTS + 2);
  const working = leechers.slice(0, UPLOAD_SLOTS).map(({ ask }) => ask(0));
  await network.clock.advanceAsync(100);
  const [waiter = expect.fail(), last = expect.fail()] = leechers.slice(UPLOAD_SLOTS);
  waiter.source.lineUp?.();
  await network.clock.advanceAsync(50);
  last.source.lineUp?.();
  await network.clock.advanceAsync(1_000);
  expect(waiter.turns).toEqual([]);
  expect(waiter.seen.places).toContain(1);
  await network.settle(Promise.all(working));
  await network.clock.advanceAsync(300);
  // The first requests nothing: its turn passes to the last, which does.
  expect([waiter.turns.length, last.turns.length]).toEqual([1, 1]);
  expect(seeder.links.uploads()).toEqual([]);
  await close();
});

test('a queued request can be withdrawn; one that is being sent completes', async () => {
  const { network, leechers, close } = await queue(UPLOAD_SLOTS + 1);
  const working = leechers.slice(0, UPLOAD_SLOTS).map(({ ask }) => ask(0));
  await network.clock.advanceAsync(100);
  const last = leechers[UPLOAD_SLOTS] ?? expect.fail();
  const waiting = last.ask(1);
  await network.clock.advanceAsync(100);
  last.source.withdraw?.(1);
  expect(await network.settle(waiting)).toEqual({ kind: 'rejected', code: 'cancelled' });
  leechers[0]?.source.withdraw?.(0);
  const outcomes = await network.settle(Promise.all(working));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['verified']));
  await close();
});

test('a queued request can be withdrawn while another chunk is sent, which completes', async () => {
  const { network, leechers, close } = await queue(1);
  const [{ ask, source } = expect.fail()] = leechers;
  const [first, second, third] = [ask(0), ask(1), ask(2)];
  await network.clock.advanceAsync(500);
  source.withdraw?.(1);
  source.cancel(2);
  expect(await network.settle(second)).toEqual({ kind: 'rejected', code: 'cancelled' });
  expect(await network.settle(third)).toEqual({ kind: 'cancelled' });
  expect((await network.settle(first)).kind).toBe('verified');
  expect((await network.settle(ask(3))).kind).toBe('verified');
  await close();
});

test('the outcome of a cancelled request is reported as cancelled', async () => {
  const network = new SimulatedNetwork({ seed: 4, latencyMs: [20, 20] });
  const [seeder, leecher] = [await startNode(network, 1), await startNode(network, 2)];
  const description = seeder.share.add('film', Buffer.alloc(8 * MIB));
  const { events } = watcher();
  let late = 0;
  const opened = open(leecher, seeder, description.fileId, {
    ...events,
    late: (bytes) => {
      late += bytes;
    },
  });
  const source = await network.settle(opened);
  const part = new MemoryPart(description);
  const outcomes = Promise.all([0, 1, 2].map((chunk) => source.request(chunk, MIB, part.writer(chunk))));
  await network.clock.advanceAsync(150);
  for (const chunk of [0, 1, 2]) source.cancel(chunk);
  await network.settle(outcomes);
  await network.clock.advanceAsync(1_000);
  expect(leecher.links.totals().received).toBeGreaterThan(0);
  expect(late).toBeGreaterThan(0);
  await network.settle(Promise.all([seeder.links.close(), leecher.links.close()]));
});
