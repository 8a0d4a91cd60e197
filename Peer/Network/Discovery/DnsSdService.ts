import type { Address } from '../../../Shared/Address.ts';
import type { Self } from '../../Model.ts';

/** What DNS-SD offers to discovery. No call throws: what goes wrong is told by `failed`, once. */
export interface DnsSdService {
  /** Announces this peer as `_shoal._tcp`. */
  announcePeer(self: Self): void;
  /** Announces a tracker as `_shoal-tracker._udp`; undefined takes it back. */
  announceTracker(port: number | undefined, self: Self): void;
  /** Says goodbye to the network and closes; safe to call twice. */
  close(): Promise<void>;
}

export interface DnsSdEvents {
  /** Somebody announces a tracker there: to be asked, not to be believed. */
  trackerSeen(address: Address): void;
  /** Somebody announces a peer there. */
  peerSeen(address: Address): void;
  failed(reason: string): void;
}

/** Opens multicast DNS on all interfaces and begins to browse. */
export type OpenDnsSd = (events: DnsSdEvents) => DnsSdService;
