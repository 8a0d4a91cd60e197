import { expect, test } from 'vitest';
import { UploadSlots } from '../../../../../Peer/Network/Lanes/Desk/UploadSlots.ts';
import {
  SLOT_BYTES,
  SMALL_UPLOAD_BYTES,
  SMALL_UPLOAD_SLOTS,
  TURN_UNLIMITED,
  UPLOAD_SLOTS,
} from '../../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../../Support/seeds.ts';
import { peerIdOf } from '../../links.ts';

const MIB = 1_048_576;
const LOTS = 1e12;

/** Peers 1 to `count`, each with a large demand. */
function asked(count: number, slots = new UploadSlots()): UploadSlots {
  for (let peer = 1; peer <= count; peer++) slots.setDemand(peerIdOf(peer), LOTS);
  return slots;
}

/** The n-th peer of the initial queue. */
const waiter = (place: number) => peerIdOf(UPLOAD_SLOTS + place);

test('six are served, the others are queued in the order of their requests', () => {
  const slots = asked(10);
  expect(slots.serving).toEqual([1, 2, 3, 4, 5, 6].map(peerIdOf));
  expect([7, 8, 9, 10].map((peer) => slots.placeOf(peerIdOf(peer)))).toEqual([1, 2, 3, 4]);
  expect(slots.placeOf(peerIdOf(1))).toBe(0);

  slots.setDemand(peerIdOf(3), 0);
  expect(slots.isServing(peerIdOf(7))).toBe(true);
  expect(slots.placeOf(peerIdOf(8))).toBe(1);
});

test('the peer with fewest bytes is next; of equals, the one with least of its file', () => {
  const held = new Map<string, number>([3, 1, 2].map((chunks, index) => [waiter(index + 1), chunks]));
  const slots = asked(UPLOAD_SLOTS + 3, new UploadSlots((peer) => held.get(peer) ?? 0));
  expect([1, 2, 3].map((place) => slots.placeOf(waiter(place)))).toEqual([3, 1, 2]);
  slots.served(peerIdOf(1), SLOT_BYTES);
  slots.endTurn(peerIdOf(1));
  expect(slots.placeOf(peerIdOf(1))).toBe(3);
});

test('a new peer is as far as the peer served least, and behind all that are queued', () => {
  const slots = asked(UPLOAD_SLOTS);
  for (let peer = 1; peer <= UPLOAD_SLOTS; peer++) slots.served(peerIdOf(peer), (peer + 1) * SLOT_BYTES);
  for (let place = 1; place <= 3; place++) slots.setDemand(waiter(place), LOTS);
  for (let peer = 1; peer <= 3; peer++) expect(slots.endTurn(peerIdOf(peer))).toBe(false);
  expect(slots.waiting).toEqual([1, 2, 3].map(peerIdOf));
  slots.setDemand(waiter(4), LOTS);
  expect(slots.placeOf(waiter(4))).toBe(4);
  // The first waiter has had one turn since, and no bytes fewer than those who were served before it.
  slots.served(waiter(1), SLOT_BYTES);
  expect(slots.endTurn(waiter(1))).toBe(false);
});

test('demands up to 512 KiB have slots of their own, and leave them when they grow', () => {
  const slots = asked(UPLOAD_SLOTS + 2);
  for (let peer = 11; peer <= 15; peer++) slots.setDemand(peerIdOf(peer), SMALL_UPLOAD_BYTES);
  expect([11, 12, 13, 14].every((peer) => slots.isServing(peerIdOf(peer)))).toBe(true);
  expect(slots.placeOf(peerIdOf(15))).toBe(3);

  slots.setDemand(peerIdOf(11), LOTS);
  slots.served(peerIdOf(11), SMALL_UPLOAD_BYTES);
  expect(slots.endTurn(peerIdOf(11))).toBe(false);
  expect(slots.isServing(peerIdOf(15))).toBe(true);
});

test('a slot is kept while the queue is empty, and passes on after 16 MiB otherwise', () => {
  const slots = asked(UPLOAD_SLOTS);
  slots.served(peerIdOf(1), 100 * SLOT_BYTES);
  expect(slots.endTurn(peerIdOf(1))).toBe(true);
  slots.setDemand(waiter(1), LOTS);
  slots.served(peerIdOf(2), SLOT_BYTES - 1);
  expect(slots.endTurn(peerIdOf(2))).toBe(true);
  slots.served(peerIdOf(2), 1);
  expect(slots.endTurn(peerIdOf(2))).toBe(false);
  expect(slots.isServing(waiter(1))).toBe(true);
  expect(slots.placeOf(peerIdOf(2))).toBe(1);
});

