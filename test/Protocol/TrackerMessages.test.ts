import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../Protocol/Codec.ts';
import { ANSWER_EXTENSIONS_BYTES } from '../../Protocol/Extensions.ts';
import {
  CONNECT_ID,
  decodeReply,
  decodeRequestBody,
  decodeRequestHeader,
  encodeReply,
  encodeRequest,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import { readGolden } from '../Support/golden.ts';
import { replyArbitraries, requestArbitraries } from './arbitraries.ts';
import { CONNECTION_ID, replyExamples, requestExamples, TRANSACTION_ID } from './examples.ts';
import { hostileBytes, isBadFrame, weightOf } from './hostile.ts';

const golden = readGolden('tracker-v2');

function decodeRequest(bytes: Uint8Array) {
  const input = new ByteReader(bytes);
  const header = decodeRequestHeader(input);
  return { header, request: decodeRequestBody(header.action, input) };
}

test('every golden section belongs to a message, and every message has one', () => {
  const titles = [
    ...Object.keys(requestExamples).map((type) => `request ${type}`),
    ...Object.keys(replyExamples).map((type) => `reply ${type}`),
  ];
  expect([...golden.keys()]).toEqual(titles);
});

describe('golden bytes', () => {
  test.each(Object.entries(requestExamples))('request %s', (type, value) => {
    const bytes = golden.get(`request ${type}`);
    expect(encodeRequest(CONNECTION_ID, TRANSACTION_ID, value).toString('hex')).toBe(bytes?.toString('hex'));
    const { header, request } = decodeRequest(bytes ?? Buffer.alloc(0));
    expect(request).toEqual(value);
    expect(header.transactionId).toBe(TRANSACTION_ID);
    expect(header.connectionId).toBe(type === 'connect' ? CONNECT_ID : CONNECTION_ID);
  });

  test.each(Object.entries(replyExamples))('reply %s', (type, value) => {
    const bytes = golden.get(`reply ${type}`);
    const transactionId = ['moved', 'query', 'called'].includes(type) ? 0 : TRANSACTION_ID;
    expect(encodeReply(transactionId, value).toString('hex')).toBe(bytes?.toString('hex'));
    expect(decodeReply(bytes ?? Buffer.alloc(0))).toEqual({ transactionId, reply: value });
  });
});

describe('any value is decoded to the encoded one', () => {
  test.each(Object.entries(requestArbitraries))('request %s', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<TrackerRequest>, (value) => {
        expect(decodeRequest(encodeRequest(CONNECTION_ID, 1, value)).request).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  test.each(Object.entries(replyArbitraries))('reply %s', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<TrackerReply>, (value) => {
        expect(decodeReply(encodeReply(1, value)).reply).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });
});

describe('hostile bytes are refused as BAD_FRAME or are a message like any other', () => {
  const anyRequest = fc.oneof(...(Object.values(requestArbitraries) as fc.Arbitrary<TrackerRequest>[]));
  const anyReply = fc.oneof(...(Object.values(replyArbitraries) as fc.Arbitrary<TrackerReply>[]));

  test('requests', () => {
    const seen = { good: 0, bad: 0 };
    const bytes = hostileBytes(
      anyRequest.map((value) => encodeRequest(CONNECTION_ID, 1, value)),
      [...golden.values()],
    );
    fc.assert(
      fc.property(bytes, (hostile) => {
        try {
          const { header, request } = decodeRequest(hostile);
          seen.good++;
          expect(weightOf(request)).toBeLessThanOrEqual(3 * hostile.length + 20);
          const again = encodeRequest(header.connectionId, header.transactionId, request);
          expect(decodeRequest(again).request).toEqual(request);
        } catch (failure) {
          seen.bad++;
          if (!isBadFrame(failure)) throw failure;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.good, seen.bad)).toBeGreaterThan(50);
  });

  test('replies', () => {
    const seen = { good: 0, bad: 0 };
    const bytes = hostileBytes(
      anyReply.map((value) => encodeReply(1, value)),
      [...golden.values()],
    );
    fc.assert(
      fc.property(bytes, (hostile) => {
        try {
          const { transactionId, reply } = decodeReply(hostile);
          seen.good++;
          expect(weightOf(reply)).toBeLessThanOrEqual(3 * hostile.length + 20);
          expect(decodeReply(encodeReply(transactionId, reply)).reply).toEqual(reply);
        } catch (failure) {
          seen.bad++;
          if (!isBadFrame(failure)) throw failure;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.good, seen.bad)).toBeGreaterThan(50);
  });

  test.each([...golden])('every cut of %s', (title, whole) => {
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      if (length === whole.length - ANSWER_EXTENSIONS_BYTES && title === 'reply found') {
        expect(decodeReply(cut).reply).not.toHaveProperty('trackers'); // A tracker without a cluster.
        continue;
      }
      expect(() => (title.startsWith('request') ? decodeRequest(cut) : decodeReply(cut))).toThrow(
        expect.objectContaining({ code: 'BAD_FRAME' }),
      );
    }
    const longer = Buffer.concat([whole, Buffer.of(0)]);
    expect(() => (title.startsWith('request') ? decodeRequest(longer) : decodeReply(longer))).toThrow(
      'too many',
    );
  });
});

test('every reason of a refusal has its number', () => {
  const reasons = [
    'bad-cookie',
    'unknown-peer',
    'wrong-owner',
    'full',
    'too-many',
    'bad-request',
    'too-old',
    'bad-proof',
    'clock-ahead',
  ] as const;
  for (const [number, reason] of reasons.entries()) {
    expect(encodeReply(0, { type: 'refused', reason }).at(-1)).toBe(number);
  }
});

test('every part of an answer has its number', () => {
  for (const [number, part] of (['whole', 'index', 'relayed', 'last'] as const).entries())
    expect(encodeReply(0, { ...replyExamples.located, part }).readUInt8(20)).toBe(number);
});

test('a request is narrowed by its type, without casts', () => {
  const { request } = decodeRequest(golden.get('request publish') ?? Buffer.alloc(0));
  switch (request.type) {
    case 'publish':
      expect(request.entries.map((entry) => entry.kind)).toEqual(['file', 'partial', 'gone']);
      break;
    default:
      expect.unreachable(request.type);
  }
});
