import { OPENING_BYTES_MAX } from './Opening.ts';

/** Content type of a TLS record, and type of the handshake message in it (RFC 8446, 5.1 and 4). */
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
/** Before the session id: message header, version, random. */
const FIXED_BYTES = 4 + 2 + 32;
/** Extension with the names of application protocols (RFC 7301). */
const ALPN = 16;

/**
 * Claims a TLS connection by the application protocols that its ClientHello offers.
 * @param isMine - gets the names; none without that extension
 */
export function claimsTls(
  first: Uint8Array,
  isMine: (protocols: readonly string[]) => boolean,
): 'mine' | 'not mine' | 'more' {
  if (first[0] !== HANDSHAKE_RECORD) return 'not mine';
  const bytes = Buffer.from(first.buffer, first.byteOffset, first.byteLength);
  if (bytes.length < RECORD_HEADER_BYTES) return 'more';
  const end = RECORD_HEADER_BYTES + bytes.readUInt16BE(3);
  if (end > OPENING_BYTES_MAX) return 'not mine';
  if (bytes.length < end) return 'more';
  const protocols = protocolsOf(bytes.subarray(RECORD_HEADER_BYTES, end));
  return protocols !== undefined && isMine(protocols) ? 'mine' : 'not mine';
}

/** Undefined: no valid ClientHello in one record. */
function protocolsOf(message: Buffer): readonly string[] | undefined {
  try {
    if (message[0] !== CLIENT_HELLO || message.readUIntBE(1, 3) + 4 !== message.length) return undefined;
    let at = FIXED_BYTES;
    at += 1 + message.readUInt8(at); // session id
    at += 2 + message.readUInt16BE(at); // cipher suites
    at += 1 + message.readUInt8(at); // compression methods
    if (at === message.length) return [];
    const end = at + 2 + message.readUInt16BE(at);
    if (end !== message.length) return undefined;
    for (at += 2; at < end; ) {
      const length = message.readUInt16BE(at + 2);
      if (at + 4 + length > end) return undefined;
      if (message.readUInt16BE(at) === ALPN) return namesOf(message.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    return [];
  } catch {
    return undefined; // Shorter than it says.
  }
}

function namesOf(list: Buffer): readonly string[] | undefined {
  if (list.readUInt16BE(0) + 2 !== list.length) return undefined;
  const names: string[] = [];
  for (let at = 2; at < list.length; ) {
    const length = list.readUInt8(at);
    if (at + 1 + length > list.length) return undefined;
    names.push(list.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return names;
}
