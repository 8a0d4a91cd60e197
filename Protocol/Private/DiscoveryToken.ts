import { createHmac, timingSafeEqual } from 'node:crypto';

/** Time after which a token changes. */
export const TOKEN_MS = 3_600_000;
const SALT_BYTES = 8;
const MAC_BYTES = 8;

/**
 * The name under which a member announces a service on the LAN: a random salt, and an HMAC of salt and hour, as 32 hex
 * digits. It reveals nothing to strangers, and the one of the next hour cannot be linked to it.
 */
export function discoveryToken(key: Uint8Array, salt: Uint8Array, wallMs: number): string {
  const own = salt.subarray(0, SALT_BYTES);
  return Buffer.concat([own, macOf(key, own, hourOf(wallMs))]).toString('hex');
}

/** Whether a member made a token within an hour of now, as clocks differ. */
export function isDiscoveryToken(text: string, key: Uint8Array, wallMs: number): boolean {
  if (!/^[0-9a-f]{32}$/.test(text)) return false;
  const bytes = Buffer.from(text, 'hex');
  const salt = bytes.subarray(0, SALT_BYTES);
  const hour = hourOf(wallMs);
  return [hour - 1, hour, hour + 1].some((each) =>
    timingSafeEqual(macOf(key, salt, each), bytes.subarray(SALT_BYTES)),
  );
}

function hourOf(wallMs: number): number {
  return Math.max(1, Math.floor(wallMs / TOKEN_MS));
}

function macOf(key: Uint8Array, salt: Uint8Array, hour: number): Buffer {
  const at = Buffer.alloc(4);
  at.writeUInt32BE(hour % 2 ** 32);
  return createHmac('sha256', key).update(salt).update(at).digest().subarray(0, MAC_BYTES);
}
