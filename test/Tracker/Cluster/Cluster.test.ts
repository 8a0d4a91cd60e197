import { describe, expect, test } from 'vitest';
import { rankHits } from '../../../Protocol/HitOrder.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { SEARCH_HITS_MAX } from '../../../Protocol/Limits.ts';
import { NO_TOKEN } from '../../../Protocol/PeerProof.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';
import { heartbeatOf, idOf } from '../peers.ts';
import { addressOf, contentOf, Fleet } from './Fleet.ts';

/** Three trackers with a peer each: peer 1 at tracker 0, 2 at 1, 3 at 2. */
async function three(options: ConstructorParameters<typeof Fleet>[1] = {}) {
  const fleet = new Fleet(3, options);
  for (const number of [1, 2, 3]) fleet.join(number - 1, number, [`song ${number}.mp3`, 'song of all.mp3']);
  await fleet.clock.advanceAsync(6_000);
  return fleet;
}

describe('a search at one tracker answers for all', () => {
  test('and says so; the own part is sent at once', async () => {
    const fleet = await three();
    const from = addressOf(1);
    const pages = await fleet.answers('found', 0, from, { type: 'search', words: 'song', cursor: 0 });
    expect(pages.map(({ part }) => part)).toEqual(['index', 'last']);
    expect(pages[0]).toMatchObject({ total: 2, hits: [{ path: 'song 1.mp3' }, { path: 'song of all.mp3' }] });
    expect(pages[0]).not.toHaveProperty('trackers');
    expect(pages[1]).toMatchObject({ total: 4, trackers: { answered: 3, known: 3 } });
    const all = pages[1]?.hits.find(({ path }) => path === 'song of all.mp3');
    expect(all).toMatchObject({ holderCount: 2, holders: [{ peerId: idOf(2) }, { peerId: idOf(3) }] });
    expect((await fleet.found(2, addressOf(3), 'song')).paths).toHaveLength(4);
  });

  test('also for an address that is not registered', async () => {
    const fleet = await three();
    expect((await fleet.found(0, { host: '10.8.0.1', port: 7 }, 'song')).paths).toHaveLength(4);
  });

  test('a silent tracker is awaited once, for 300 ms, and counted as missing', async () => {
    const fleet = await three();
    fleet.kill(2);
    const search = { type: 'search', words: 'song', cursor: 0 } as const;
    const from = addressOf(1);
    expect(await fleet.answers('found', 0, from, search, 299)).toHaveLength(1);
    await fleet.clock.advanceAsync(1);
    expect((await fleet.answers('found', 0, from, search, 1)).at(-1)).toMatchObject({
      part: 'last',
      trackers: { answered: 2, known: 3 },
    });
    await fleet.clock.advanceAsync(3_600_000);
    expect((await fleet.found(0, from, 'song')).trackers).toEqual({ answered: 2, known: 2 });
  });

  test('a retransmission causes no second question', async () => {
    const fleet = await three();
    const before = fleet.records;
    const bytes = fleet.ask(0, addressOf(1), { type: 'search', words: 'song', cursor: 0 });
    expect(bytes).toBeGreaterThan(0);
    await fleet.clock.advanceAsync(100);
    expect(fleet.records - before).toBe(4); // Two questions, two answers.
  });

  test('more hits than one answer lists: the best of all trackers', async () => {
    const fleet = new Fleet(3);
    const names = (tracker: number) => Array.from({ length: 60 }, (_, at) => `song ${tracker} ${at}.mp3`);
    for (const tracker of [0, 1, 2]) {
      for (const peer of [1, 2, 3]) fleet.join(tracker, 10 * tracker + peer, names(10 * tracker + peer));
    }
    for (const peer of [50, 51, 52]) fleet.join(2, peer, ['a song of many.mp3']);
    await fleet.clock.advanceAsync(6_000);
    const pages = await fleet.answers('found', 0, addressOf(1), { type: 'search', words: 'song', cursor: 0 });
    const hits = pages.slice(1).flatMap((page) => page.hits);
    expect(hits).toHaveLength(200);
    expect(hits[0]).toMatchObject({ path: 'a song of many.mp3', holderCount: 3 });
    expect(pages.slice(1).reduce((sum, { total }) => sum + total, 0)).toBe(361);
  });

  test.each(seeds(3))(
    'of far more hits than are listed, those of a single tracker with all peers (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const [alone, three] = [new Fleet(1), new Fleet(3)];
      for (let peer = 1; peer <= 18; peer++) {
        const paths = Array.from({ length: 40 }, (_, at) => {
          // Each tracker has many copies of these: content with few at each may miss their lists.
          if (random.chance(0.1)) return `song of many ${random.int(0, 2)}.mp3`;
          return random.chance(0.2)
            ? `songs/${peer} ${at} x.mp3`
            : `${random.int(0, 9_999)} song ${peer}.mp3`;
        });
        for (const fleet of [alone, three])
          fleet.join(peer % fleet.trackers.length, peer, [...new Set(paths)]);
      }
      for (const words of ['song', 'so', 'song mp3', 'mp3']) {
        for (const { clock } of [alone, three]) await clock.advanceAsync(3_000); // Allows further pages.
        const [one, other] = await Promise.all([alone, three].map((fleet) => bestOf(fleet, words)));
        expect(one?.length).toBe(SEARCH_HITS_MAX);
        expect(other).toEqual(one);
      }
    },
  );
});