test('the longer the queue, the sooner a slot passes on', () => {
  const slots = asked(UPLOAD_SLOTS + 4);
  slots.served(peerIdOf(1), SLOT_BYTES / 4 - 1);
  expect(slots.endTurn(peerIdOf(1))).toBe(true);
  slots.served(peerIdOf(1), 1);
  expect(slots.endTurn(peerIdOf(1))).toBe(false);
  expect(slots.placeOf(peerIdOf(1))).toBe(4);
});

test('turns last half a second of the rate, divided among the waiting leechers', () => {
  const slots = asked(UPLOAD_SLOTS + 24);
  slots.pace(25e6, 25e6);
  expect(slots.turnBytes).toBe(Math.ceil(SLOT_BYTES / 24));
  slots.pace(480e6, 480e6);
  expect(slots.turnBytes).toBe(10e6);
  slots.served(peerIdOf(1), 10e6 - 1);
  expect(slots.endTurn(peerIdOf(1))).toBe(true);
  slots.served(peerIdOf(1), 1);
  expect(slots.endTurn(peerIdOf(1))).toBe(false);
});

test('slots are added while peers are queued and throughput grows, and removed when the queue is empty', () => {
  const slots = asked(40);
  slots.pace(10e6, 20e6);
  slots.pace(17e6, 20e6);
  slots.pace(19e6, 20e6);
  expect(slots.slots).toBe(UPLOAD_SLOTS + 2);
  // Without a limit: the second slot added no throughput.
  const free = asked(40);
  free.pace(100e6, undefined);
  free.pace(101e6, undefined);
  expect(free.slots).toBe(UPLOAD_SLOTS + 1);
  for (let peer = 1; peer <= 40; peer++) free.setDemand(peerIdOf(peer), 0);
  free.pace(0, undefined);
  expect(free.slots).toBe(UPLOAD_SLOTS);
});

test('24 slots are added at most', () => {
  const slots = asked(60);
  for (let second = 0; second < 40; second++) slots.pace(0, 20e6);
  expect(slots.slots).toBe(UPLOAD_SLOTS + 24);
});

test.each(seeds(40))('no slot is left empty or given twice, and nobody is forgotten (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const slots = new UploadSlots();
  const demand = new Map<number, number>();
  const wrongCounts: number[] = [];
  const forgotten: number[] = [];
  for (let step = 0; step < 400; step++) {
    const peer = random.int(1, 25);
    if (random.chance(0.5)) {
      const bytes = random.pick([0, 1, SMALL_UPLOAD_BYTES, SMALL_UPLOAD_BYTES + 1, LOTS]);
      slots.setDemand(peerIdOf(peer), bytes);
      demand.set(peer, bytes);
    } else {
      slots.served(peerIdOf(peer), random.int(1, 8 * MIB));
      slots.endTurn(peerIdOf(peer));
    }
    const wanting = [...demand].filter(([, bytes]) => bytes > 0).map(([who]) => peerIdOf(who));
    const known = [...slots.serving, ...slots.waiting];
    const { length: given } = slots.serving;
    const isFull = given >= UPLOAD_SLOTS || slots.waiting.length === 0;
    if (!isFull || given > UPLOAD_SLOTS + SMALL_UPLOAD_SLOTS) wrongCounts.push(given);
    if (String(known.toSorted()) !== String(wanting.toSorted())) forgotten.push(step);
  }
  expect({ wrongCounts, forgotten }).toEqual({ wrongCounts: [], forgotten: [] });
});

test.each(seeds(25))(
  'peers with constant demand get equal bytes, whatever their chunk sizes (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const slots = new UploadSlots();
    const peers = Array.from({ length: random.int(9, 30) }, (_, index) => peerIdOf(index + 1));
    const chunkBytes = new Map<string, number>(peers.map((peer) => [peer, random.pick([1, 4, 16]) * MIB]));
    const got = new Map<string, number>(peers.map((peer) => [peer, 0]));
    for (const peer of peers) slots.setDemand(peer, LOTS);
    for (let turns = 0; turns < 400; turns++) {
      // All that have a slot move at the same speed: 16 MiB each a round.
      for (const peer of slots.serving) {
        const bytes = chunkBytes.get(peer) ?? 0;
        for (let sent = 0; sent < SLOT_BYTES && slots.isServing(peer); sent += bytes) {
          slots.served(peer, bytes);
          got.set(peer, (got.get(peer) ?? 0) + bytes);
          slots.endTurn(peer);
        }
      }
    }
    const all = [...got.values()];
    // One turn more, and one chunk more at either end.
    expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(3 * SLOT_BYTES);
  },
);

test('a peer that has no demand left is neither served nor queued, and its slot is free', () => {
  const slots = asked(UPLOAD_SLOTS + 2);
  slots.setDemand(waiter(1), 0);
  expect(slots.waiting).toEqual([waiter(2)]);
  slots.setDemand(peerIdOf(99), 0);
  slots.setDemand(peerIdOf(1), -1);
  expect([slots.waiting, slots.isServing(waiter(2)), slots.isServing(peerIdOf(1))]).toEqual([
    [],
    true,
    false,
  ]);
});

