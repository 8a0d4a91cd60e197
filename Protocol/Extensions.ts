import { address } from './AddressCodec.ts';
import {
  ByteReader,
  ByteWriter,
  badFrame,
  type Codec,
  type Decoded,
  hex,
  list,
  struct,
  text,
  uint8,
  uint16,
  uint53,
} from './Codec.ts';
import { CLUSTER_BYTES_MAX, CLUSTER_TRACKERS_MAX, EXTENSIONS_BYTES_MAX, EXTENSIONS_MAX } from './Limits.ts';
import { peerProof } from './PeerProof.ts';

/**
 * Optional fields at the end of a message or an item: a count (1 byte), then tag (2), length (2) and bytes of each,
 * by ascending tag. A tag without an entry in the table is skipped. So later versions add fields without a new
 * protocol version. docs/reference/protocol.md, "Extensions".
 */

/** Tag and codec of every known extension field. */
export type ExtensionTable = Readonly<Record<string, readonly [tag: number, codec: Codec<unknown>]>>;

/** The fields of a table: each may be missing. */
export type ExtensionsOf<T extends ExtensionTable> = {
  readonly [K in keyof T]?: (T[K][1] extends Codec<infer V> ? V : never) | undefined;
};

/** Bytes before the value of an extension: tag and length. */
const HEADER_BYTES = 4;

/** An extension without bytes: its presence is its meaning. */
const flag: Codec<true> = { write: () => {}, read: () => true };

/** Extensions of a file, wherever a message names one. */
export const fileExtensions = {
  /** Modification time in milliseconds since 1970. */
  modifiedMs: [1, uint53],
  /** The file may be run as a program. */
  executable: [2, flag],
} as const;

export type FileExtensions = ExtensionsOf<typeof fileExtensions>;

/** Modification time and executable bit of the file with the earliest time; neither when no time is known. */
export function earliestOf(files: Iterable<FileExtensions>): FileExtensions {
  let earliest: FileExtensions = {};
  for (const file of files) {
    if (file.modifiedMs === undefined || file.modifiedMs >= (earliest.modifiedMs ?? Number.POSITIVE_INFINITY))
      continue;
    earliest = { modifiedMs: file.modifiedMs, ...(file.executable && { executable: true }) };
  }
  return earliest;
}

/** Extensions of a peer, wherever a message names one. */
export const peerExtensions = {
  /** No other peer can open a connection to it. */
  undialable: [1, flag],
} as const;

export type PeerExtensions = ExtensionsOf<typeof peerExtensions>;

export const heartbeatExtensions = {
  ...peerExtensions,
  /** Proves the key of the peer, in place of a token. */
  proof: [2, peerProof],
  /** Relays connections between peers that cannot connect to each other. */
  relays: [3, flag],
} as const;

export const holderExtensions = {
  ...peerExtensions,
  /**
   * The size that it claims, where it differs from the one in the answer. Its description proves which one is right.
   */
  size: [2, uint53],
} as const;

export const helloExtensions = {
  ...peerExtensions,
  /** Dials on request, so that an undialable peer can be served. */
  acceptsDialBack: [2, flag],
  /** Relays connections between peers that cannot connect to each other. */
  relays: [3, flag],
  /** Its wall clock in milliseconds since 1970, when the connection was begun. */
  wallMs: [4, uint53],
} as const;

export type HelloExtensions = ExtensionsOf<typeof helloExtensions>;

/**
 * A codec that keeps the bytes of a value as long as the value lives: the same list is in every answer to a
 * heartbeat.
 */
function remembered<T extends object>(codec: Codec<T>): Codec<T> {
  const known = new WeakMap<T, Buffer>();
  return {
    write: (out, value) => {
      let written = known.get(value);
      if (written === undefined) {
        const own = new ByteWriter();
        codec.write(own, value);
        written = own.finish();
        known.set(value, written);
      }
      const { bytes, at } = out.reserve(written.length);
      written.copy(bytes, at);
    },
    read: (input) => codec.read(input),
  };
}

export const aliveExtensions = {
  /** Name of the group of trackers that this one belongs to. */
  cluster: [1, text(CLUSTER_BYTES_MAX)],
  /** The other trackers of the group. */
  trackers: [2, remembered(list(address, CLUSTER_TRACKERS_MAX))],
  /** Answers a proof: authenticates later requests of this peer from the same address. */
  token: [3, hex(8)],
} as const;

/** Number of trackers of a cluster that an answer covers. */
const trackerShare = struct({
  /** Trackers that answered, the sender included. */
  answered: uint8,
  /** Trackers of the cluster, the silent ones included. */
  known: uint8,
});

export type TrackerShare = Decoded<typeof trackerShare>;

