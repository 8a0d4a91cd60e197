import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONTROL_FRAME_BYTES_MAX,
  LANE_REQUEST_BYTES_MAX,
  OPTIONAL_CONTROL_TYPE,
  OPTIONAL_LANE_TYPE,
  PIECE_BYTES_MAX,
} from '../../Protocol/Limits.ts';
import {
  type ConnectionKind,
  type ControlMessage,
  decodeControl,
  decodeLane,
  decodePreamble,
  encodeControl,
  encodeDataHeaders,
  encodeLane,
  encodePreamble,
  FEATURES,
  FRAME_HEADER_BYTES,
  LANE_DATA_HEADER_BYTES,
  LANE_DATA_TYPE,
  type LaneMessage,
} from '../../Protocol/PeerMessages.ts';
import { readGolden } from '../Support/golden.ts';
import { controlArbitraries, laneArbitraries } from './arbitraries.ts';
import { controlExamples, laneExamples } from './examples.ts';
import { hostileBytes, isBadFrame, weightOf } from './hostile.ts';

const golden = readGolden('peer-v2');
const KINDS = ['control', 'lane', 'backLane', 'relayed'] as const satisfies readonly ConnectionKind[];
const frames = [...golden].filter(([title]) => !title.startsWith('preamble'));

/** A whole frame, as a decoder for the kind of link. */
function decoded<M>(decode: (type: number, body: Uint8Array) => M | undefined, frame: Buffer): M {
  expect(frame.readUInt32BE(0)).toBe(frame.length - FRAME_HEADER_BYTES);
  const message = decode(frame.readUInt8(4), frame.subarray(FRAME_HEADER_BYTES));
  if (message === undefined) throw new Error('a message that is skipped');
  return message;
}

test('every golden section belongs to a message, and every message has one', () => {
  const titles = [
    ...KINDS.map((kind) => `preamble ${kind}`),
    ...Object.keys(controlExamples).map((type) => `control ${type}`),
    ...Object.keys(laneExamples).map((type) => `lane ${type}`),
  ];
  expect([...golden.keys()]).toEqual(titles);
});

describe('golden bytes', () => {
  test.each(KINDS)('preamble %s', (kind) => {
    const bytes = golden.get(`preamble ${kind}`) ?? Buffer.alloc(0);
    expect(encodePreamble(kind).toString('hex')).toBe(bytes.toString('hex'));
    expect(decodePreamble(bytes)).toEqual({ kind, version: 2 });
  });

  test.each(Object.entries(controlExamples))('control %s', (type, value) => {
    const frame = golden.get(`control ${type}`) ?? Buffer.alloc(0);
    expect(encodeControl(value).toString('hex')).toBe(frame.toString('hex'));
    expect(decoded(decodeControl, frame)).toEqual(value);
  });

  test.each(Object.entries(laneExamples))('lane %s', (type, value) => {
    const frame = golden.get(`lane ${type}`) ?? Buffer.alloc(0);
    expect(encodeLane(value).toString('hex')).toBe(frame.toString('hex'));
    expect(decoded(decodeLane, frame)).toEqual(value);
  });
});

test('every reason has its number', () => {
  const codes = [
    'not-found',
    'changed',
    'busy',
    'denied',
    'failed',
    'cancelled',
    'already-have',
    'unanswered',
  ] as const;
  for (const [number, code] of codes.entries()) {
    expect(encodeControl({ type: 'refused', requestId: 0, code }).at(-1)).toBe(number);
    expect(encodeLane({ type: 'reject', id: 0, code }).at(-1)).toBe(number);
  }
  const reasons = [
    'closing',
    'duplicate',
    'self',
    'idle',
    'protocol',
    'banned',
    'full',
    'too-old',
    'too-new',
  ] as const;
  for (const [number, reason] of reasons.entries()) {
    expect(encodeControl({ type: 'bye', reason }).at(-1)).toBe(number);
  }
  expect(encodeControl({ type: 'bye', reason: 'other' }).at(-1)).toBe(255);
});

test('every rest of a suggestion, and every feature, has its number', () => {
  for (const [number, rest] of (['anything', 'spread', 'nothing'] as const).entries())
    expect(encodeControl({ ...controlExamples.suggest, rest, chunks: [] }).at(-3)).toBe(number);
  expect(FEATURES).toEqual({ answersQueries: 1, suggests: 2, bundles: 4, turns: 8 });
});

test('the encoded headers of data frames are the starts of the frames', () => {
  const frame = golden.get('lane data') ?? Buffer.alloc(0);
  const { id, bytes } = laneExamples.data;
  const start = frame.subarray(0, LANE_DATA_HEADER_BYTES);
  const headers = encodeDataHeaders([id, id, id], [bytes.length, bytes.length, 2]);
  const third = Buffer.from(start);
  third.writeUInt32BE(6, 0);
  expect(Buffer.from(headers)).toEqual(Buffer.concat([start, start, third]));
  expect(frame.readUInt8(4)).toBe(LANE_DATA_TYPE);
});

