import { expect, test } from 'vitest';
import type { PeerContact } from '../../../../Peer/Model.ts';
import { hitsOf } from '../../../../Peer/Network/Known/PeerAnswers.ts';
import { PeerBook } from '../../../../Peer/Network/Known/PeerBook.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { peerIdOf } from '../links.ts';
import { idOf } from '../Trackers/TrackerLan.ts';

const SELF = peerIdOf(1);
const contact = (number: number, port = 9_000 + (number % 1_000)) => ({
  peerId: peerIdOf(number),
  name: `peer ${number}`,
  address: { host: `10.0.${number >> 8}.${number & 255}`, port },
});
const nobody = new Set<PeerId>();
const ports = (peers: readonly PeerContact[]) => peers.map(({ address }) => address.port);

test.each(seeds(8))(
  'for any input the book is bounded, never contains this peer, and keeps linked peers (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const book = new PeerBook(SELF);
    const met = new Set<PeerId>();
    for (let step = 0; step < 1_500; step++) {
      const number = random.int(1, 5_000);
      if (met.size < 20 && random.chance(0.05) && number > 1) {
        book.linked(contact(number), step);
        met.add(peerIdOf(number));
      } else if (random.chance(0.3)) book.failed(contact(number), step);
      else
        book.add(
          contact(number),
          random.pick(['tracker', 'dns-sd', 'exchange', 'remembered']),
          step,
          peerIdOf(random.int(2, 9)),
        );
    }
    expect(book.size).toBeLessThanOrEqual(512);
    const all = book.candidates(10_000, nobody, 1e9).map(({ peerId }) => peerId);
    expect(all).not.toContain(SELF);
    expect(new Set(all).size).toBe(all.length);
    for (const peer of met) expect(all).toContain(peer);
    expect(
      book.candidates(10_000, met, 1e9).some(({ peerId }) => peerId !== undefined && met.has(peerId)),
    ).toBe(false);
  },
);

test('candidates are ordered by origin: linked, tracker, last run, DNS-SD, peer exchange', () => {
  const book = new PeerBook(SELF);
  book.add(contact(5), 'exchange', 1, peerIdOf(9));
  book.add({ peerId: undefined, name: '', address: contact(4).address }, 'dns-sd', 2);
  book.add(contact(3), 'remembered', 3);
  book.add(contact(2), 'tracker', 4);
  book.linked(contact(6), 0);
  expect(ports(book.candidates(9, nobody, 10))).toEqual([9_006, 9_002, 9_003, 9_004, 9_005]);
  expect(ports(book.candidates(2, new Set([peerIdOf(6)]), 10))).toEqual([9_002, 9_003]);
  expect(book.worthRemembering(9).map(({ address }) => address.port)).toEqual([9_006, 9_002]);
});

test('failed dials back off; a peer that was never linked is removed after three', () => {
  const book = new PeerBook(SELF);
  book.linked(contact(2), 0);
  book.add(contact(3), 'tracker', 0);
  for (let tries = 0; tries < 3; tries++) for (const number of [2, 3]) book.failed(contact(number), 0);
  expect(book.candidates(9, nobody, 7_999)).toEqual([]);
  expect(ports(book.candidates(9, nobody, 8_000))).toEqual([9_002]);
  for (let tries = 0; tries < 20; tries++) book.failed(contact(2), 0);
  expect(ports(book.candidates(9, nobody, 60_000))).toEqual([9_002]);
  book.failed(contact(2), 100_000);
  book.resetFailures();
  expect(ports(book.candidates(9, nobody, 100_001))).toEqual([9_002]);
});

test('a moved peer is dialled at its new address when the old one fails; one address is one peer', () => {
  const book = new PeerBook(SELF);
  book.linked(contact(2), 0);
  book.add(contact(2, 9_999), 'exchange', 1, peerIdOf(9));
  expect(ports(book.candidates(9, nobody, 2))).toEqual([9_002]);
  book.failed(contact(2), 2);
  expect(ports(book.candidates(9, nobody, 2))).toEqual([9_999]);
  book.linked({ ...contact(3), address: { ...contact(2).address, port: 9_999 } }, 3);
  expect(book.candidates(9, nobody, 3).map(({ peerId }) => peerId)).toEqual([peerIdOf(3)]);
});

test.each(seeds(10))(
  'joined answers: each content once, bounded, best match first, no holder twice (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const told = Array.from({ length: random.int(0, 40) }, (_, peer) => ({
      peer: contact(peer + 2),
      files: Array.from({ length: random.int(0, 50) }, () => {
        const number = random.int(1, 400);
        const path = random.chance(0.5) ? `film/${number} part.mkv` : `${number} film.mkv`;
        const size = random.chance(0.1) ? 7 : number;
        return { fileId: idOf(`content ${number}`) as FileId, size, path, complete: random.chance(0.5) };
      }),
    }));
    const { hits, truncated } = hitsOf('film', told);
    const contents = new Set(told.flatMap(({ files }) => files.map(({ fileId }) => fileId)));
    expect(hits.length).toBe(Math.min(200, contents.size));
    expect(truncated).toBe(contents.size > 200 || told.some(({ files }) => files.length === 50));
    expect(new Set(hits.map(({ fileId }) => fileId)).size).toBe(hits.length);
    for (const { fileId, size, holders, holderCount } of hits) {
      expect(
        told.some(({ files }) => files.some((file) => file.fileId === fileId && file.size === size)),
      ).toBe(true);
      expect(holderCount).toBe(holders.length);
      expect(new Set(holders.map(({ peerId }) => peerId)).size).toBe(holders.length);
      for (const { peerId } of holders) {
        const { files = [] } = told.find(({ peer }) => peer.peerId === peerId) ?? {};
        expect(files.some((file) => file.fileId === fileId)).toBe(true);
      }
    }
    const inName = hits.map(({ path }) => !path.startsWith('film/'));
    expect(inName).toEqual(inName.toSorted((one, other) => Number(other) - Number(one)));
  },
);

test('one peer introduces at most 64 peers, and each unverified origin holds at most 200', () => {
  const book = new PeerBook(SELF);
  const size = (origin: 'exchange' | 'dns-sd', from: number, introducer?: PeerId) => {
    const before = book.size;
    for (let number = from; number < from + 400; number++) book.add(contact(number), origin, 1, introducer);
    return book.size - before;
  };
  expect(size('exchange', 1_000, peerIdOf(2))).toBe(64);
  expect(size('exchange', 2_000)).toBe(136);
  expect(size('dns-sd', 3_000)).toBe(200);
});

test('an address that cannot be dialled is not recorded', () => {
  const book = new PeerBook(SELF);
  for (const host of ['0.0.0.0', '224.0.0.1']) {
    book.add({ ...contact(5), address: { host, port: 9_001 } }, 'tracker', 1);
  }
  expect(book.size).toBe(0);
});
