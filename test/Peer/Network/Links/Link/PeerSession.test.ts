import { expect, test } from 'vitest';
import {
  newLinkStays,
  PeerSession,
  type SessionAction,
} from '../../../../../Peer/Network/Links/Link/PeerSession.ts';
import type { ControlMessage } from '../../../../../Protocol/PeerMessages.ts';
import { instanceOf, peerIdOf } from '../../links.ts';

const helloOf = (number: number) => ({
  version: 2,
  peerId: peerIdOf(number),
  instanceId: instanceOf(number),
  name: `peer ${number}`,
  port: 9_000 + number,
  features: 0,
});
const saidHello = (number: number): ControlMessage => ({ type: 'hello', ...helloOf(number) });
const verbs = (actions: readonly SessionAction[]) =>
  actions.map((action) => (action.do === 'send' ? `send ${action.message.type}` : action.do));

function opened() {
  const session = new PeerSession(helloOf(1), true, 0);
  session.start(peerIdOf(2));
  session.receive(saidHello(2), 10);
  return session;
}

test('the dialling side sends the first hello, the other answers', () => {
  const dialling = new PeerSession(helloOf(1), true, 0);
  const accepting = new PeerSession(helloOf(2), false, 0);
  expect(verbs(dialling.start(peerIdOf(2)))).toEqual(['send hello']);
  expect(verbs(accepting.start(peerIdOf(1)))).toEqual([]);
  expect(verbs(accepting.receive(saidHello(1), 1))).toEqual(['send hello', 'open']);
  expect(verbs(dialling.receive(saidHello(2), 2))).toEqual(['open']);
  expect(dialling.remote).toEqual(helloOf(2));
});

test('a message before the hello, or a second hello, ends the link', () => {
  const session = new PeerSession(helloOf(1), false, 0);
  expect(verbs(session.receive({ type: 'ping' }, 1))).toEqual(['send bye', 'close']);
  expect(verbs(opened().receive(saidHello(2), 11))).toEqual(['send bye', 'close']);
});

test('a hello with an id that the connection has not proven ends the link', () => {
  const session = new PeerSession(helloOf(1), false, 0);
  session.start(peerIdOf(3));
  expect(verbs(session.receive(saidHello(2), 1))).toEqual(['send bye', 'close']);
  expect(session.open).toBe(false);
});

test('a peer that connects to itself is recognized', () => {
  const session = new PeerSession(helloOf(1), false, 0);
  session.start(peerIdOf(1));
  const [bye, close] = session.receive(saidHello(1), 1);
  expect(bye).toEqual({ do: 'send', message: { type: 'bye', reason: 'self' } });
  expect(close?.do).toBe('close');
});

test('another version of the protocol is refused', () => {
  const session = new PeerSession(helloOf(1), false, 0);
  const actions = session.receive({ type: 'hello', ...helloOf(2), version: 9 }, 1);
  expect(actions[0]).toEqual({ do: 'send', message: { type: 'bye', reason: 'too-new' } });
  expect(session.open).toBe(false);
});

test('a connection without a hello within 10 s is closed', () => {
  const session = new PeerSession(helloOf(1), false, 0);
  expect(session.tick(9_999)).toEqual([]);
  const [action] = session.tick(10_000);
  expect(action).toMatchObject({ do: 'close', error: { code: 'TIMEOUT' } });
});

test('pings every 30 s, and gives up after 90 s of silence', () => {
  const session = opened();
  expect(session.tick(30_009)).toEqual([]);
  expect(verbs(session.tick(30_010))).toEqual(['send ping']);
  expect(session.tick(40_000)).toEqual([]);
  session.receive({ type: 'pong' }, 40_000);
  expect(verbs(session.tick(129_999))).toEqual(['send ping']);
  expect(session.tick(130_000)).toMatchObject([{ do: 'close', error: { code: 'TIMEOUT' } }]);
  expect(session.tick(900_000)).toEqual([]);
});

test('answers a ping, passes on other messages', () => {
  const session = opened();
  expect(verbs(session.receive({ type: 'ping' }, 20))).toEqual(['send pong']);
  expect(session.receive({ type: 'serving' }, 20)).toEqual([{ do: 'deliver', message: { type: 'serving' } }]);
});

test('a goodbye is no error; after it nothing is sent or received', () => {
  const session = opened();
  expect(session.receive({ type: 'bye', reason: 'closing' }, 20)).toEqual([
    { do: 'close', error: undefined, bye: 'closing' },
  ]);
  expect(session.receive({ type: 'ping' }, 21)).toEqual([]);
  expect(session.leave('closing')).toEqual([]);
  expect(opened().receive({ type: 'bye', reason: 'banned' }, 20)).toMatchObject([
    { error: { code: 'REFUSED' } },
  ]);
});

test('of two crossing links the one dialled by the lower id stays, seen from both ends', () => {
  const at = (dialledByUs: boolean, number = 2) => ({
    dialledByUs,
    instanceId: instanceOf(number),
    host: 'h',
  });
  const [low, high] = [peerIdOf(1), peerIdOf(2)];
  expect(newLinkStays(low, high, at(false), at(true))).toBe(true);
  expect(newLinkStays(low, high, at(true), at(false))).toBe(false);
  expect(newLinkStays(high, low, at(true), at(false))).toBe(true);
  expect(newLinkStays(high, low, at(false), at(true))).toBe(false);
});

test('the newer of two links from the same side stays, and a newer run replaces an older one', () => {
  const [low, high] = [peerIdOf(1), peerIdOf(2)];
  const end = { dialledByUs: false, instanceId: instanceOf(5), host: 'h' };
  expect(newLinkStays(high, low, end, end)).toBe(true);
  expect(newLinkStays(high, low, end, { ...end, instanceId: instanceOf(6), dialledByUs: true })).toBe(true);
  expect(newLinkStays(high, low, end, { ...end, instanceId: instanceOf(4) })).toBe(false);
  // Another host with the same id is refused until the first is silent.
  expect(newLinkStays(high, low, end, { ...end, instanceId: instanceOf(6), host: 'elsewhere' })).toBe(false);
});
