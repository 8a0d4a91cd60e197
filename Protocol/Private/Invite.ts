import { createHash, timingSafeEqual } from 'node:crypto';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { fromBase32, toBase32 } from '../Base32.ts';

/** Size of the secret: 128 random bits, too many to guess. */
export const NETWORK_SECRET_BYTES = 16;
/** Longest name of a network, in bytes of UTF-8. */
const NETWORK_NAME_BYTES_MAX = 32;

const PREFIX = 'shoal:join/';
const VERSION = 1;
const CHECK_BYTES = 4;
/** Longest text that is decoded, in characters; an invite has 85 at most. */
const TEXT_MAX = 200;

/** Invite of a private network. It is a secret: anyone who has it can join. */
export interface Invite {
  /** Known to members only, for display. */
  readonly name: string;
  /** NETWORK_SECRET_BYTES long. */
  readonly secret: Uint8Array;
}

/**
 * The text to pass on: `shoal:join/` and base32 of version, secret, name and 4 check bytes.
 * docs/reference/protocol.md, "Invite".
 */
export function formatInvite({ name, secret }: Invite): string {
  const body = Buffer.concat([Buffer.from([VERSION]), secret, Buffer.from(name, 'utf8')]);
  return PREFIX + toBase32(Buffer.concat([body, checkOf(body)])).toLowerCase();
}

/**
 * Reads an invite. Case, white space and line breaks within the text do not matter.
 * @throws ShoalError USAGE, which never repeats the text: it may hold most of a secret
 */
export function parseInvite(text: string): Invite {
  const plain = text.replaceAll(/\s/g, '').toLowerCase();
  if (!plain.startsWith(PREFIX)) throw invalid(`this is not an invite: ${beginningOf(plain)}`);
  const bytes = plain.length <= TEXT_MAX ? fromBase32(plain.slice(PREFIX.length)) : undefined;
  if (bytes === undefined || bytes.length < 1 + NETWORK_SECRET_BYTES + 1 + CHECK_BYTES)
    throw invalid('the invite is incomplete or has a wrong character');
  const body = bytes.subarray(0, -CHECK_BYTES);
  if (!timingSafeEqual(checkOf(body), bytes.subarray(-CHECK_BYTES)))
    throw invalid('the invite is incomplete or has a wrong character');
  if (body[0] !== VERSION) {
    throw new ShoalError('USAGE', 'the invite was made by a newer Shoal', { hint: 'Update this one.' });
  }
  return {
    name: readNetworkName(body.toString('utf8', 1 + NETWORK_SECRET_BYTES)),
    secret: new Uint8Array(body.subarray(1, 1 + NETWORK_SECRET_BYTES)),
  };
}

/**
 * The value of a setting: an invite, or `open` for the open network. Command lines use it as it is: an error of their
 * parser would repeat the secret.
 * @throws ShoalError USAGE
 */
export function readNetwork(text: string): Invite | 'open' {
  return text.trim().toLowerCase() === 'open' ? 'open' : parseInvite(text);
}

/** @throws ShoalError USAGE */
export function readNetworkName(text: string): string {
  const name = text.trim();
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= NETWORK_NAME_BYTES_MAX && safeText(name) === name) return name;
  throw new ShoalError(
    'USAGE',
    `the name of a network has 1 to ${NETWORK_NAME_BYTES_MAX} bytes and no control characters`,
    { hint: 'Choose a short one, like: shoal network create "lab 3"' },
  );
}

function checkOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);
}

function beginningOf(plain: string): string {
  const shown = safeText(plain.slice(0, PREFIX.length));
  return shown === '' ? 'it is empty' : plain.length > PREFIX.length ? `${shown}…` : shown;
}

function invalid(message: string): ShoalError {
  return new ShoalError('USAGE', message, {
    hint: `An invite begins with ${PREFIX} and is copied whole. A member sees it with: shoal network invite`,
  });
}
