import { expect, test } from 'vitest';
import { ConnectionRoom } from '../../../../../Peer/Network/Links/Accepting/ConnectionRoom.ts';

interface Fake {
  readonly host: string;
  readonly sinceMs: number;
  readonly settled: boolean;
  readonly idle: number | undefined;
  idleMs(): number | undefined;
}

const place = (
  host: string,
  sinceMs: number,
  settled = true,
  idle: number | undefined = undefined,
): Fake => ({
  host,
  sinceMs,
  settled,
  idle,
  idleMs: () => idle,
});

function room(max: number, places: readonly Fake[]) {
  const filled = new ConnectionRoom<Fake>(max);
  for (const each of places) filled.enter(each);
  return filled;
}

test('no connection is evicted while there is room', () => {
  expect(room(3, [place('a', 0, false), place('b', 0, true, 60_000)]).roomFor('c', 90_000)).toBe('free');
});

test('connections in use are not evicted for a newcomer', () => {
  expect(room(2, [place('a', 0), place('b', 0, true, 4_999)]).roomFor('c', 5_000)).toBe('full');
});

test('the longest idle connection of the host with most connections is evicted', () => {
  const idle = place('b', 0, true, 9_000);
  expect(room(3, [place('a', 0, true, 6_000), idle, place('c', 0)]).roomFor('d', 0)).toBe(idle);
  const crowded = [place('a', 0, true, 60_000), place('b', 0, true, 7_000), place('b', 0, true, 6_000)];
  expect(room(3, crowded).roomFor('d', 0)).toBe(crowded[1]);
});

test('a flood of new connections evicts a quarter of the idle links at most, then its own', () => {
  const links = Array.from({ length: 6 }, (_, at) => place(`link ${at}`, 0, true, 60_000));
  const newcomers = [place('x', 10, false), place('y', 20, false)];
  const filled = room(8, [...links, ...newcomers]);
  expect(filled.roomFor('z', 30)).toBe(newcomers[0]);
  filled.leave(newcomers[0] as Fake);
  expect(filled.roomFor('z', 30)).toBe('free');
  filled.enter(place('z', 30, true, 0));
  expect(filled.roomFor('z', 40)).toBe(links[0]);
});

test('connections in use do not count when the host with most connections is chosen', () => {
  const strangers = [place('x', 10, false), place('y', 20, false)];
  const busy = Array.from({ length: 5 }, () => place('a', 0));
  expect(room(8, [...busy, place('a', 30, false), ...strangers]).roomFor('z', 40)).toBe(strangers[0]);
});

test('a host beyond its share evicts only its own connections; loopback has no share', () => {
  const silent = place('a', 1, false);
  const own = [...Array.from({ length: 31 }, () => place('a', 0)), silent];
  expect(room(100, own).roomFor('a', 9)).toBe(silent);
  expect(room(100, [...own.slice(0, 31), place('a', 0), place('b', 0, false)]).roomFor('a', 9)).toBe('full');
  expect(room(100, own).roomFor('b', 9)).toBe('free');
  const local = Array.from({ length: 40 }, () => place('127.0.0.1', 0));
  expect(room(100, local).roomFor('127.0.0.1', 9)).toBe('free');
});
