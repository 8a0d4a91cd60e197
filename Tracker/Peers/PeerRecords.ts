import {
  encodeHeartbeat,
  type Heartbeat,
  heartbeatOf,
  type Introduction,
  introductionOf,
} from '../../Protocol/Heartbeat.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { Rows } from '../Catalog/Rows.ts';
import { TextArena } from '../Catalog/TextArena.ts';
import { EXPIRY_STEP_MS } from './ExpiryWheel.ts';
import { type HostKey, hostKey, hostOf } from './HostKey.ts';

const UDP_PORT = 0;
const TCP_PORT = 1;
/** Position and length of the last heartbeat in the arena. */
const BEAT = 2;
const BEAT_BYTES = 3;
/** In EXPIRY_STEP_MS. */
const DEADLINE = 4;
/** The last verified connection id, and its minute plus 1; 0: none. */
const COOKIE_HIGH = 5;
const COOKIE_LOW = 6;
const VERIFIED_IN = 7;
/** An IPv4 host as a number; 0: the host is in `#texts`. */
const HOST = 8;
const NEXT_OF_HOST = 9;
const FIELDS = 10;
const PEER_ID_BYTES = 32;

/** Records of the peers by slot: the encoded last heartbeat, and 40 bytes of other fields. */
export class PeerRecords {
  readonly #beats = new TextArena();
  /** Hosts that are not IPv4, by slot. */
  readonly #texts = new Map<number, string>();
  readonly #rows = new Rows(FIELDS);

  /** Source address of the peer's datagrams. */
  udp(slot: number): Address {
    return { host: hostOf(this.udpHost(slot)), port: this.udpPort(slot) };
  }

  udpHost(slot: number): HostKey {
    return this.#texts.get(slot) ?? this.#cell(slot, HOST);
  }

  udpPort(slot: number): number {
    return this.#cell(slot, UDP_PORT);
  }

  setUdp(slot: number, { host, port }: Address): void {
    const key = hostKey(host);
    this.#rows.reach(slot);
    if (typeof key === 'string') this.#texts.set(slot, key);
    else this.#texts.delete(slot);
    this.#rows.set(slot, HOST, typeof key === 'string' ? 0 : key);
    this.#rows.set(slot, UDP_PORT, port);
    this.#rows.set(slot, VERIFIED_IN, 0); // Verified for the old address.
  }

  /** Whether the datagram begins with the connection id that was verified in this minute. */
  hasVerified(slot: number, datagram: Buffer, minute: number): boolean {
    return (
      this.#rows.get(slot, VERIFIED_IN) === minute + 1 &&
      this.#rows.get(slot, COOKIE_LOW) === datagram.readInt32BE(4) &&
      this.#rows.get(slot, COOKIE_HIGH) === datagram.readInt32BE(0)
    );
  }

  setVerified(slot: number, datagram: Buffer, minute: number): void {
    this.#rows.set(slot, COOKIE_HIGH, datagram.readInt32BE(0));
    this.#rows.set(slot, COOKIE_LOW, datagram.readInt32BE(4));
    this.#rows.set(slot, VERIFIED_IN, minute + 1);
  }

  /** Another peer of the same host, in a ring; the slot itself when it is the only one. */
  nextOfHost(slot: number): number {
    return this.#cell(slot, NEXT_OF_HOST);
  }

  setNextOfHost(slot: number, next: number): void {
    this.#rows.reach(slot);
    this.#rows.set(slot, NEXT_OF_HOST, next);
  }

  port(slot: number): number {
    return this.#cell(slot, TCP_PORT);
  }

  deadlineMs(slot: number): number {
    return this.#cell(slot, DEADLINE) * EXPIRY_STEP_MS;
  }

  /** Rounds up to a whole step. */
  setDeadline(slot: number, deadlineMs: number): void {
    this.#rows.set(slot, DEADLINE, Math.ceil(deadlineMs / EXPIRY_STEP_MS));
  }

  /** Replaces the heartbeat at a slot, which may be that of an earlier peer. */
  keep(slot: number, beat: Heartbeat): void {
    const bytes = encodeHeartbeat(beat);
    this.#rows.reach(slot);
    this.#beats.release(this.#cell(slot, BEAT), this.#cell(slot, BEAT_BYTES));
    this.#rows.set(slot, TCP_PORT, beat.port);
    this.#rows.set(slot, BEAT, this.#beats.add(bytes, bytes.length));
    this.#rows.set(slot, BEAT_BYTES, bytes.length);
  }

  /** Whether `bytes` from offset `from` on equals the last heartbeat. */
  repeats(slot: number, bytes: Buffer, from: number): boolean {
    const count = this.#cell(slot, BEAT_BYTES);
    return (
      bytes.length - from === count &&
      this.#beats.startsWith(this.#cell(slot, BEAT), count, bytes, count, from)
    );
  }

  /** Decodes the first fields of the heartbeat only. */
  introduction(slot: number): Introduction {
    return introductionOf(this.#bytes(slot));
  }

  beat(slot: number): Heartbeat {
    return heartbeatOf(this.#bytes(slot));
  }

  hasPeerId(slot: number, id: Buffer): boolean {
    return this.#beats.startsWith(this.#cell(slot, BEAT), this.#cell(slot, BEAT_BYTES), id, PEER_ID_BYTES);
  }

  /** A view of the id's bytes. */
  peerId(slot: number): Buffer {
    return this.#beats.bytes(this.#cell(slot, BEAT), PEER_ID_BYTES);
  }

  #bytes(slot: number): Buffer {
    return this.#beats.bytes(this.#cell(slot, BEAT), this.#cell(slot, BEAT_BYTES));
  }

  #cell(slot: number, field: number): number {
    return this.#rows.get(slot, field);
  }
}
