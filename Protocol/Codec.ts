import { ShoalError } from '../Shared/ShoalError.ts';

/** Encoding of one kind of value. All numbers are big-endian. */
export interface Codec<T> {
  /** @throws RangeError when the value does not fit: a bug on our side */
  write(out: ByteWriter, value: T): void;
  /** @throws ShoalError BAD_FRAME */
  read(input: ByteReader): T;
}

/** The value a codec describes. */
export type Decoded<C> = C extends Codec<infer T> ? { readonly [K in keyof T]: T[K] } : never;

/** Writes values one after the other into memory that grows. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Reserves `count` more bytes. @returns the buffer and their offset */
  reserve(count: number): { bytes: Buffer; at: number } {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return { bytes: this.#bytes, at };
  }

  /** Overwrites two bytes that were reserved earlier. */
  setUint16(at: number, value: number): void {
    this.#bytes.writeUInt16BE(value, at);
  }

  /** The bytes written so far. Shares memory with the writer. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads values one after the other. */
export class ByteReader {
  readonly bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.#at;
  }

  /** Skips `count` bytes. @returns their offset. @throws ShoalError BAD_FRAME */
  take(count: number): number {
    if (count > this.remaining) throw badFrame(`needs ${count} more bytes, has ${this.remaining}`);
    const at = this.#at;
    this.#at += count;
    return at;
  }
}

export function badFrame(message: string): ShoalError {
  return new ShoalError('BAD_FRAME', message);
}

export const uint8: Codec<number> = {
  write: (out, value) => {
    const { bytes, at } = out.reserve(1);
    bytes.writeUInt8(value, at);
  },
  read: (input) => input.bytes.readUInt8(input.take(1)),
};

export const uint16: Codec<number> = {
  write: (out, value) => {
    const { bytes, at } = out.reserve(2);
    bytes.writeUInt16BE(value, at);
  },
  read: (input) => input.bytes.readUInt16BE(input.take(2)),
};

export const uint32: Codec<number> = {
  write: (out, value) => {
    const { bytes, at } = out.reserve(4);
    bytes.writeUInt32BE(value, at);
  },
  read: (input) => input.bytes.readUInt32BE(input.take(4)),
};

/** Eight bytes, at most 2^53 - 1, the limit of exact numbers. A fraction is cut off. */
export const uint53: Codec<number> = {
  write: (out, value) => {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
      throw new RangeError(`${value} is not 0 to 2^53 - 1`);
    const { bytes, at } = out.reserve(8);
    bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at);
    bytes.writeUInt32BE(value % 2 ** 32, at + 4);
  },
  read: (input) => {
    const at = input.take(8);
    const value = input.bytes.readUInt32BE(at) * 2 ** 32 + input.bytes.readUInt32BE(at + 4);
    if (value > Number.MAX_SAFE_INTEGER) throw badFrame('a number above 2^53 - 1');
    return value;
  },
};

export const boolean: Codec<boolean> = {
  write: (out, value) => uint8.write(out, value ? 1 : 0),
  read: (input) => {
    const value = uint8.read(input);
    if (value > 1) throw badFrame(`${value} is neither 0 nor 1`);
    return value === 1;
  },
};

/** Exactly `count` bytes as lower-case hex: ids, tokens, hashes. */
export function hex<T extends string = string>(count: number): Codec<T> {
  return {
    write: (out, value) => {
      const { bytes, at } = out.reserve(count);
      if (value.length !== count * 2 || bytes.write(value, at, count, 'hex') !== count) {
        throw new RangeError(`"${value}" is not ${count} bytes of hex`);
      }
    },
    read: (input) => {
      const at = input.take(count);
      return input.bytes.toString('hex', at, at + count) as T;
    },
  };
}

/** Text as its length (2 bytes, at most `maxBytes`) and UTF-8. Malformed UTF-8 is rejected. */
export function text(maxBytes: number): Codec<string> {
  return {
    write: (out, value) => {
      const count = Buffer.byteLength(value);
      if (count > maxBytes) throw new RangeError(`text of ${count} bytes, at most ${maxBytes}`);
      uint16.write(out, count);
      const { bytes, at } = out.reserve(count);
      bytes.write(value, at);
    },
    read: (input) => {
      const count = uint16.read(input);
      if (count > maxBytes) throw badFrame(`text of ${count} bytes, at most ${maxBytes}`);
      const at = input.take(count);
      const read = input.bytes.toString('utf8', at, at + count);
      return read.includes(REPLACEMENT) ? strictly(input.bytes.subarray(at, at + count)) : read;
    },
  };
}

/** Replacement for malformed bytes; valid text may contain it too. */
const REPLACEMENT = '\ufffd';

