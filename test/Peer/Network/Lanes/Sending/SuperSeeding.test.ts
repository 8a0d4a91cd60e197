import { expect, test } from 'vitest';
import { type Suggestion, SuperSeeding } from '../../../../../Peer/Network/Lanes/Sending/SuperSeeding.ts';
import type { PeerId } from '../../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../../Support/seeds.ts';
import { peerIdOf } from '../../links.ts';

/** Leechers that follow suggestions, one step at a time. */
class Crowd {
  readonly giveOut: SuperSeeding;
  readonly told = new Map<PeerId, Suggestion>();
  readonly sent: number[] = [];
  nowMs = 0;

  constructor(chunkCount: number, firstChunk = 0) {
    this.giveOut = new SuperSeeding(chunkCount, firstChunk);
  }

  join(peer: PeerId, follows = true): void {
    this.giveOut.join(peer, follows);
    this.told.set(peer, { chunks: [], rest: 'anything' });
    this.hear();
  }

  leave(peer: PeerId): void {
    this.giveOut.leave(peer);
    this.told.delete(peer);
    this.hear();
  }

  hear(): void {
    for (const [peer, suggestion] of this.giveOut.suggest(this.nowMs)) this.told.set(peer, suggestion);
  }

  chunksOf(peer: PeerId): readonly number[] {
    return this.told.get(peer)?.chunks ?? [];
  }

  /** Requests the first suggested chunk, and receives it. */
  fetch(peer: PeerId): void {
    const [chunk, ...rest] = this.chunksOf(peer);
    if (chunk === undefined) return;
    this.told.set(peer, { chunks: rest, rest: 'nothing' });
    this.giveOut.asked(peer, [chunk]);
    this.hear();
    this.giveOut.sent(peer, [chunk], this.nowMs);
    this.giveOut.holds(peer, [chunk]);
    this.sent.push(chunk);
    this.hear();
  }
}

const [one, two, three] = [1, 2, 3].map(peerIdOf) as [PeerId, PeerId, PeerId];

test('a single leecher chooses freely; from the second one on each gets other suggestions', () => {
  const crowd = new Crowd(20);
  crowd.join(one);
  expect(crowd.told.get(one)).toEqual({ chunks: [], rest: 'anything' });
  crowd.join(two);
  expect(crowd.told.get(one)).toEqual({ chunks: [0, 1, 2, 3], rest: 'nothing' });
  expect(crowd.told.get(two)).toEqual({ chunks: [4, 5, 6, 7], rest: 'nothing' });
  crowd.leave(two);
  expect(crowd.told.get(one)).toEqual({ chunks: [], rest: 'anything' });
});

test('a chunk that a leecher has or requests is suggested to nobody', () => {
  const crowd = new Crowd(12);
  crowd.giveOut.join(one, true);
  crowd.giveOut.asked(one, [0]);
  crowd.giveOut.holds(one, [1, 99]);
  crowd.giveOut.join(two, true);
  crowd.giveOut.holdsPage(two, 0, Buffer.of(0b0010_0000, 0xff, 0xff));
  crowd.hear();
  const suggested = [...crowd.told.values()].flatMap(({ chunks }) => chunks);
  expect(suggested.toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6]);
});

test('a chunk whose request was withdrawn is free again, and so is one of a leecher that leaves', () => {
  const crowd = new Crowd(4);
  const { giveOut } = crowd;
  giveOut.join(one, true);
  giveOut.asked(one, [0, 1]);
  giveOut.dropped(one, [0]);
  crowd.join(one); // A second lane of the same leecher.
  crowd.join(two);
  crowd.join(three);
  expect([one, two, three].map((peer) => crowd.chunksOf(peer))).toEqual([[0], [2], [3]]);
  crowd.leave(one);
  crowd.fetch(two);
  crowd.fetch(three);
  expect([...crowd.chunksOf(two), ...crowd.chunksOf(three)]).toEqual([0, 1]);
});

test('the only copy of a chunk is sent again when its holder leaves', () => {
  const crowd = new Crowd(2);
  for (const peer of [one, two, three]) crowd.join(peer);
  crowd.fetch(one);
  crowd.fetch(two);
  expect(crowd.sent).toEqual([0, 1]);
  expect(crowd.told.get(three)).toEqual({ chunks: [], rest: 'spread' });
  crowd.leave(one);
  expect([...crowd.chunksOf(two), ...crowd.chunksOf(three)]).toEqual([0]);
  expect([two, three].map((peer) => crowd.told.get(peer)?.rest)).toEqual(['nothing', 'nothing']);
  crowd.fetch(two);
  crowd.fetch(three);
  expect([two, three].map((peer) => crowd.told.get(peer)?.rest)).toEqual(['spread', 'spread']);
});

