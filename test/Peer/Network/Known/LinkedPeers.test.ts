import { expect, test } from 'vitest';
import type { FileHolder, SearchHit } from '../../../../Peer/Model.ts';
import { withLinked } from '../../../../Peer/Network/Known/PeerAnswers.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { never, startManagers, timed } from '../managers.ts';
import { file, idOf, TrackerLan } from '../Trackers/TrackerLan.ts';

test('searches and locates include linked peers that the own tracker does not know', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.200');
  await lan.tracker('10.0.0.201');
  const at = (host: string, name: string) => ({
    configured: [{ host, port: 6_881 }],
    files: [name, 'both.txt'],
  });
  const [asker, other, near] = await startManagers(network, 1, [
    at('10.0.0.200', 'song.flac'),
    at('10.0.0.201', 'film.mkv'),
    at('10.0.0.200', 'near.mkv'),
  ]);
  if (asker === undefined || other === undefined || near === undefined) throw new Error('nobody');
  await network.clock.advanceAsync(3_000);
  const alone = await network.settle(asker.network.queries.search('film', never));
  expect(alone).toMatchObject({ trackers: 1, hits: [] });

  await network.settle(asker.network.links.connect(other.contact, never));
  const { value, ms } = await timed(network, asker.network.queries.search('film', never));
  expect(value).toMatchObject({ trackers: 1, peers: 1 });
  expect(value.hits.map(({ path }) => path)).toEqual(['film.mkv']);
  expect(ms).toBeLessThan(500);
  const both = await network.settle(asker.network.queries.search('both', never));
  expect(both.hits).toMatchObject([{ holderCount: 2 }]); // One of the tracker, one of the link.
  const holders = await network.settle(asker.network.queries.locate(file('film.mkv').fileId, never));
  expect(holders.map(({ peerId }) => peerId)).toEqual([other.contact.peerId]);
});

test('a holder named by tracker and peer counts once, and a hit with another size adds no holder', () => {
  const holder = (name: string): FileHolder => ({
    peerId: idOf(name) as PeerId,
    name,
    address: { host: '10.0.0.1', port: 9_001 },
    complete: true,
  });
  const hit = (size: number, ...holders: FileHolder[]): SearchHit => ({
    fileId: idOf('film') as FileId,
    size,
    path: 'film.mkv',
    holders,
    holderCount: holders.length,
  });
  const result = { hits: [hit(7, holder('ann'))], truncated: false, trackers: 1 };
  const more = withLinked(result, { hits: [hit(7, holder('ann'), holder('ben'))], truncated: false }, 2);
  expect(more.hits).toMatchObject([{ holderCount: 2, holders: [{ name: 'ann' }, { name: 'ben' }] }]);
  const liar = withLinked(result, { hits: [hit(8, holder('ben'))], truncated: false }, 1);
  expect(liar.hits).toMatchObject([{ size: 7, holderCount: 1 }]);
});