/** The hits of a search as a peer lists them. */
async function bestOf(fleet: Fleet, words: string) {
  const { hits } = await fleet.hits(0, addressOf(1), words);
  const merged = new Map<string, { path: string; fileId: string; holderCount: number }>();
  for (const { fileId, path, holderCount } of hits) {
    merged.set(fileId, { fileId, path, holderCount: holderCount + (merged.get(fileId)?.holderCount ?? 0) });
  }
  return rankHits(words, [...merged.values()]);
}

test('the holders of a file at all trackers are merged', async () => {
  const fleet = await three();
  const request = { type: 'locate', fileId: contentOf('song of all.mp3'), cursor: 0 } as const;
  const pages = await fleet.answers('located', 1, addressOf(2), request);
  expect(pages.flatMap(({ holders }) => holders.map(({ peerId }) => peerId)).toSorted()).toEqual([
    idOf(1),
    idOf(2),
    idOf(3),
  ]);
  expect(pages.map(({ total, size, trackers }) => [total, size, trackers?.answered])).toEqual([
    [1, 10, undefined],
    [2, 10, 3],
  ]);
  const elsewhere = { ...request, fileId: contentOf('song 3.mp3') };
  const far = await fleet.answers('located', 0, addressOf(1), elsewhere);
  expect(far.at(-1)).toMatchObject({ part: 'last', size: 10, holders: [{ peerId: idOf(3) }] });
});

describe('peers and folders are listed from one tracker after the other', () => {
  async function listed(fleet: Fleet, request: { type: 'peers' } | { type: 'folder'; path: string }) {
    const peers: PeerId[] = [];
    let trackers: unknown;
    for (let cursor = 0, pages = 0; pages === 0 || (cursor > 0 && pages < 99); pages++) {
      const [page] = await fleet.answers('peerList', 0, addressOf(1), { ...request, cursor });
      peers.push(...(page?.peers.map(({ peerId }) => peerId) ?? []));
      cursor = page?.next ?? 0;
      trackers = page?.trackers;
    }
    return { peers, trackers };
  }

  test('all peers, in several pages of each tracker', async () => {
    const fleet = new Fleet(3);
    for (let peer = 1; peer <= 90; peer++) fleet.join(peer % 3, peer);
    await fleet.clock.advanceAsync(6_000);
    const { peers, trackers } = await listed(fleet, { type: 'peers' });
    expect(peers).toHaveLength(90);
    expect(new Set(peers).size).toBe(90);
    expect(trackers).toEqual({ answered: 3, known: 3 });
  });

  test('without a tracker that was just killed, which is reported', async () => {
    const fleet = new Fleet(3);
    for (let peer = 1; peer <= 90; peer++) fleet.join(peer % 3, peer);
    await fleet.clock.advanceAsync(6_000);
    fleet.kill(1);
    const { peers, trackers } = await listed(fleet, { type: 'peers' });
    expect(peers).toHaveLength(60);
    expect(trackers).toEqual({ answered: 2, known: 3 });
  });

  test('a folder', async () => {
    const fleet = new Fleet(3);
    for (const peer of [1, 2, 3, 4]) fleet.join(peer % 3, peer, peer === 3 ? ['b.txt'] : ['Films/a.mkv']);
    await fleet.clock.advanceAsync(6_000);
    const { peers } = await listed(fleet, { type: 'folder', path: 'Films' });
    expect(peers.toSorted()).toEqual([idOf(1), idOf(2), idOf(4)]);
  });
});

