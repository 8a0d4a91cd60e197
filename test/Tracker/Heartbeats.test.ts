import { expect, test } from 'vitest';
import { COOKIE_STEP_MS } from '../../Protocol/Limits.ts';
import { decodeReply, encodeRequest } from '../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import { Asker, withToken } from './Asker.ts';
import { heartbeatOf, idOf, runOf } from './peers.ts';

/** A repeated heartbeat is answered without decoding: its meaning must not have changed. */

const tracker = () =>
  new TrackerLogic({
    wallClock: () => 0,
    instanceId: runOf(77),
    secret: new SeededRandom(5).bytes(32),
    peersMax: 3,
  });
const home = { host: '10.0.0.1', port: 40_001 };
const beat = heartbeatOf(1, { catalogVersion: 3 });

test('a repeated heartbeat gets the answer of the first one, and renews the lease', () => {
  const logic = tracker();
  const peer = new Asker(logic, home).connect();
  const first = peer.expect('alive', beat);
  for (let nowMs = 5_000; nowMs <= 50_000; nowMs += 5_000) {
    expect(peer.expect('alive', beat, nowMs)).toEqual(first);
  }
  expect(logic.registry.get(idOf(1))?.deadlineMs).toBe(70_000);
  logic.expire(70_000);
  expect(logic.registry.size).toBe(0);
  expect(peer.expect('alive', beat, 70_000)).toEqual(first); // Still the peer's own, but it joins anew.
});

test('a heartbeat with any changed byte is decoded', () => {
  const logic = tracker();
  const peer = new Asker(logic, home).connect();
  peer.expect('alive', beat);
  const changes = [
    { port: 9_999 },
    { name: 'anna' },
    { catalogVersion: 4 },
    { files: 1 },
    { bytes: 2 ** 40 },
    { uploads: 1 },
    { queryToken: 'ffffffffffffffff' },
    { unlisted: true },
    { instanceId: runOf(2) },
  ];
  for (const change of changes) {
    const changed = { ...beat, instanceId: runOf(2), ...change };
    peer.expect('alive', changed);
    peer.expect('alive', changed);
    const { type, ...said } = withToken(logic, home, changed);
    expect(logic.registry.get(idOf(1))?.beat, JSON.stringify(change)).toEqual(said);
  }
});

test('a heartbeat with another connection id, minute or address is decoded', () => {
  const logic = tracker();
  const peer = new Asker(logic, home).connect();
  peer.expect('alive', beat);
  peer.expect('alive', beat);
  const send = (cookie: string, from = home, nowMs = 0) => {
    const [datagram] = logic.receive(encodeRequest(cookie, 9, withToken(logic, home, beat)), from, nowMs);
    return datagram === undefined ? undefined : decodeReply(datagram.bytes).reply;
  };
  const { cookie } = peer;

  expect(send(cookie)).toMatchObject({ type: 'alive' });
  expect(send('00'.repeat(8))).toEqual({ type: 'refused', reason: 'bad-cookie' });
  expect(send(cookie, { ...home, port: 2 })).toEqual({ type: 'refused', reason: 'bad-cookie' });
  expect(send(cookie, home, 2 * COOKIE_STEP_MS)).toEqual({ type: 'refused', reason: 'bad-cookie' });
  peer.connect(2 * COOKIE_STEP_MS);
  peer.expect('alive', beat, 2 * COOKIE_STEP_MS);
});

test('a repeated heartbeat counts for the rate limit and the counters', () => {
  const logic = tracker();
  const peer = new Asker(logic, home).connect();
  const answers = Array.from({ length: 100 }, () => peer.ask(beat)?.type);

  // The join is not limited: the address had no peer.
  expect(answers.filter((type) => type === 'alive')).toHaveLength(61);
  expect(logic.counts).toMatchObject({ served: 62, limited: 39, refused: 39 });
});

test('two peers at one address are distinct', () => {
  const logic = tracker();
  const both = new Asker(logic, home).connect();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 5_000) {
    both.expect('alive', heartbeatOf(1), nowMs);
    both.expect('alive', heartbeatOf(2), nowMs);
    expect(logic.registry.size).toBe(2);
  }
  const others = logic.registry.from(home);
  expect(others?.peerId).toBe(idOf(2));
});
