import type { Heartbeat, Introduction } from '../../Protocol/Heartbeat.ts';
import type { InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { type Address, formatAddress } from '../../Shared/Network/Address.ts';
import type { TokenBucket } from '../../Shared/Time/TokenBucket.ts';
import type { PeerRecords } from './PeerRecords.ts';

/**
 * A live peer. Fields of its last heartbeat are decoded on demand, which keeps a hundred thousand peers small.
 * A removed peer stays readable until its slot is reused.
 */
export class RegisteredPeer {
  /** Index in the registry, unique among live peers. */
  readonly slot: number;
  /** Sends from loopback: runs on the tracker's own host. */
  isLocal: boolean;
  /** Relayed queries left unanswered since its last answer. */
  missedQueries = 0;
  /** Rate limits, created on first use. */
  requests: TokenBucket | undefined;
  searches: TokenBucket | undefined;
  pages: TokenBucket | undefined;
  readonly #records: PeerRecords;

  constructor(slot: number, isLocal: boolean, records: PeerRecords) {
    this.slot = slot;
    this.isLocal = isLocal;
    this.#records = records;
  }

  /** Source address of its datagrams. The host is that of its TCP port too. */
  get udp(): Address {
    return this.#records.udp(this.slot);
  }

  get port(): number {
    return this.#records.port(this.slot);
  }

  /** Time of expiry, a multiple of EXPIRY_STEP_MS. */
  get deadlineMs(): number {
    return this.#records.deadlineMs(this.slot);
  }

  /** The first fields of its last heartbeat. */
  get introduction(): Introduction {
    return this.#records.introduction(this.slot);
  }

  get peerId(): PeerId {
    return this.introduction.peerId;
  }

  get instanceId(): InstanceId {
    return this.introduction.instanceId;
  }

  /** Its last heartbeat. */
  get beat(): Heartbeat {
    return this.#records.beat(this.slot);
  }

  /** Whether the connection id of this datagram was verified in this minute. */
  hasVerified(datagram: Buffer, minute: number): boolean {
    return this.#records.hasVerified(this.slot, datagram, minute);
  }

  /** Records that the connection id of this datagram was verified. */
  setVerified(datagram: Buffer, minute: number): void {
    this.#records.setVerified(this.slot, datagram, minute);
  }

  /** Whether the body of this datagram equals its last heartbeat, byte for byte. */
  repeats(datagram: Buffer, bodyAt: number): boolean {
    return this.#records.repeats(this.slot, datagram, bodyAt);
  }
}

/** A peer for the log: name (not escaped), address, start of its id. */
export function labelOf(peer: RegisteredPeer): string {
  const { name, port, peerId } = peer.introduction;
  return `"${name}" ${formatAddress({ host: peer.udp.host, port })} ${peerId.slice(0, 8)}`;
}