describe('peers without a catalog in the index', () => {
  test('are queried by their own tracker', async () => {
    const fleet = await three();
    const unlisted = fleet.join(2, 9, [], { unlisted: true });
    const transactionId = fleet.ask(0, addressOf(1), { type: 'search', words: 'song', cursor: 0 });
    await fleet.clock.advanceAsync(50);
    const [query] = fleet.unsolicited(unlisted);
    if (query?.type !== 'query') throw new Error('the peer was not asked');
    const files = [{ fileId: contentOf('x'), size: 3, path: 'a secret song', complete: true }];
    fleet.ask(2, unlisted, { type: 'hit', token: NO_TOKEN, relay: query.relay, files });
    await fleet.clock.advanceAsync(50);
    expect(transactionId).toBeGreaterThan(0);
    const { paths } = await fleet.found(1, addressOf(2), 'song 3');
    expect(paths).toEqual(['song 3.mp3']);
  });

  test('that do not answer cost no tracker its place in the count, and delay two searches', async () => {
    const fleet = await three();
    fleet.join(2, 9, [], { unlisted: true });
    const search = { type: 'search', words: 'song', cursor: 0 } as const;
    for (const isLate of [true, true, false]) {
      const transactionId = fleet.ask(0, addressOf(1), search);
      await fleet.clock.advanceAsync(5);
      expect(fleet.replies(addressOf(1), transactionId)).toHaveLength(isLate ? 1 : 2);
      await fleet.clock.advanceAsync(295);
      const last = fleet.replies(addressOf(1), transactionId).at(-1);
      expect(last).toMatchObject({ part: 'last', trackers: { answered: 3, known: 3 } });
    }
  });

  test('a call reaches a peer of another tracker; a call to an unknown peer is refused', async () => {
    const fleet = await three();
    const [calling] = await fleet.answers('calling', 0, addressOf(1), { type: 'call', target: idOf(3) });
    expect(calling).toBeDefined();
    expect(fleet.unsolicited(addressOf(3))).toMatchObject([
      {
        type: 'called',
        peerId: idOf(1),
        address: { host: addressOf(1).host, port: 9_001 },
        onTrackerHost: false,
      },
    ]);
    const refused = await fleet.answers('refused', 0, addressOf(1), { type: 'call', target: idOf(77) });
    expect(refused).toMatchObject([{ reason: 'unknown-peer' }]);
  });
});

describe('heartbeats name the cluster', () => {
  const alive = async (fleet: Fleet, tracker: number, peer = tracker + 1, from = addressOf(peer)) => {
    const [reply] = await fleet.answers('alive', tracker, from, heartbeatOf(peer));
    return reply;
  };

  test('and the other trackers, the next ones of the circle first', async () => {
    const fleet = await three();
    expect(await alive(fleet, 1)).toMatchObject({
      cluster: 'lab',
      trackers: [
        { host: '10.9.0.3', port: 6_881 },
        { host: '10.9.0.1', port: 6_881 },
      ],
      peers: 3,
    });
  });

  test('of twenty trackers 16 others, and every tracker is named by another one', async () => {
    const fleet = new Fleet(20);
    await fleet.clock.advanceAsync(6_000);
    const named = await Promise.all(fleet.trackers.map((_, at) => alive(fleet, at)));
    expect(named.every((reply) => reply?.trackers?.length === 16)).toBe(true);
    expect(new Set(named.flatMap((reply) => reply?.trackers ?? []).map(({ host }) => host)).size).toBe(20);
  });

  test('without those that are silent; with all of them while the bus is lost', async () => {
    const fleet = await three();
    fleet.kill(2);
    await fleet.clock.advanceAsync(13_000);
    expect((await alive(fleet, 0))?.trackers).toEqual([{ host: '10.9.0.2', port: 6_881 }]);
    fleet.at(0).cluster?.connected(false, fleet.clock.nowMs());
    expect((await alive(fleet, 0))?.trackers).toHaveLength(2);
  });

  test('one on loopback is named to peers of the same computer only', async () => {
    const fleet = new Fleet(1);
    fleet.add('127.0.0.1');
    await fleet.clock.advanceAsync(6_000);
    expect((await alive(fleet, 0))?.trackers).toEqual([]);
    expect((await alive(fleet, 0, 8, { host: '127.0.0.1', port: 5 }))?.trackers).toHaveLength(1);
  });
});

