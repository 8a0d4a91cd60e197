import type { FileId } from './Ids.ts';

/** The message `request` of a lane, see PeerMessages.ts. */
interface ChunkRequest {
  readonly type: 'request';
  readonly id: number;
  readonly fileId: FileId;
  readonly chunk: number;
}

export const CHUNK_REQUEST_TYPE = 65;
/** Bytes of its body: request id, file id, chunk. */
export const CHUNK_REQUEST_BYTES = 40;
const ID_BYTES = 32;

/**
 * Writes the body as the table of messages would, without its forty calls: this message is sent for each chunk, mostly
 * in processes that have not run the code often.
 * @throws RangeError when the file id is not one: a bug on our side
 */
export function encodeChunkRequest({ id, fileId, chunk }: ChunkRequest, into: Buffer, at: number): void {
  const view = new DataView(into.buffer, into.byteOffset + at, CHUNK_REQUEST_BYTES);
  view.setUint32(0, id);
  if (fileId.length !== 2 * ID_BYTES || into.write(fileId, at + 4, 'hex') !== ID_BYTES)
    throw new RangeError(`"${fileId}" is not an id`);
  view.setUint32(4 + ID_BYTES, chunk);
}

/** Reads a body of CHUNK_REQUEST_BYTES as the table of messages would. */
export function decodeChunkRequest(body: Uint8Array): ChunkRequest {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.length);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const fileId = bytes.toString('hex', 4, 4 + ID_BYTES) as FileId;
  return { type: 'request', id: view.getUint32(0), fileId, chunk: view.getUint32(4 + ID_BYTES) };
}
