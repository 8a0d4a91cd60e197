import {
  encodeHeartbeat,
  type Heartbeat,
  heartbeatOf,
  type Introduction,
  introductionOf,
} from '../Protocol/Heartbeat.ts';
import type { Address } from '../Shared/Address.ts';
import { Rows } from './Catalog/Rows.ts';
import { TextArena } from './Catalog/TextArena.ts';
import { EXPIRY_STEP_MS } from './ExpiryWheel.ts';
import { type HostKey, hostKey, hostOf } from './HostKey.ts';

const UDP_PORT = 0;
const TCP_PORT = 1;
/** Where the last heartbeat lies in the arena, and its length. */
const BEAT = 2;
const BEAT_BYTES = 3;
/** In EXPIRY_STEP_MS. */
const DEADLINE = 4;
/** The connection id that was found good, and in which minute: 0 is none. */
const SHOWN_HIGH = 5;
const SHOWN_LOW = 6;
const SHOWN_IN = 7;
/** The host as a number; or 0, and its text in `#texts`. */
const HOST = 8;
const FIELDS = 9;
const PEER_ID_BYTES = 32;

/** What is remembered of the peers, by their places: the last heartbeat as it came, and 36 bytes beside it. */
export class PeerRecords {
  readonly #beats = new TextArena();
  /** Hosts that are no numbers, by place: none on a network of IPv4. */
  readonly #texts = new Map<number, string>();
  readonly #rows = new Rows(FIELDS);

  /** Where the datagrams of the peer at this place come from. */
  udp(place: number): Address {
    return { host: hostOf(this.udpHost(place)), port: this.udpPort(place) };
  }

  udpHost(place: number): HostKey {
    return this.#texts.get(place) ?? this.#cell(place, HOST);
  }

  udpPort(place: number): number {
    return this.#cell(place, UDP_PORT);
  }

  setUdp(place: number, { host, port }: Address): void {
    const key = hostKey(host);
    this.#rows.reach(place);
    if (typeof key === 'string') this.#texts.set(place, key);
    else this.#texts.delete(place);
    this.#rows.set(place, HOST, typeof key === 'string' ? 0 : key);
    this.#rows.set(place, UDP_PORT, port);
    this.#rows.set(place, SHOWN_IN, 0); // It was for another address.
  }

  /** Whether a datagram begins with the connection id that was found good in this minute. */
  hasShown(place: number, datagram: Buffer, minute: number): boolean {
    return (
      this.#rows.get(place, SHOWN_IN) === minute + 1 &&
      this.#rows.get(place, SHOWN_LOW) === datagram.readInt32BE(4) &&
      this.#rows.get(place, SHOWN_HIGH) === datagram.readInt32BE(0)
    );
  }

  showed(place: number, datagram: Buffer, minute: number): void {
    this.#rows.set(place, SHOWN_HIGH, datagram.readInt32BE(0));
    this.#rows.set(place, SHOWN_LOW, datagram.readInt32BE(4));
    this.#rows.set(place, SHOWN_IN, minute + 1);
  }

  port(place: number): number {
    return this.#cell(place, TCP_PORT);
  }

  deadlineMs(place: number): number {
    return this.#cell(place, DEADLINE) * EXPIRY_STEP_MS;
  }

  /** Rounds up to a whole step. */
  setDeadline(place: number, deadlineMs: number): void {
    this.#rows.set(place, DEADLINE, Math.ceil(deadlineMs / EXPIRY_STEP_MS));
  }

  /** Remembers a heartbeat instead of the one before, which may have been another peer's at this place. */
  keep(place: number, beat: Heartbeat): void {
    const bytes = encodeHeartbeat(beat);
    this.#rows.reach(place);
    this.#beats.release(this.#cell(place, BEAT), this.#cell(place, BEAT_BYTES));
    this.#rows.set(place, TCP_PORT, beat.port);
    this.#rows.set(place, BEAT, this.#beats.add(bytes, bytes.length));
    this.#rows.set(place, BEAT_BYTES, bytes.length);
  }

  /** Whether the last heartbeat was, byte for byte, what `bytes` has from `from` on. */
  said(place: number, bytes: Buffer, from: number): boolean {
    const count = this.#cell(place, BEAT_BYTES);
    return (
      bytes.length - from === count &&
      this.#beats.startsWith(this.#cell(place, BEAT), count, bytes, count, from)
    );
  }

  /** Reads the front of the heartbeat only. */
  introduction(place: number): Introduction {
    return introductionOf(this.#bytes(place));
  }

  beat(place: number): Heartbeat {
    return heartbeatOf(this.#bytes(place));
  }

  hasPeerId(place: number, id: Buffer): boolean {
    return this.#beats.startsWith(this.#cell(place, BEAT), this.#cell(place, BEAT_BYTES), id, PEER_ID_BYTES);
  }

  /** As bytes: a view. */
  peerId(place: number): Buffer {
    return this.#beats.bytes(this.#cell(place, BEAT), PEER_ID_BYTES);
  }

  #bytes(place: number): Buffer {
    return this.#beats.bytes(this.#cell(place, BEAT), this.#cell(place, BEAT_BYTES));
  }

  #cell(place: number, field: number): number {
    return this.#rows.get(place, field);
  }
}