/** Decodes strictly, several times slower. @throws ShoalError BAD_FRAME */
function strictly(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw badFrame('text that is not UTF-8');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** All remaining bytes, at most `maxBytes`. A view into the input: to be copied if kept. */
export function rest(maxBytes: number): Codec<Uint8Array> {
  return {
    write: (out, value) => {
      if (value.length > maxBytes) throw new RangeError(`${value.length} bytes, at most ${maxBytes}`);
      const { bytes, at } = out.reserve(value.length);
      bytes.set(value, at);
    },
    read: (input) => {
      if (input.remaining > maxBytes) throw badFrame(`${input.remaining} bytes, at most ${maxBytes}`);
      const at = input.take(input.remaining);
      return input.bytes.subarray(at);
    },
  };
}

/** A list as its length (2 bytes, at most `maxItems`) and the items. */
export function list<T>(item: Codec<T>, maxItems: number): Codec<readonly T[]> {
  return {
    write: (out, values) => {
      if (values.length > maxItems) throw new RangeError(`${values.length} items, at most ${maxItems}`);
      uint16.write(out, values.length);
      for (const value of values) item.write(out, value);
    },
    read: (input) => {
      const count = uint16.read(input);
      // Every item takes at least a byte, so a short frame cannot cause a long list.
      if (count > maxItems || count > input.remaining) throw badFrame(`a list of ${count} items`);
      return Array.from({ length: count }, () => item.read(input));
    },
  };
}

/** One of several words, as one byte: the index in the list. */
export function oneOf<const T extends string>(...words: readonly T[]): Codec<T> {
  return {
    write: (out, value) => uint8.write(out, words.indexOf(value)),
    read: (input) => {
      const index = uint8.read(input);
      const word = words[index];
      if (word === undefined) throw badFrame(`no meaning for the value ${index}`);
      return word;
    },
  };
}

/** As `oneOf`, for words that later versions add to: an unknown value is read as `other`, which is written as 255. */
export function oneOfOrOther<const T extends string>(...words: readonly T[]): Codec<T | 'other'> {
  return {
    write: (out, value) => uint8.write(out, value === 'other' ? OTHER : words.indexOf(value)),
    read: (input) => words[uint8.read(input)] ?? 'other',
  };
}

const OTHER = 255;

/** A value that may be missing: one byte 0 or 1, then the value. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    write: (out, value) => {
      boolean.write(out, value !== undefined);
      if (value !== undefined) codec.write(out, value);
    },
    read: (input) => (boolean.read(input) ? codec.read(input) : undefined),
  };
}

/** Several values in sequence, in the order of `fields`. */
export function struct<T extends object>(fields: { readonly [K in keyof T]: Codec<T[K]> }): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write: (out, value) => {
      for (const name of names) fields[name].write(out, value[name]);
    },
    read: (input) => {
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(input);
      return value as T;
    },
  };
}

/** A table of messages: name, number on the wire, fields. */
export type MessageTable = Readonly<Record<string, readonly [tag: number, fields: Codec<object>]>>;

/** The union of all messages of a table, discriminated by `type`. */
export type MessageOf<T extends MessageTable> = {
  [K in keyof T & string]: { readonly type: K } & Readonly<Decoded<T[K][1]>>;
}[keyof T & string];

/** Encodes and decodes the messages of a table. */
export function messageSet<const T extends MessageTable>(table: T) {
  const byTag = new Map(Object.entries(table).map(([type, [tag, fields]]) => [tag, { type, fields }]));
  return {
    has: (tag: number): boolean => byTag.has(tag),
    /** Name of a message; undefined: no message has that number. */
    typeOf: (tag: number): string | undefined => byTag.get(tag)?.type,
    tagOf: (message: MessageOf<T>): number => entry(message.type)[0],
    writeBody: (out: ByteWriter, message: MessageOf<T>): void => entry(message.type)[1].write(out, message),
    /** Reads a whole body; excess bytes are an error. @throws ShoalError BAD_FRAME */
    readBody: (tag: number, input: ByteReader): MessageOf<T> => {
      const found = byTag.get(tag);
      if (found === undefined) throw badFrame(`no message has the number ${tag}`);
      const body = found.fields.read(input);
      if (input.remaining > 0) throw badFrame(`${input.remaining} bytes too many in ${found.type}`);
      return { ...body, type: found.type } as unknown as MessageOf<T>;
    },
  };

  function entry(type: string): readonly [number, Codec<object>] {
    const found = table[type];
    if (found === undefined) throw new RangeError(`no message is called ${type}`);
    return found;
  }
}

/** Number of leading items that take at most `maxBytes` together, to fill pages. */
export function countFitting<T>(codec: Codec<T>, items: readonly T[], maxBytes: number): number {
  const out = new ByteWriter(maxBytes);
  let count = 0;
  for (const item of items) {
    codec.write(out, item);
    if (out.length > maxBytes) break;
    count++;
  }
  return count;
}
