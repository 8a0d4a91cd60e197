import { blake3Of } from '../../../Protocol/Blake3.ts';

/** Record: type (1 byte), body length (2), body, first 8 bytes of the BLAKE3 hash of these. Big-endian. */
const HEAD_BYTES = 3;
const CHECK_BYTES = 8;

export interface JournalRecord {
  readonly type: number;
  /** A view into the journal. */
  readonly body: Buffer;
  /** Offset of the next record. */
  readonly endsAt: number;
}

/** @param body - at most 65,535 bytes */
export function encodeRecord(type: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + body.length + CHECK_BYTES);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(body.length, 1);
  bytes.set(body, HEAD_BYTES);
  const end = HEAD_BYTES + body.length;
  bytes.write(checkOf(bytes.subarray(0, end)), end, 'hex');
  return bytes;
}

/** Iterates records in order. Ends silently at the first one that is cut or damaged. */
export function* readRecords(bytes: Buffer, from: number): Generator<JournalRecord> {
  let at = from;
  while (bytes.length - at >= HEAD_BYTES + CHECK_BYTES) {
    const end = at + HEAD_BYTES + bytes.readUInt16BE(at + 1);
    if (end + CHECK_BYTES > bytes.length) return;
    if (bytes.toString('hex', end, end + CHECK_BYTES) !== checkOf(bytes.subarray(at, end))) return;
    yield {
      type: bytes.readUInt8(at),
      body: bytes.subarray(at + HEAD_BYTES, end),
      endsAt: end + CHECK_BYTES,
    };
    at = end + CHECK_BYTES;
  }
}

function checkOf(bytes: Uint8Array): string {
  return blake3Of(bytes).slice(0, 2 * CHECK_BYTES);
}