test('no announcement is expected of a chunk that was announced before, or from a peer that announces none', () => {
  const crowd = new Crowd(2);
  const { giveOut } = crowd;
  giveOut.join(one, false);
  giveOut.join(two, true);
  giveOut.sent(one, [0], 0);
  giveOut.holds(two, [1]);
  giveOut.sent(two, [1], 0);
  expect(giveOut.expects).toBe(false);
  crowd.nowMs = 5_000;
  crowd.hear();
  expect(crowd.told.get(two)).toEqual({ chunks: [], rest: 'spread' });
});

test('a leecher that does not request a suggested chunk loses it', () => {
  const crowd = new Crowd(2);
  crowd.join(one);
  crowd.join(two);
  crowd.join(three);
  expect(crowd.chunksOf(one)).toEqual([0]);
  crowd.fetch(two);
  crowd.nowMs = 5_000;
  crowd.leave(one);
  crowd.hear();
  expect(crowd.sent).toEqual([1]);
  expect([...crowd.chunksOf(two), ...crowd.chunksOf(three)]).toEqual([0]);
});

test('a sent chunk that is not confirmed within 5 s is suggested again; a confirmed one is not', () => {
  const crowd = new Crowd(2);
  crowd.join(one);
  crowd.join(two);
  const { giveOut } = crowd;
  for (const [peer, chunk] of [
    [one, 0],
    [two, 1],
  ] as const) {
    giveOut.asked(peer, [chunk]);
    giveOut.sent(peer, [chunk], 0);
  }
  giveOut.holds(two, [1]);
  crowd.nowMs = 4_999;
  crowd.hear();
  expect(crowd.told.get(two)).toEqual({ chunks: [], rest: 'spread' });
  expect(giveOut.expects).toBe(true);
  crowd.nowMs = 5_000;
  crowd.hear();
  const told = [one, two].flatMap((peer) => [...crowd.chunksOf(peer)]);
  expect(told).toEqual([0]);
  expect(crowd.told.get(two)?.rest).toBe('nothing');
  giveOut.holds(one, [0]);
  crowd.hear();
  expect(crowd.told.get(two)).toEqual({ chunks: [], rest: 'spread' });
  expect(giveOut.expects).toBe(false);
});

test('a leecher without suggestions in its protocol gets none, and gets every chunk that it requests', () => {
  const crowd = new Crowd(8);
  crowd.join(one, false);
  crowd.giveOut.asked(one, [0]);
  crowd.join(two);
  expect(crowd.told.get(one)).toEqual({ chunks: [], rest: 'anything' });
  expect(crowd.chunksOf(two)).toEqual([1, 2, 3]);
});

test.each(seeds(100))(
  'every chunk is sent once before any is sent twice, and no chunk is suggested to two leechers (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const chunkCount = random.int(2, 80);
    const crowd = new Crowd(chunkCount, random.int(0, chunkCount - 1));
    let newest = 0;
    for (let count = random.int(2, 12); count > 0; count--) crowd.join(peerIdOf(++newest));
    for (let step = 0; step < chunkCount * 20 && crowd.sent.length < chunkCount; step++) {
      crowd.nowMs += random.int(0, 200);
      if (random.chance(0.02)) crowd.join(peerIdOf(++newest));
      // Leechers differ in speed.
      const peers = [...crowd.told.keys()];
      crowd.fetch(peers[Math.floor(random.next() ** 2 * peers.length)] ?? one);
      const suggested = [...crowd.told.values()].flatMap(({ chunks }) => chunks);
      expect(new Set(suggested).size).toBe(suggested.length);
      const sent = new Set(crowd.sent);
      expect(suggested.some((chunk) => sent.has(chunk))).toBe(false);
    }
    expect(new Set(crowd.sent).size).toBe(chunkCount);
    expect(crowd.sent).toHaveLength(chunkCount);
  },
);

test('a chunk from elsewhere is no longer suggested, and another one is at once', () => {
  const giveOut = new SuperSeeding(40, 0);
  giveOut.join(peerIdOf(1), true);
  giveOut.join(peerIdOf(2), true);
  const told = new Map(giveOut.suggest(0));
  const first = told.get(peerIdOf(1))?.chunks ?? [];
  giveOut.holds(peerIdOf(1), first);
  const next = new Map(giveOut.suggest(10)).get(peerIdOf(1))?.chunks ?? [];
  expect(next.length).toBeGreaterThan(0);
  expect(next.filter((chunk) => first.includes(chunk))).toEqual([]);
});
