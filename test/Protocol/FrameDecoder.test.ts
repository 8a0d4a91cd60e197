import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { FrameDecoder } from '../../Protocol/FrameDecoder.ts';

const BAD_FRAME = expect.objectContaining({ code: 'BAD_FRAME' });

function frame(type: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(body.length, 0);
  header.writeUInt8(type, 4);
  return Buffer.concat([header, body]);
}

/** Cuts bytes into parts of the given lengths, repeated. */
function* parts(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const anyFrames = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
  maxLength: 20,
});
const anySplit = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });

test('any split of the bytes gives the same frames', () => {
  fc.assert(
    fc.property(anyFrames, anySplit, (frames, lengths) => {
      const decoder = new FrameDecoder(300);
      const seen: [number, string][] = [];
      for (const part of parts(Buffer.concat(frames.map(([type, body]) => frame(type, body))), lengths)) {
        const read = Buffer.from(part);
        for (const { type, body } of decoder.push(read)) seen.push([type, Buffer.from(body).toString('hex')]);
        read.fill(0xdd); // The reader of a socket may reuse its memory.
      }
      expect(seen).toEqual(frames.map(([type, body]) => [type, Buffer.from(body).toString('hex')]));
    }),
    { numRuns: 500 },
  );
});

test('an iteration that is left after each frame loses no frame', () => {
  fc.assert(
    fc.property(anyFrames, (frames) => {
      const decoder = new FrameDecoder(300);
      let input = Buffer.concat(frames.map(([type, body]) => frame(type, body)));
      const seen: number[] = [];
      for (let turn = 0; turn < frames.length; turn++) {
        for (const { type } of decoder.push(input)) {
          seen.push(type);
          break;
        }
        input = Buffer.alloc(0);
      }
      expect(seen).toEqual(frames.map(([type]) => type));
    }),
  );
});

test('an oversized frame is refused by its header alone, at any split', () => {
  const header = frame(1, Buffer.alloc(11)).subarray(0, 5);
  expect(() => [...new FrameDecoder(10).push(header)]).toThrow(BAD_FRAME);
  const slow = new FrameDecoder(10);
  for (const byte of header.subarray(0, 4)) expect([...slow.push(Buffer.of(byte))]).toEqual([]);
  expect(() => [...slow.push(header.subarray(4))]).toThrow(BAD_FRAME);
  expect(() => [...new FrameDecoder(0xffff).push(Buffer.alloc(5, 0xff))]).toThrow(
    'a frame of 4294967295 bytes',
  );
});

test('the largest frame is accepted, and the limit can be raised between frames', () => {
  const decoder = new FrameDecoder(10);
  const input = Buffer.concat([frame(1, Buffer.alloc(10)), frame(2, Buffer.alloc(50))]);
  const seen: number[] = [];
  for (const { type } of decoder.push(input)) {
    seen.push(type);
    decoder.maxBodyBytes = 50;
  }
  expect(seen).toEqual([1, 2]);
});

test('a frame in segments of one byte costs a constant number of copies per byte', () => {
  const bytes = frame(1, new Uint8Array(65_536));
  const decoder = new FrameDecoder(65_536);
  const grown = vi.spyOn(Buffer.prototype, 'copy');
  const joined = vi.spyOn(Buffer, 'concat');
  let seen = 0;
  for (const byte of bytes) for (const { body } of decoder.push(Uint8Array.of(byte))) seen += body.length;
  const copied = [
    ...grown.mock.calls.map(([, , from, to]) => Number(to) - Number(from)),
    ...joined.mock.calls.flatMap(([parts]) => parts.map((part) => part.length)),
  ];
  grown.mockRestore();
  joined.mockRestore();
  expect(seen).toBe(65_536);
  expect(copied.reduce((sum, count) => sum + count, 0)).toBeLessThan(3 * bytes.length);
});
