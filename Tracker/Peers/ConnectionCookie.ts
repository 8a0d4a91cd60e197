import { COOKIE_STEP_MS } from '../../Protocol/Limits.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';
import { SipHash } from './SipHash.ts';

const COOKIE_DIGITS = 16;
/** Offset of the host: after the minute (6 bytes) and the port (2). */
const HOST_AT = 8;
/** The longest numeric address takes 45 characters (IPv6 with IPv4 in it). */
const HOST_CHARS_MAX = 64;

/**
 * Connection ids, which prove that a sender receives at its source address (BEP 15): SipHash-2-4 of the minute and
 * the address under a secret of this run, 8 bytes. Valid in their minute and the next. Stateless.
 */
export class ConnectionCookie {
  readonly #hash: SipHash;
  readonly #message = Buffer.alloc(HOST_AT + HOST_CHARS_MAX);

  /** @param secret - at least 16 random bytes, new at every start; the first 16 have no other use */
  constructor(secret: Uint8Array) {
    this.#hash = new SipHash(secret);
  }

  /** The connection id of an address, as 16 hex digits. */
  make(address: Address, nowMs: number): string {
    this.#digest(address, minuteOf(nowMs));
    return this.#hash.hex;
  }

  /** Checks the connection id of a datagram, once a minute for a registered peer. */
  isValid(
    cookie: string,
    datagram: Buffer,
    from: Address,
    peer: RegisteredPeer | undefined,
    nowMs: number,
  ): boolean {
    const minute = minuteOf(nowMs);
    if (peer?.hasVerified(datagram, minute) === true) return true;
    if (!this.check(cookie, from, nowMs)) return false;
    peer?.setVerified(datagram, minute);
    return true;
  }

  check(cookie: string, address: Address, nowMs: number): boolean {
    if (cookie.length !== COOKIE_DIGITS) return false;
    const minute = minuteOf(nowMs);
    return this.#is(cookie, address, minute) || this.#is(cookie, address, minute - 1);
  }

  #is(cookie: string, address: Address, minute: number): boolean {
    this.#digest(address, minute);
    return this.#hash.is(cookie);
  }

  #digest({ host, port }: Address, minute: number): void {
    const message = this.#message;
    message.writeIntBE(minute, 0, 6);
    message.writeUInt16BE(port, 6);
    const count = message.write(host, HOST_AT, 'latin1');
    this.#hash.digest(message, HOST_AT + count);
  }
}

/** Number of the validity step (COOKIE_STEP_MS) that `nowMs` lies in. */
export function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / COOKIE_STEP_MS);
}