/** Extensions of an answer to `search`, `locate`, `peers` and `folder`. */
export const answerExtensions = {
  /** Undefined: the tracker belongs to no cluster, or more pages follow. */
  trackers: [1, trackerShare],
  /**
   * On the last page of a cluster's answer: number of the pages after that of the index. They may arrive in any
   * order.
   */
  pages: [2, uint16],
} as const;

/** Encoded size of the extensions of an answer. */
export const ANSWER_EXTENSIONS_BYTES = 1 + 2 * (HEADER_BYTES + 2);

/**
 * As `extensible`, at the end of a message that had no extensions at first: without any, not even their count is
 * written, and a message that ends before the count has none.
 */
export function extensibleEnd<F extends object, E extends ExtensionTable>(
  fields: { readonly [K in keyof F]: Codec<F[K]> },
  table: E,
): Codec<F & ExtensionsOf<E>> {
  const fixed = struct<F>(fields);
  const extensions = extensionsCodec(table, EXTENSIONS_BYTES_MAX);
  const names: (keyof E)[] = Object.keys(table);
  return {
    write: (out, value) => {
      fixed.write(out, value);
      if (names.some((name) => value[name] !== undefined)) extensions.write(out, value);
    },
    read: (input) => {
      const value = fixed.read(input);
      if (input.remaining === 0) return value as F & ExtensionsOf<E>;
      // The same bytes for the same message: without extensions it ends before their count.
      if (input.bytes.at(-input.remaining) === 0) throw badFrame('bytes too many: a count of no extensions');
      return Object.assign(value, extensions.read(input));
    },
  };
}

/**
 * The `fields` in order, then the extensions of `table`. Unknown extensions are skipped and lost.
 * @param maxBytes - of all extensions, tags and lengths included
 */
export function extensible<F extends object, E extends ExtensionTable>(
  fields: { readonly [K in keyof F]: Codec<F[K]> },
  table: E,
  maxBytes = EXTENSIONS_BYTES_MAX,
): Codec<F & ExtensionsOf<E>> {
  const fixed = struct<F>(fields);
  const extensions = extensionsCodec(table, maxBytes);
  return {
    write: (out, value) => {
      fixed.write(out, value);
      extensions.write(out, value);
    },
    read: (input) => Object.assign(fixed.read(input), extensions.read(input)),
  };
}

function extensionsCodec<E extends ExtensionTable>(table: E, maxBytes: number): Codec<ExtensionsOf<E>> {
  const known = Object.entries(table)
    .map(([name, [tag, codec]]) => ({ name, tag, codec }))
    .toSorted((one, other) => one.tag - other.tag);
  const byTag = new Map(known.map((each) => [each.tag, each]));
  return {
    write: (out, value) => {
      const present = known.filter(({ name }) => value[name] !== undefined);
      uint8.write(out, present.length);
      const from = out.length;
      for (const { name, tag, codec } of present) writeOne(out, tag, codec, value[name]);
      if (out.length - from > maxBytes)
        throw new RangeError(`extensions of ${out.length - from} bytes, at most ${maxBytes}`);
    },
    read: (input) => {
      const value: Record<string, unknown> = {};
      const count = uint8.read(input);
      if (count > EXTENSIONS_MAX) throw badFrame(`${count} extensions, at most ${EXTENSIONS_MAX}`);
      let left = maxBytes;
      let last = -1;
      for (let at = 0; at < count; at++) {
        const tag = uint16.read(input);
        const bytes = uint16.read(input);
        left -= HEADER_BYTES + bytes;
        if (left < 0) throw badFrame(`more than ${maxBytes} bytes of extensions`);
        if (tag <= last) throw badFrame('extensions out of order');
        last = tag;
        const start = input.take(bytes);
        const found = byTag.get(tag);
        if (found === undefined) continue;
        const own = new ByteReader(input.bytes.subarray(start, start + bytes));
        value[found.name] = found.codec.read(own);
        if (own.remaining > 0) throw badFrame(`${own.remaining} bytes too many in ${found.name}`);
      }
      return value as ExtensionsOf<E>;
    },
  };
}

function writeOne<T>(out: ByteWriter, tag: number, codec: Codec<T>, value: T): void {
  uint16.write(out, tag);
  const { at } = out.reserve(2);
  const from = out.length;
  codec.write(out, value);
  out.setUint16(at, out.length - from);
}

/** Encoded size of a file's extensions, their count included. */
export function fileExtensionsBytes({ modifiedMs, executable }: FileExtensions): number {
  return (
    1 + (modifiedMs === undefined ? 0 : HEADER_BYTES + 8) + (executable === undefined ? 0 : HEADER_BYTES)
  );
}
