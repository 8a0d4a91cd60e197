import { BASE32 } from './Base32.ts';
import { hex } from './Codec.ts';

/** SHA-256 of a peer's public key, 32 bytes as 64 hex digits. */
export type PeerId = string & { readonly __id: 'peer' };

/** Id of a file's content, a BLAKE3 hash: 32 bytes as 64 hex digits. See FileId.ts. */
export type FileId = string & { readonly __id: 'file' };

/** BLAKE3 of one chunk, 32 bytes as 64 hex digits. */
export type ChunkHash = string & { readonly __id: 'chunk' };

/**
 * Id of one run of a program: 8 bytes as 16 hex digits. The first 6 bytes are the wall clock in milliseconds, so that
 * a later run compares greater as text; the last 2 are random.
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

/** Wall clock in milliseconds at the start of a program. */
export function startOf(id: InstanceId): number {
  return Number.parseInt(id.slice(0, 12), 16);
}

/** Whether a text is a complete id: 64 hex digits. */
export function isId(value: string): boolean {
  return /^[0-9a-f]{64}$/.test(value);
}

/** Characters of a short peer id: 55 bits of the id, and a check digit. */
const SHORT_CHARS = 11;
const GROUP_CHARS = 4;

/** The beginning of a peer id for people, as `7H4K-2QXR-M3PB`. The last character checks the others. */
export function shortPeerId(id: PeerId): string {
  // 14 hex digits are 56 bits; the last bit is left out.
  const bits = BigInt(`0x${id.slice(0, 14)}`) >> 1n;
  let text = '';
  for (let at = SHORT_CHARS - 1; at >= 0; at--) text += BASE32[Number((bits >> BigInt(at * 5)) & 31n)] ?? '';
  return grouped(text + checkDigit(text));
}

/** Whether a text is a short peer id whose check digit fits; undefined: it has another form. */
export function isShortPeerId(text: string): boolean | undefined {
  const plain = ungrouped(text);
  if (!/^[A-Z2-7]{12}$/.test(plain) || !text.includes('-')) return undefined;
  return checkDigit(plain.slice(0, SHORT_CHARS)) === plain[SHORT_CHARS];
}

/** Whether a text names a peer id: in short form, or by at least its first 4 hex digits. */
export function namesPeer(text: string, id: PeerId): boolean {
  if (isShortPeerId(text)) return grouped(ungrouped(text)) === shortPeerId(id);
  return /^[0-9a-f]{4,64}$/i.test(text) && id.startsWith(text.toLowerCase());
}

/** Luhn's algorithm modulo 32: finds every wrong character, and two neighbours that changed places. */
function checkDigit(text: string): string {
  let sum = 0;
  for (const [at, char] of [...text].reverse().entries()) {
    const value = BASE32.indexOf(char) * (at % 2 === 0 ? 2 : 1);
    sum += Math.floor(value / 32) + (value % 32);
  }
  return BASE32[(32 - (sum % 32)) % 32] ?? '';
}

function grouped(text: string): string {
  return (text.match(new RegExp(`.{${GROUP_CHARS}}`, 'g')) ?? []).join('-');
}

function ungrouped(text: string): string {
  return text.toUpperCase().replaceAll('-', '');
}
