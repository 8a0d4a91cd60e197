import { expect, test } from 'vitest';
import { SeededRandom } from '../../Support/SeededRandom.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { collect, open, patient, requestAll, startNode, watcher } from './links.ts';
import { MemoryPart } from './MemoryShare.ts';

test('lists, describes and fetches a file, chunk by chunk', async () => {
  const network = new SimulatedNetwork({ seed: 1, latencyMs: [1, 5] });
  const [seeder, leecher] = [await startNode(network, 1), await startNode(network, 2)];
  const bytes = new SeededRandom(5).bytes(3_500_000);
  const { fileId } = seeder.share.add('films/one.mkv', bytes);

  const files = await network.settle(collect(leecher.links.listFiles(seeder.contact, '', patient)));
  expect(files).toEqual(seeder.share.list(''));

  const { seen, events } = watcher();
  const source = await network.settle(open(leecher, seeder, fileId, events));
  expect(source.have).toBeUndefined();
  const description = await network.settle(source.describe(patient));
  const part = new MemoryPart(description);
  const outcomes = await network.settle(requestAll(source, description, part));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['verified', 'verified', 'verified', 'verified']);
  expect(part.bytes.equals(bytes)).toBe(true);
  expect(seen.bytes).toBe(bytes.length);
  expect(leecher.links.totals()).toEqual({ sent: 0, received: bytes.length });
  expect(seeder.links.totals()).toEqual({ sent: bytes.length, received: 0 });

  await network.settle(Promise.all([seeder.links.close(), leecher.links.close()]));
  expect(seen.left).toHaveLength(1);
  await network.clock.runUntilIdle();
});
