import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
  countFitting,
  hex,
  list,
  messageSet,
  oneOf,
  optional,
  rest,
  struct,
  text,
  uint8,
  uint16,
  uint32,
  uint53,
} from '../../Protocol/Codec.ts';

const BAD_FRAME = expect.objectContaining({ code: 'BAD_FRAME' });

function encode<T>(codec: Codec<T>, value: T): Buffer {
  const out = new ByteWriter(1);
  codec.write(out, value);
  return out.finish();
}

function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return codec.read(new ByteReader(bytes));
}

describe('numbers', () => {
  test.each([
    [uint8, 0xab, 'ab'],
    [uint16, 0xabcd, 'abcd'],
    [uint32, 0xdeadbeef, 'deadbeef'],
    [uint53, 2 ** 53 - 1, '001fffffffffffff'],
    [uint53, 2 ** 32, '0000000100000000'],
  ])('%# are encoded big-endian', (codec, value, bytes) => {
    expect(encode(codec, value).toString('hex')).toBe(bytes);
    expect(decode(codec, Buffer.from(bytes, 'hex'))).toBe(value);
    expect(() => decode(codec, Buffer.from(bytes.slice(2), 'hex'))).toThrow(BAD_FRAME);
  });

  test.each([
    [uint8, 256],
    [uint16, 65_536],
    [uint32, 2 ** 32],
    [uint53, 2 ** 53],
    [uint53, -1],
    [uint53, Number.NaN],
    [uint53, Number.POSITIVE_INFINITY],
    [uint8, -1],
  ])('%# that do not fit are refused before they are sent: %o %d', (codec, value) => {
    expect(() => encode(codec, value)).toThrow(RangeError);
  });

  test('a fraction of a millisecond is cut off; a number above 2^53 - 1 is refused', () => {
    expect(decode(uint53, encode(uint53, 1_700_000_000_000.75))).toBe(1_700_000_000_000);
    expect(() => decode(uint53, Buffer.from('0020000000000000', 'hex'))).toThrow(BAD_FRAME);
    expect(() => decode(uint53, Buffer.alloc(8, 0xff))).toThrow(BAD_FRAME);
  });
});

test('a boolean is 0 or 1', () => {
  expect([decode(boolean, Buffer.of(0)), decode(boolean, Buffer.of(1))]).toEqual([false, true]);
  expect(() => decode(boolean, Buffer.of(2))).toThrow(BAD_FRAME);
});

test('hex has exactly its length and only hex digits', () => {
  expect(encode(hex(2), 'beef')).toEqual(Buffer.of(0xbe, 0xef));
  for (const wrong of ['be', 'beefbe', 'zzzz', 'bexx'])
    expect(() => encode(hex(2), wrong)).toThrow(RangeError);
});

describe('text', () => {
  test('is bounded in bytes, when encoded and when decoded', () => {
    expect(encode(text(2), 'é').toString('hex')).toBe('0002c3a9');
    expect(() => encode(text(1), 'é')).toThrow(RangeError);
    expect(() => decode(text(1), Buffer.from('0002c3a9', 'hex'))).toThrow(BAD_FRAME);
  });

  test('a text may contain the replacement character', () => {
    expect(decode(text(20), encode(text(20), 'a\ufffd\ufeffb'))).toBe('a\ufffd\ufeffb');
  });

  test.each(['c3', 'c328', 'eda080', 'f8888080', 'c080', 'ff'])('%s is not UTF-8', (bytes) => {
    const body = Buffer.from(bytes, 'hex');
    expect(() => decode(text(10), Buffer.concat([Buffer.of(0, body.length), body]))).toThrow('not UTF-8');
  });

  test('keeps a byte order mark: it is part of a name', () => {
    expect(decode(text(10), encode(text(10), '\ufeffx'))).toBe('\ufeffx');
  });
});