test('a peer that waits, or is not known, has no turn to end and no slot to lose', () => {
  const slots = asked(UPLOAD_SLOTS + 2);
  slots.served(waiter(1), 10 * SLOT_BYTES);
  slots.served(peerIdOf(99), 10 * SLOT_BYTES);
  for (const peer of [waiter(1), peerIdOf(99)]) {
    expect(slots.endTurn(peer)).toBe(false);
    slots.preempt(peer);
  }
  expect(slots.waiting).toEqual([waiter(1), waiter(2)]);
  expect(slots.isServing(peerIdOf(99))).toBe(false);
});

test('a stalled peer passes its slot on, and waits behind all others; alone it keeps the slot', () => {
  const slots = asked(UPLOAD_SLOTS);
  slots.preempt(peerIdOf(1));
  expect(slots.isServing(peerIdOf(1))).toBe(true);
  for (const place of [1, 2]) slots.setDemand(waiter(place), LOTS);
  // Others have more bytes than the stalled peer, and still it is last.
  for (let peer = 2; peer <= UPLOAD_SLOTS; peer++) slots.served(peerIdOf(peer), SLOT_BYTES);
  expect(slots.endTurn(peerIdOf(2))).toBe(false);
  slots.preempt(peerIdOf(1));
  expect(slots.waiting).toEqual([peerIdOf(2), peerIdOf(1)]);
  expect([1, 2].map((place) => slots.isServing(waiter(place)))).toEqual([true, true]);
});

test('a new turn begins at 0 bytes', () => {
  const slots = asked(UPLOAD_SLOTS + 1);
  slots.served(peerIdOf(1), SLOT_BYTES);
  expect(slots.endTurn(peerIdOf(1))).toBe(false);
  slots.setDemand(peerIdOf(2), 0);
  expect(slots.isServing(peerIdOf(1))).toBe(true);
  slots.setDemand(waiter(2), LOTS);
  expect(slots.endTurn(peerIdOf(1))).toBe(true);
});

test('a turn has no end while nobody waits', () => {
  expect(asked(UPLOAD_SLOTS).turnBytes).toBe(TURN_UNLIMITED);
  expect(asked(UPLOAD_SLOTS + 1).turnBytes).toBe(SLOT_BYTES);
});

test('a small slot passes on to small demands only, after 512 KiB', () => {
  const slots = asked(UPLOAD_SLOTS + 2);
  const small = Array.from({ length: SMALL_UPLOAD_SLOTS + 1 }, (_, index) => peerIdOf(20 + index));
  const [first = '', last = ''] = [small[0], small.at(-1)];
  for (const peer of small.slice(0, -1)) slots.setDemand(peer, SMALL_UPLOAD_BYTES);
  slots.served(first, SMALL_UPLOAD_BYTES);
  expect(slots.endTurn(first)).toBe(true);
  slots.setDemand(last, SMALL_UPLOAD_BYTES);
  expect(slots.isServing(last)).toBe(false);
  expect(slots.endTurn(first)).toBe(false);
  expect([slots.isServing(last), slots.placeOf(first)]).toEqual([true, 3]);
});

test('a slot is added only under 90 percent of the limit, or while slots bring 5 percent more, and is given at once', () => {
  const under = asked(UPLOAD_SLOTS + 3);
  under.pace(900, 1_000);
  expect(under.slots).toBe(UPLOAD_SLOTS);
  under.pace(899, 1_000);
  expect([under.slots, under.serving.length]).toEqual([UPLOAD_SLOTS + 1, UPLOAD_SLOTS + 1]);
  const free = asked(UPLOAD_SLOTS + 9);
  for (const [rate, added] of [
    [1_000, 1],
    [1_049, 1],
    [1_050, 2],
    [1_102, 2],
    [1_103, 3],
  ] as const) {
    free.pace(rate, undefined);
    expect(free.slots).toBe(UPLOAD_SLOTS + added);
  }
});

test('added slots go when nobody waits, and who has one keeps it for its turn', () => {
  const slots = asked(UPLOAD_SLOTS + 1);
  slots.pace(1, undefined);
  expect(slots.serving).toHaveLength(UPLOAD_SLOTS + 1);
  slots.pace(2, undefined);
  expect([slots.slots, slots.serving.length]).toEqual([UPLOAD_SLOTS, UPLOAD_SLOTS + 1]);
  slots.setDemand(waiter(2), LOTS);
  slots.setDemand(peerIdOf(1), 0);
  expect(slots.isServing(waiter(2))).toBe(false);
  slots.setDemand(peerIdOf(2), 0);
  expect(slots.isServing(waiter(2))).toBe(true);
});
