import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import { decodeReply, encodeRequest, type TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import { requestExamples } from '../Protocol/examples.ts';
import { hostileBytes } from '../Protocol/hostile.ts';
import { withToken } from './Asker.ts';
import { heartbeatOf, runOf } from './peers.ts';

const FROM = { host: '10.0.0.1', port: 4_000 };
const requests: TrackerRequest[] = Object.values(requestExamples);

function tracker(): TrackerLogic {
  return new TrackerLogic({
    wallClock: () => 1_700_000_000_000,
    instanceId: runOf(1),
    secret: new SeededRandom(9).bytes(32),
  });
}

function connected(logic: TrackerLogic): string {
  const [datagram] = logic.receive(encodeRequest('', 1, { type: 'connect' }), FROM, 0);
  const reply = datagram && decodeReply(datagram.bytes).reply;
  return reply?.type === 'connected' ? reply.connectionId : '';
}

function corpus(cookie: string): Buffer[] {
  return requests.map((request) => encodeRequest(cookie, 7, request));
}

describe('before a valid connection id', () => {
  test('nothing is remembered, and no answer is longer than its question', () => {
    const logic = tracker();
    const strange = corpus('1234567890abcdef');
    const bytes = hostileBytes(fc.constantFrom(...strange), strange);
    let received = 0;
    let sent = 0;
    fc.assert(
      fc.property(fc.oneof(bytes, fc.constantFrom(...strange)), fc.nat(200), (datagram, host) => {
        const replies = logic.receive(datagram, { host: `10.0.0.${host}`, port: 5 }, received);
        const out = replies.reduce((sum, reply) => sum + reply.bytes.length, 0);
        received += datagram.length;
        sent += out;
        return out <= datagram.length && logic.registry.size === 0 && logic.catalogs.size === 0;
      }),
      { numRuns: 5_000 },
    );
    expect(sent).toBeGreaterThan(0);
    expect(sent / received).toBeLessThan(1);
  });

  test('malformed datagrams are dropped and counted', () => {
    const logic = tracker();
    const malformed = [
      Buffer.alloc(0),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(1_201),
      Buffer.alloc(65_507, 0xff),
      Buffer.from('0000041727101980000000010000000100000000', 'hex'), // an announce of BEP 15
      Buffer.concat([encodeRequest('', 1, { type: 'connect' }), Buffer.alloc(1)]),
      encodeRequest('', 1, { type: 'connect' }).subarray(0, 15),
    ];
    for (const bytes of malformed) expect(logic.receive(bytes, FROM, 0)).toEqual([]);
    expect(logic.counts).toEqual({
      served: 0,
      refused: 0,
      limited: 0,
      malformed: malformed.length,
      forged: 0,
      late: 0,
    });
  });

  test('a flood under a forged address does not shut out its owner', () => {
    const logic = tracker();
    const connect = encodeRequest('', 1, { type: 'connect' });
    const forged = encodeRequest('00'.repeat(8), 1, heartbeatOf(1));
    for (let count = 0; count < 10_000; count++) logic.receive(count % 2 === 0 ? connect : forged, FROM, 0);
    const joined = logic.receive(
      encodeRequest(connected(logic), 2, withToken(logic, FROM, heartbeatOf(1))),
      FROM,
      0,
    );
    expect(joined.map(({ bytes }) => decodeReply(bytes).reply.type)).toEqual(['alive']);
  });

  test('a flood from one address gets no more answers than its limit', () => {
    const logic = tracker();
    const locate = encodeRequest(connected(logic), 1, requestExamples.locate);
    let answers = 0;
    for (let count = 0; count < 10_000; count++) answers += logic.receive(locate, FROM, 0).length;
    expect(answers).toBe(400);
  });
});

test('with a valid one, damaged requests never throw and every reply can be read', () => {
  const logic = tracker();
  const cookie = connected(logic);
  const good = requests.map((request) =>
    encodeRequest(
      cookie,
      7,
      withToken(logic, FROM, 'token' in request ? { ...request, token: NO_TOKEN } : request),
    ),
  );
  const bytes = hostileBytes(fc.constantFrom(...good), good);
  const kinds = new Set<string>();
  let nowMs = 0;
  fc.assert(
    fc.property(fc.oneof(bytes, fc.constantFrom(...good)), (datagram) => {
      // Slow enough for the rate limits, and within the lifetime of the connection id.
      nowMs = (nowMs + 60) % 60_000;
      for (const reply of logic.receive(datagram, FROM, nowMs)) {
        kinds.add(decodeReply(reply.bytes).reply.type);
        if (reply.bytes.length > 1_200) return false;
      }
      return logic.registry.size <= 64;
    }),
    { numRuns: 10_000 },
  );
  expect(kinds).toContain('alive');
  expect(kinds).toContain('refused');
});

test('a peer is served throughout the flood', () => {
  const logic = tracker();
  const cookie = connected(logic);
  const random = new SeededRandom(6);
  for (let nowMs = 0; nowMs < 60_000; nowMs += 500) {
    for (let count = 0; count < 20; count++) {
      const length = random.int(0, 300);
      logic.receive(random.bytes(length), { host: `10.1.0.${random.int(1, 250)}`, port: 9 }, nowMs);
    }
    const [answer] = logic.receive(
      encodeRequest(cookie, 3, withToken(logic, FROM, heartbeatOf(1))),
      FROM,
      nowMs,
    );
    expect(decodeReply(answer?.bytes ?? Buffer.alloc(0)).reply.type).toBe('alive');
  }
});
