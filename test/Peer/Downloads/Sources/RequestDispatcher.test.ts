import { expect, test } from 'vitest';
import {
  type ChunkRequester,
  RequestDispatcher,
  type SourcePeer,
} from '../../../../Peer/Downloads/Sources/RequestDispatcher.ts';
import type { FileHolder } from '../../../../Peer/Model.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { peerIdOf } from '../../Network/links.ts';
import { MIB } from '../FakePeer.ts';

/**
 * Peers of hundreds of MB/s, each with a requester that always has another MiB to request; `asked` counts its
 * requests.
 */
function table(peers: number) {
  const clock = new SimulatedClock();
  let due: (() => void)[] = [];
  const dispatcher = new RequestDispatcher(
    clock,
    () => {},
    (task) => due.push(task),
  );
  const asked: number[] = [];
  const pump = () => {
    const tasks = due;
    due = [];
    for (const task of tasks) task();
  };
  const all = Array.from({ length: peers }, (_, index) => {
    const holder: FileHolder = {
      peerId: peerIdOf(index + 1),
      name: '',
      address: { host: '10.0.0.1', port: 1 },
      complete: true,
    };
    const peer = dispatcher.peer(holder);
    peer.score.requested(1e12, 0);
    for (let ms = 20; ms <= 5_000; ms += 20) peer.score.received(10e6, ms);
    peer.score.ended(1e12, 5_000);
    asked.push(0);
    const requester: ChunkRequester = {
      priority: 1,
      small: false,
      requestNext: (roomBytes) => {
        if (roomBytes < MIB) return 'no room';
        asked[index] = (asked[index] ?? 0) + 1;
        dispatcher.requested(peer, MIB, false);
        return 'requested';
      },
      cancelRequests: () => {},
    };
    dispatcher.attach(peer, requester);
    return peer;
  });
  const arrives = (peer: SourcePeer | undefined) => {
    if (peer === undefined) throw new RangeError('no such peer');
    peer.score.received(MIB, clock.nowMs());
    dispatcher.arrived(peer, MIB);
    dispatcher.ended(peer, 0);
    pump();
  };
  return { clock, dispatcher, peers: all, asked, pump, arrives };
}

test('a window is filled, and filled again when 24 MiB of it are pending: many requests go out together', () => {
  const { clock, peers, asked, pump, arrives } = table(1);
  clock.advance(5_000);
  pump();
  expect(asked).toEqual([48]);
  for (let count = 0; count < 23; count++) arrives(peers[0]);
  expect(asked).toEqual([48]);
  arrives(peers[0]);
  expect(asked).toEqual([72]);
});

test('in a bounded turn, every free byte of the window is used at once', () => {
  const { clock, dispatcher, peers, asked, pump, arrives } = table(1);
  clock.advance(5_000);
  pump();
  const [peer] = peers;
  for (let count = 0; count < 17; count++) arrives(peer);
  expect(asked).toEqual([48]);
  if (peer !== undefined) dispatcher.turn(peer, 8 * MIB);
  pump();
  expect(asked).toEqual([56]);
});

test('all peers together have at most 64 MiB pending, and are asked again when half of that has arrived', () => {
  const { clock, dispatcher, peers, asked, pump, arrives } = table(4);
  clock.advance(5_000);
  pump();
  const sum = () => asked.reduce((total, each) => total + each, 0);
  expect(dispatcher.inFlight).toBeLessThanOrEqual(64 * MIB + 2 * MIB);
  const before = sum();
  while (dispatcher.inFlight - MIB > 32 * MIB) {
    const most = peers.toSorted((one, other) => other.score.inFlight - one.score.inFlight);
    arrives(most[0]);
    expect(sum()).toBe(before);
  }
  arrives(peers.toSorted((one, other) => other.score.inFlight - one.score.inFlight)[0]);
  expect(dispatcher.inFlight).toBeGreaterThanOrEqual(62 * MIB);
});
