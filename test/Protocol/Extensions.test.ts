import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter, type Codec, text, uint8 } from '../../Protocol/Codec.ts';
import {
  aliveExtensions,
  extensible,
  fileExtensions,
  fileExtensionsBytes,
} from '../../Protocol/Extensions.ts';
import {
  CLUSTER_BYTES_MAX,
  CLUSTER_TRACKERS_MAX,
  EXTENSIONS_BYTES_MAX,
  EXTENSIONS_MAX,
  FILE_EXTENSIONS_BYTES_MAX,
  GREETING_FRAME_BYTES_MAX,
} from '../../Protocol/Limits.ts';
import { listedFile, listedFileBytes } from '../../Protocol/ListedFile.ts';
import {
  byeToVersion,
  type ControlOf,
  decodeControl,
  decodeLane,
  encodeControl,
  FRAME_HEADER_BYTES,
} from '../../Protocol/PeerMessages.ts';
import { relayedFile } from '../../Protocol/RelayMessages.ts';
import { hit, publishedEntry, publishedEntryBytes } from '../../Protocol/TrackerItems.ts';
import {
  decodeReply,
  decodeRequestBody,
  decodeRequestHeader,
  encodeReply,
  encodeRequest,
} from '../../Protocol/TrackerMessages.ts';
import { controlExamples, replyExamples, requestExamples } from './examples.ts';

const NAME = { name: [7, text(20)] } as const;
const old = extensible({ n: uint8 }, NAME, 40);
const fresh = extensible({ n: uint8 }, { extra: [3, text(40)], ...NAME } as const, 60);

function written<T>(codec: Codec<T>, value: T): Buffer {
  const out = new ByteWriter();
  codec.write(out, value);
  return out.finish();
}

function read<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const input = new ByteReader(bytes);
  const value = codec.read(input);
  expect(input.remaining).toBe(0);
  return value;
}

const ext = (tag: number, bytes: Uint8Array) =>
  Buffer.concat([Buffer.of(tag >> 8, tag & 255, bytes.length >> 8, bytes.length & 255), bytes]);
const raw = (n: number, ...extensions: Buffer[]) =>
  Buffer.concat([Buffer.of(n, extensions.length), ...extensions]);
const named = ext(7, Buffer.from('\0\x02ab'));

describe('old and new readers and writers of version 2', () => {
  test('without extensions: one byte', () => {
    expect(written(old, { n: 5 })).toEqual(Buffer.of(5, 0));
  });

  test('an old reader skips the extensions of a new sender', () => {
    expect(read(old, written(fresh, { n: 5, name: 'ab', extra: 'new' }))).toEqual({ n: 5, name: 'ab' });
    expect(read(old, raw(5, ext(3, Buffer.alloc(9)), named, ext(900, Buffer.alloc(0))))).toEqual({
      n: 5,
      name: 'ab',
    });
  });

  test('a new reader accepts a message without the extensions of later senders', () => {
    expect(read(fresh, written(old, { n: 5, name: 'ab' }))).toEqual({ n: 5, name: 'ab' });
    expect(read(fresh, raw(5))).toEqual({ n: 5 });
  });

  test.each([
    ['too many', raw(5, ...Array.from({ length: 17 }, (_, at) => ext(at + 10, Buffer.alloc(0))))],
    ['too many bytes', raw(5, ext(9, Buffer.alloc(37)))],
    ['out of order', raw(5, ext(8, Buffer.alloc(0)), named)],
    ['twice', raw(5, named, named)],
    ['a known one with bytes too many', raw(5, ext(7, Buffer.from('\0\x02abc')))],
    ['a known one with bytes too few', raw(5, ext(7, Buffer.from('\0\x02a')))],
    ['cut', raw(5, named).subarray(0, -1)],
  ])('%s: BAD_FRAME', (_title, bytes) => {
    expect(() => old.read(new ByteReader(bytes))).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  });

  test('16 extensions up to the last byte of the bound are accepted', () => {
    expect(read(old, raw(5, ext(9, Buffer.alloc(36))))).toEqual({ n: 5 });
    expect(
      read(fresh, raw(5, ...Array.from({ length: 15 }, (_, at) => ext(at + 10, Buffer.alloc(0))))),
    ).toEqual({ n: 5 });
    const wide = extensible({ n: uint8 }, NAME);
    expect(
      read(wide, raw(5, ...Array.from({ length: 16 }, (_, at) => ext(at + 10, Buffer.alloc(28))))),
    ).toEqual({ n: 5 });
    expect(() => written(extensible({ n: uint8 }, NAME, 8), { n: 5, name: 'abc' })).toThrow(RangeError);
  });
});

test('a message of a later version in a frame of this version', () => {
  const {
    undialable: _,
    acceptsDialBack: __,
    relays: _relays,
    wallMs: _ms,
    ...hello
  } = controlExamples.hello;
  const frame = encodeControl(hello);
  const grown = Buffer.concat([
    frame.subarray(FRAME_HEADER_BYTES, -1),
    Buffer.of(1),
    ext(77, Buffer.alloc(508)),
  ]);
  expect(grown.length).toBeLessThanOrEqual(GREETING_FRAME_BYTES_MAX);
  expect(decodeControl(1, grown)).toEqual(hello);

  const request = encodeRequest('c0ffee0012345678', 1, {
    ...requestExamples.heartbeat,
    undialable: undefined,
    proof: undefined,
    relays: undefined,
  });
  const input = new ByteReader(
    Buffer.concat([request.subarray(0, -1), Buffer.of(1), ext(77, Buffer.alloc(508))]),
  );
  const { undialable: ___, proof: ____, relays: _willing, ...beat } = requestExamples.heartbeat;
  expect(decodeRequestBody(decodeRequestHeader(input).action, input)).toEqual(beat);
});