test('a peer at the computer of its tracker is named to others by the address of that computer', async () => {
  const fleet = new Fleet(2);
  fleet.ask(1, { host: '127.0.0.1', port: 5 }, heartbeatOf(7));
  await fleet.clock.advanceAsync(6_000);
  const asker = fleet.join(0, 1);
  const [own] = await fleet.answers('peerList', 0, asker, { type: 'peers', cursor: 0 });
  const [page] = await fleet.answers('peerList', 0, asker, { type: 'peers', cursor: own?.next ?? 0 });
  expect(page?.peers).toMatchObject([{ address: { host: '10.9.0.2', port: 9_007 }, onTrackerHost: false }]);
});

describe('members', () => {
  test('are described to peers: state, peers, files, messages, silence', async () => {
    const fleet = await three();
    const before = await fleet.answers('members', 1, addressOf(2), { type: 'cluster', cursor: 0 });
    expect(before[0]?.members.map(({ peers, files }) => [peers, files])).toEqual(Array(3).fill([1, 2]));
    fleet.separate(2);
    await fleet.clock.advanceAsync(20_000);
    fleet.heal(2);
    fleet.separate(1);
    await fleet.clock.advanceAsync(15_000);
    const [reply] = await fleet.answers('members', 0, addressOf(1), { type: 'cluster', cursor: 0 });
    expect(reply?.members).toMatchObject([
      { address: { host: '10.9.0.1' }, state: 'self', heardAgoMs: 0 },
      { address: { host: '10.9.0.2' }, state: 'silent' },
      { address: { host: '10.9.0.3' }, state: 'live' },
    ]);
    expect(reply?.members[1]?.heardAgoMs).toBeGreaterThan(12_000);
    expect(reply?.members[2]?.silenceMs).toBeGreaterThan(12_000);
    expect(reply?.connected).toBe(true);
  });

  test('say goodbye; a restarted one replaces its earlier run', async () => {
    const fleet = await three();
    fleet.at(2).cluster?.leave();
    for (const { bytes } of fleet.at(2).takeRecords()) fleet.at(0).receiveRecord(bytes, fleet.clock.nowMs());
    fleet.kill(2);
    expect(fleet.at(0).cluster?.members.all).toHaveLength(1);
    fleet.kill(1);
    fleet.add('10.9.0.2');
    await fleet.clock.advanceAsync(100);
    expect(fleet.at(0).cluster?.members.all.map(({ address }) => address.host)).toEqual(['10.9.0.2']);
  });

  test('are 63 besides this one; further ones are refused and counted', async () => {
    const fleet = new Fleet(66);
    await fleet.clock.advanceAsync(6_000);
    expect(fleet.at(0).cluster?.members.all).toHaveLength(63);
    expect(fleet.at(0).cluster?.counts.refused).toBeGreaterThan(0);
  });
});

describe.each(seeds(24))('seed %i: records that are late, repeated and out of order', (seed) => {
  test('change no answer; partitions end', async () => {
    const random = new SeededRandom(seed);
    const fleet = await three({ seed, delayMs: 60, duplicateRatio: 0.3 });
    for (let round = 0; round < 6; round++) {
      const tracker = random.int(0, 2);
      const { paths, trackers } = await fleet.found(tracker, addressOf(tracker + 1), 'song');
      expect(paths).toEqual(['song 1.mp3', 'song 2.mp3', 'song 3.mp3', 'song of all.mp3']);
      expect(trackers).toEqual({ answered: 3, known: 3 });
    }
    const lonely = random.int(0, 2);
    fleet.separate(lonely);
    const alone = await fleet.found(lonely, addressOf(lonely + 1), 'song');
    expect(alone).toEqual({
      paths: [`song ${lonely + 1}.mp3`, 'song of all.mp3'],
      trackers: { answered: 1, known: 3 },
    });
    const other = (lonely + 1) % 3;
    expect((await fleet.found(other, addressOf(other + 1), 'song')).paths).toHaveLength(3);
    fleet.heal(lonely);
    await fleet.clock.advanceAsync(6_000);
    expect((await fleet.found(lonely, addressOf(lonely + 1), 'song')).trackers).toEqual({
      answered: 3,
      known: 3,
    });
    expect(fleet.at(0).cluster?.nextEndMs).toBeUndefined();
  });
});
