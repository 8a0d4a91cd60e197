import { createHmac, timingSafeEqual } from 'node:crypto';
import { COOKIE_STEP_MS } from '../Protocol/Limits.ts';
import { type Address, formatAddress } from '../Shared/Address.ts';

const COOKIE_BYTES = 8;

/**
 * The connection id as proof that somebody receives at the address he sends from (BEP 15): HMAC-SHA-256 of the
 * address and the minute under a secret of this run, cut to 8 bytes. Good in its minute and the next; costs no memory.
 */
export class ConnectionCookie {
  readonly #secret: Uint8Array;

  /** @param secret - 32 random bytes, new at every start */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** 16 hex digits, as connection ids are written everywhere. */
  make(address: Address, nowMs: number): string {
    return this.#bytes(address, minuteOf(nowMs)).toString('hex');
  }

  check(cookie: string, address: Address, nowMs: number): boolean {
    const shown = Buffer.from(cookie, 'hex');
    if (shown.length !== COOKIE_BYTES) return false;
    const minute = minuteOf(nowMs);
    return (
      timingSafeEqual(shown, this.#bytes(address, minute)) ||
      timingSafeEqual(shown, this.#bytes(address, minute - 1))
    );
  }

  #bytes(address: Address, minute: number): Buffer {
    return createHmac('sha256', this.#secret)
      .update(`${formatAddress(address)} ${minute}`)
      .digest()
      .subarray(0, COOKIE_BYTES);
  }
}

function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / COOKIE_STEP_MS);
}