test('a list is bounded by its limit and by the remaining bytes', () => {
  expect(decode(list(uint8, 3), Buffer.of(0, 3, 7, 8, 9))).toEqual([7, 8, 9]);
  expect(() => encode(list(uint8, 3), [1, 2, 3, 4])).toThrow(RangeError);
  expect(() => decode(list(uint8, 3), Buffer.of(0, 4, 1, 2, 3, 4))).toThrow(BAD_FRAME);
  let reads = 0;
  const counting: Codec<number> = {
    ...uint8,
    read: (input) => {
      reads++;
      return uint8.read(input);
    },
  };
  expect(() => decode(list(counting, 65_535), Buffer.of(0xff, 0xff, 1))).toThrow(BAD_FRAME);
  expect(reads).toBe(0);
});

test('a word, a missing value, the rest', () => {
  const word = oneOf('yes', 'no');
  expect(decode(word, encode(word, 'no'))).toBe('no');
  expect(() => decode(word, Buffer.of(2))).toThrow(BAD_FRAME);
  expect(() => encode<string>(word as Codec<string>, 'maybe')).toThrow(RangeError);
  expect(encode(optional(uint8), undefined)).toEqual(Buffer.of(0));
  expect(decode(optional(uint8), Buffer.of(1, 9))).toBe(9);
  expect(decode(rest(2), Buffer.of(1, 2))).toEqual(Buffer.of(1, 2));
  expect(() => decode(rest(2), Buffer.of(1, 2, 3))).toThrow(BAD_FRAME);
  expect(() => encode(rest(2), Buffer.of(1, 2, 3))).toThrow(RangeError);
});

test('a reader works on a view in the middle of a larger buffer', () => {
  const whole = Uint8Array.of(9, 9, 1, 2, 9);
  const input = new ByteReader(whole.subarray(2, 4));
  expect(uint16.read(input)).toBe(0x0102);
  expect(input.remaining).toBe(0);
  expect(() => uint8.read(input)).toThrow(BAD_FRAME);
});

test('a writer grows and keeps its bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 100 })),
      fc.integer({ min: 1, max: 64 }),
      (parts, initial) => {
        const out = new ByteWriter(initial);
        for (const part of parts) rest(100).write(out, part);
        expect(out.finish()).toEqual(Buffer.concat(parts));
      },
    ),
  );
});

describe('a set of messages', () => {
  const set = messageSet({
    one: [1, struct<{ value: number }>({ value: uint8 })],
    two: [2, struct<{ name: string }>({ name: text(10) })],
    empty: [3, struct<object>({})],
  });
  type Message = ReturnType<(typeof set)['readBody']>;

  test('decodes to a union that a switch narrows', () => {
    const say = (message: Message): string => {
      switch (message.type) {
        case 'one':
          expectTypeOf(message.value).toEqualTypeOf<number>();
          return `one ${message.value}`;
        case 'two':
          expectTypeOf(message.name).toEqualTypeOf<string>();
          return `two ${message.name}`;
        case 'empty':
          return 'empty';
      }
    };
    expectTypeOf<Message['type']>().toEqualTypeOf<'one' | 'two' | 'empty'>();
    expect(say(set.readBody(1, new ByteReader(Buffer.of(7))))).toBe('one 7');
    expect(say(set.readBody(2, new ByteReader(Buffer.of(0, 1, 0x61))))).toBe('two a');
    expect(say(set.readBody(3, new ByteReader(Buffer.of())))).toBe('empty');
  });

  test('refuses unknown numbers and bytes after the end', () => {
    expect(() => set.readBody(4, new ByteReader(Buffer.of()))).toThrow(BAD_FRAME);
    expect(() => set.readBody(1, new ByteReader(Buffer.of(7, 8)))).toThrow(BAD_FRAME);
    expect([set.has(3), set.has(4), set.tagOf({ type: 'empty' })]).toEqual([true, false, 3]);
  });
});

test('countFitting counts the items that fit together', () => {
  const items = ['a', 'bb', 'ccc', 'dddd'];
  const fitting = [0, 2, 3, 6, 7, 11, 12, 17, 18].map((bytes) => countFitting(text(10), items, bytes));
  expect(fitting).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4]);
});

test('text with a byte order mark and a replacement character is decoded unchanged', () => {
  const out = new ByteWriter();
  text(64).write(out, '\ufeffa\ufffd');
  expect(text(64).read(new ByteReader(out.finish()))).toBe('\ufeffa\ufffd');
});