test('a preamble with any other byte is not recognised', () => {
  const good = encodePreamble('lane');
  for (const at of [0, 1, 2, 3, 4, 6]) {
    const other = Buffer.from(good);
    other[at] = 0x20;
    expect(decodePreamble(other), `byte ${at}`).toBeUndefined();
  }
  expect(decodePreamble(Buffer.from('SHOAL\0L\0'))).toBeUndefined();
  expect(decodePreamble(good.subarray(0, 7))).toBeUndefined();
  expect(decodePreamble(Buffer.from('GET / HT'))).toBeUndefined();
});

describe('any value is decoded to the encoded one', () => {
  test.each(Object.entries(controlArbitraries))('control %s', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<ControlMessage>, (value) => {
        expect(decoded(decodeControl, encodeControl(value))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  test.each(Object.entries(laneArbitraries))('lane %s', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<LaneMessage>, (value) => {
        expect(decoded(decodeLane, encodeLane(value))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });
});

describe('hostile bodies are refused as BAD_FRAME or are a message like any other', () => {
  const bodies = frames.map(([, frame]) => frame.subarray(FRAME_HEADER_BYTES));
  const types = [...new Set(frames.map(([, frame]) => frame.readUInt8(4))), 0, 22, 63, 69, 255];
  const anyControl = fc.oneof(...(Object.values(controlArbitraries) as fc.Arbitrary<ControlMessage>[]));
  const anyLane = fc.oneof(...(Object.values(laneArbitraries) as fc.Arbitrary<LaneMessage>[]));
  const good = fc
    .oneof(anyControl.map(encodeControl), anyLane.map(encodeLane))
    .map((frame) => frame.subarray(FRAME_HEADER_BYTES));

  test('of every type', () => {
    const seen = { good: 0, bad: 0 };
    fc.assert(
      fc.property(hostileBytes(good, bodies), fc.constantFrom(...types), (hostile, type) => {
        const isLane = type >= 64;
        try {
          if (type >= (isLane ? OPTIONAL_LANE_TYPE : OPTIONAL_CONTROL_TYPE)) return;
          const value = isLane ? decodeLane(type, hostile) : decodeControl(type, hostile);
          seen.good++;
          expect(weightOf(value)).toBeLessThanOrEqual(3 * hostile.length + 20);
          const again = isLane ? encodeLane(value as LaneMessage) : encodeControl(value as ControlMessage);
          expect(isLane ? decoded(decodeLane, again) : decoded(decodeControl, again)).toEqual(value);
        } catch (failure) {
          seen.bad++;
          if (!isBadFrame(failure)) throw failure;
        }
      }),
      { numRuns: 4_000 },
    );
    expect(Math.min(seen.good, seen.bad)).toBeGreaterThan(50);
  });

  const openEnded = new Set(['control bitfield', 'lane data']);
  test.each(frames)('every cut of %s', (title, frame) => {
    const decode = title.startsWith('lane') ? decodeLane : decodeControl;
    const body = frame.subarray(FRAME_HEADER_BYTES);
    const fixed = openEnded.has(title) ? (title === 'lane data' ? 4 : 36) : body.length;
    for (let length = 0; length < fixed; length++) {
      expect(() => decode(frame.readUInt8(4), body.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'BAD_FRAME' }),
      );
    }
    if (openEnded.has(title)) return;
    expect(() => decode(frame.readUInt8(4), Buffer.concat([body, Buffer.of(0)]))).toThrow('too many');
  });

  test.each(['have', 'listPage', 'description', 'peers'] as const)(
    '%s with a count and no items allocates no list',
    (type) => {
      const frame = golden.get(`control ${type}`) ?? Buffer.alloc(0);
      const body = Buffer.alloc(CONTROL_FRAME_BYTES_MAX);
      frame.copy(body, 0, FRAME_HEADER_BYTES);
      const countAt = { have: 32, listPage: 12, description: 16, peers: 33 }[type];
      for (const count of [0xffff, 8_000]) {
        body.writeUInt16BE(count, countAt);
        expect(() => decodeControl(frame.readUInt8(4), body)).toThrow(`a list of ${count} items`);
      }
    },
  );
});

test('values at the limits fit into their frames', () => {
  const { request, cancel, token, withdraw } = laneExamples;
  for (const message of [request, cancel, token, withdraw]) {
    expect(encodeLane(message).length - FRAME_HEADER_BYTES).toBeLessThanOrEqual(LANE_REQUEST_BYTES_MAX);
  }
  const [hash = ''] = controlExamples.description.chunkHashes;
  const largest: ControlMessage[] = [
    { ...controlExamples.description, chunkHashes: Array(2_000).fill(hash) },
    { ...controlExamples.have, chunks: Array(4_096).fill(7) },
    { ...controlExamples.bitfield, bits: Buffer.alloc(32_768) },
    { ...controlExamples.peers, peers: Array(50).fill(controlExamples.peers.peers[0]) },
  ];
  for (const message of largest) {
    expect(encodeControl(message).length - FRAME_HEADER_BYTES).toBeLessThanOrEqual(CONTROL_FRAME_BYTES_MAX);
  }
  const piece = Buffer.alloc(PIECE_BYTES_MAX);
  expect(decoded(decodeLane, encodeLane({ type: 'data', id: 1, bytes: piece }))).toMatchObject({ id: 1 });
});
