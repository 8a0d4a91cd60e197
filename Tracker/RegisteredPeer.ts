import type { Heartbeat, Introduction } from '../Protocol/Heartbeat.ts';
import type { InstanceId, PeerId } from '../Protocol/Ids.ts';
import { type Address, formatAddress } from '../Shared/Address.ts';
import type { TokenBucket } from '../Shared/TokenBucket.ts';
import type { PeerRecords } from './PeerRecords.ts';

/**
 * A peer that is alive. What its last heartbeat said is read from there when somebody asks, so that a hundred thousand
 * peers are small. Of a peer that is gone everything can be read until another one takes its place.
 */
export class RegisteredPeer {
  /** A small number that nobody else has while it lives. */
  readonly place: number;
  /** Seen from loopback: it runs on the tracker's own host. */
  readonly isLocal: boolean;
  /** What it has asked of late; made when first needed. */
  requests: TokenBucket | undefined;
  searches: TokenBucket | undefined;
  pages: TokenBucket | undefined;
  readonly #records: PeerRecords;

  constructor(place: number, isLocal: boolean, records: PeerRecords) {
    this.place = place;
    this.isLocal = isLocal;
    this.#records = records;
  }

  /** Where its datagrams come from: the host also for its TCP port. */
  get udp(): Address {
    return this.#records.udp(this.place);
  }

  get port(): number {
    return this.#records.port(this.place);
  }

  /** Forgotten at this moment; a whole number of EXPIRY_STEP_MS. */
  get deadlineMs(): number {
    return this.#records.deadlineMs(this.place);
  }

  /** The front of its last heartbeat. */
  get introduction(): Introduction {
    return this.#records.introduction(this.place);
  }

  get peerId(): PeerId {
    return this.introduction.peerId;
  }

  get instanceId(): InstanceId {
    return this.introduction.instanceId;
  }

  /** All of its last heartbeat. */
  get beat(): Heartbeat {
    return this.#records.beat(this.place);
  }

  /** Whether the connection id at the front of this datagram needs no second look in this minute: `showed` was told of it. */
  hasShown(datagram: Buffer, minute: number): boolean {
    return this.#records.hasShown(this.place, datagram, minute);
  }

  showed(datagram: Buffer, minute: number): void {
    this.#records.showed(this.place, datagram, minute);
  }

  /** Whether its last heartbeat was, byte for byte, the body of this datagram. */
  said(datagram: Buffer, bodyAt: number): boolean {
    return this.#records.said(this.place, datagram, bodyAt);
  }
}

/** A peer as notes name it; the name is as it came. */
export function labelOf(peer: RegisteredPeer): string {
  const { name, port, peerId } = peer.introduction;
  return `"${name}" ${formatAddress({ host: peer.udp.host, port })} ${peerId.slice(0, 8)}`;
}
