import { hex } from './Codec.ts';

/** SHA-256 of a peer's public key, 32 bytes as 64 hex digits. */
export type PeerId = string & { readonly __id: 'peer' };

/** Id of a file's content, a BLAKE3 hash: 32 bytes as 64 hex digits. See FileId.ts. */
export type FileId = string & { readonly __id: 'file' };

/** BLAKE3 of one chunk, 32 bytes as 64 hex digits. */
export type ChunkHash = string & { readonly __id: 'chunk' };

/**
 * Id of one run of a program: 8 bytes as 16 hex digits. The first 6 bytes are the wall clock in milliseconds, so that a later
 * run compares greater as text; the last 2 are random.
 */
export type InstanceId = string & { readonly __id: 'instance' };

export const peerId = hex<PeerId>(32);
export const fileId = hex<FileId>(32);
export const chunkHash = hex<ChunkHash>(32);
export const instanceId = hex<InstanceId>(8);

/** A new instance id for a program that starts at `wallMs`. @param salt - 0 to 65535, random */
export function newInstanceId(wallMs: number, salt: number): InstanceId {
  return (Math.max(0, Math.floor(wallMs)).toString(16).padStart(12, '0') +
    Math.floor(salt).toString(16).padStart(4, '0')) as InstanceId;
}

/** Whether a text is a complete id: 64 hex digits. */
export function isId(value: string): boolean {
  return /^[0-9a-f]{64}$/.test(value);
}
