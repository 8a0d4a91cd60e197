import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { BoundedMap } from '../../Shared/BoundedMap.ts';
import { ReplayWindow } from './ReplayWindow.ts';

/**
 * Sealed datagrams: sender prefix (16 bytes, random), counter (8 bytes, big-endian), ChaCha20-Poly1305 ciphertext, tag
 * (16 bytes). The key is HKDF-SHA256 of the datagram key with the prefix as salt; the nonce is 4 zero bytes and the
 * counter. docs/reference/protocol.md, "Sealed datagrams".
 */

const CIPHER = 'chacha20-poly1305';
const PREFIX_BYTES = 16;
const COUNTER_BYTES = 8;
const HEADER_BYTES = PREFIX_BYTES + COUNTER_BYTES;
const TAG_BYTES = 16;
const NONCE_ZEROS = Buffer.alloc(4);
const LABEL = 'shoal sender';

/** Bytes that sealing adds to a datagram. */
export const SEAL_BYTES = HEADER_BYTES + TAG_BYTES;

/** Time after which a sender takes a new prefix: observers cannot follow a computer by it for longer. */
export const PREFIX_MS = 3_600_000;
/** Senders whose windows are kept. Only members take a place; the one silent for longest is evicted first. */
const SENDERS_MAX = 16_384;

/** Seals the datagrams of one socket. A prefix is never used twice, so that no nonce is. */
export class DatagramSealer {
  readonly #key: Uint8Array;
  readonly #randomBytes: (count: number) => Uint8Array;
  #prefix: Buffer = Buffer.alloc(0);
  #subKey: Uint8Array = this.#prefix;
  #counter = 0;
  #renewMs = Number.NEGATIVE_INFINITY;

  constructor(key: Uint8Array, randomBytes: (count: number) => Uint8Array) {
    this.#key = key;
    this.#randomBytes = randomBytes;
  }

  seal(bytes: Uint8Array, nowMs: number): Buffer {
    if (nowMs >= this.#renewMs) this.#renew(nowMs);
    const sealed = Buffer.allocUnsafe(bytes.length + SEAL_BYTES);
    this.#prefix.copy(sealed);
    writeCounter(sealed, this.#counter++);
    const cipher = createCipheriv(CIPHER, this.#subKey, nonceOf(sealed), { authTagLength: TAG_BYTES });
    cipher.update(bytes).copy(sealed, HEADER_BYTES);
    cipher.final();
    cipher.getAuthTag().copy(sealed, HEADER_BYTES + bytes.length);
    return sealed;
  }

  #renew(nowMs: number): void {
    this.#renewMs = nowMs + PREFIX_MS;
    this.#prefix = Buffer.from(this.#randomBytes(PREFIX_BYTES));
    this.#subKey = subKeyOf(this.#key, this.#prefix);
    this.#counter = 0;
  }
}

interface Sender {
  readonly subKey: Uint8Array;
  readonly window: ReplayWindow;
}

/** Opens sealed datagrams of any member, each once. */
export class DatagramOpener {
  readonly #key: Uint8Array;
  readonly sendersMax: number;
  /** In the order of their last datagram. */
  readonly #senders: BoundedMap<string, Sender>;

  constructor(key: Uint8Array, sendersMax = SENDERS_MAX) {
    this.#key = key;
    this.sendersMax = sendersMax;
    this.#senders = new BoundedMap(sendersMax);
  }

  /** Number of senders with a window. */
  get senders(): number {
    return this.#senders.size;
  }

  /** The content; undefined: not sealed with this key, altered, or received before. */
  open(sealed: Uint8Array): Buffer | undefined {
    if (sealed.length < SEAL_BYTES) return undefined;
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
    const counter = readCounter(bytes);
    if (counter === undefined) return undefined;
    const name = bytes.toString('latin1', 0, PREFIX_BYTES);
    const known = this.#senders.get(name);
    if (known !== undefined && !known.window.isNew(counter)) return undefined;
    const sender = known ?? {
      subKey: subKeyOf(this.#key, bytes.subarray(0, PREFIX_BYTES)),
      window: new ReplayWindow(),
    };
    const content = decrypted(bytes, sender.subKey);
    if (content === undefined) return undefined;
    sender.window.add(counter);
    this.#senders.set(name, sender);
    return content;
  }
}

function subKeyOf(key: Uint8Array, prefix: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, prefix, LABEL, 32));
}

function nonceOf(sealed: Buffer): Buffer {
  return Buffer.concat([NONCE_ZEROS, sealed.subarray(PREFIX_BYTES, HEADER_BYTES)]);
}

function decrypted(sealed: Buffer, subKey: Uint8Array): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, subKey, nonceOf(sealed), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const content = decipher.update(sealed.subarray(HEADER_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    return content;
  } catch {
    return undefined;
  }
}

function writeCounter(sealed: Buffer, counter: number): void {
  sealed.writeUInt32BE(Math.floor(counter / 2 ** 32), PREFIX_BYTES);
  sealed.writeUInt32BE(counter % 2 ** 32, PREFIX_BYTES + 4);
}

/** Undefined: beyond the exact integers, which no sender reaches. */
function readCounter(sealed: Buffer): number | undefined {
  const counter = sealed.readUInt32BE(PREFIX_BYTES) * 2 ** 32 + sealed.readUInt32BE(PREFIX_BYTES + 4);
  return Number.isSafeInteger(counter) ? counter : undefined;
}