test('unknown messages are skipped from type 128 and 192 on, and end the link below', () => {
  const body = Buffer.alloc(30);
  expect([
    decodeControl(200, body),
    decodeControl(255, body),
    decodeLane(192, body),
    decodeLane(255, body),
  ]).toEqual([undefined, undefined, undefined, undefined]);
  expect(() => decodeControl(127, body)).toThrow('no message has the number 127');
  expect(() => decodeLane(191, body)).toThrow('no message has the number 191');
});

test('reasons of later versions have a meaning', () => {
  expect(decodeControl(6, Buffer.of(0, 0, 0, 1, 99))).toEqual({
    type: 'refused',
    requestId: 1,
    code: 'other',
  });
  expect(decodeControl(20, Buffer.of(99))).toEqual({ type: 'bye', reason: 'other' });
  expect(decodeLane(67, Buffer.of(0, 0, 0, 1, 99))).toEqual({ type: 'reject', id: 1, code: 'other' });
  const refused = encodeReply(1, replyExamples.refused);
  refused[8] = 99;
  expect(decodeReply(refused).reply).toEqual({ type: 'refused', reason: 'other' });
});

test('the goodbye to another version is in the format of that version', () => {
  expect([1, 3, 255].map(byeToVersion)).toEqual(['protocol', 'too-new', 'too-new']);
});

test.each([{}, { modifiedMs: 5 }, { executable: true }, { modifiedMs: 5, executable: true }] as const)(
  'the calculated size is the encoded one: %o',
  (extensions) => {
    const file = { fileId: controlExamples.offer.fileId, path: 'ä/b', size: 3, ...extensions };
    expect(written(publishedEntry, { ...file, kind: 'file' }).length).toBe(
      publishedEntryBytes(4, extensions),
    );
    const listed = { ...file, modifiedMs: 7 };
    expect(written(listedFile, listed).length).toBe(listedFileBytes(listed));
    expect(fileExtensionsBytes(extensions)).toBe(written(extensible({}, fileExtensions), extensions).length);
  },
);

describe('limits', () => {
  const bounded = extensible({ n: uint8 }, NAME);
  const badFrame = expect.objectContaining({ code: 'BAD_FRAME' });

  test('of the number and bytes of extensions, unknown ones included', () => {
    const many = (count: number) =>
      raw(5, ...Array.from({ length: count }, (_, n) => ext(100 + n, Buffer.of())));
    expect(read(bounded, many(EXTENSIONS_MAX))).toEqual({ n: 5 });
    expect(() => read(bounded, many(EXTENSIONS_MAX + 1))).toThrow(badFrame);
    const long = (bytes: number) => raw(5, ext(100, Buffer.alloc(bytes - 4)));
    expect(read(bounded, long(EXTENSIONS_BYTES_MAX))).toEqual({ n: 5 });
    expect(() => read(bounded, long(EXTENSIONS_BYTES_MAX + 1))).toThrow(badFrame);
  });

  const file = { fileId: controlExamples.offer.fileId, path: 'b', size: 3 };
  const offer: ControlOf<'offer'> = { type: 'offer', requestId: 1, chunks: 1, ...file };
  test.each([
    ['listed', written(listedFile, { ...file, modifiedMs: 7 }), (bytes) => read(listedFile, bytes)],
    ['published', written(publishedEntry, { ...file, kind: 'file' }), (bytes) => read(publishedEntry, bytes)],
    ['relayed', written(relayedFile, { ...file, complete: true }), (bytes) => read(relayedFile, bytes)],
    ['found', written(hit, { ...file, holderCount: 0, holders: [] }), (bytes) => read(hit, bytes)],
    ['offered', encodeControl(offer).subarray(FRAME_HEADER_BYTES), (bytes) => decodeControl(22, bytes)],
  ] as const satisfies [string, Buffer, (bytes: Buffer) => unknown][])(
    'of the extensions of a file that is %s',
    (_kind, plain, decode) => {
      const extended = (bytes: number) =>
        Buffer.concat([plain.subarray(0, -1), Buffer.of(1), ext(100, Buffer.alloc(bytes - 4))]);
      expect(decode(extended(FILE_EXTENSIONS_BYTES_MAX))).toEqual(decode(plain));
      expect(() => decode(extended(FILE_EXTENSIONS_BYTES_MAX + 1))).toThrow(badFrame);
    },
  );

  test('of the name of a cluster and of its trackers', () => {
    const { cluster, trackers } = aliveExtensions;
    expect(() => written(cluster[1], 'x'.repeat(CLUSTER_BYTES_MAX))).not.toThrow();
    expect(() => written(cluster[1], 'x'.repeat(CLUSTER_BYTES_MAX + 1))).toThrow(RangeError);
    const addresses = (length: number) => Array.from({ length }, () => ({ host: '10.0.0.1', port: 1 }));
    expect(() => written(trackers[1], addresses(CLUSTER_TRACKERS_MAX))).not.toThrow();
    expect(() => written(trackers[1], addresses(CLUSTER_TRACKERS_MAX + 1))).toThrow(RangeError);
  });
});
