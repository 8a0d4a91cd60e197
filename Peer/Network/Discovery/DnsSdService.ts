import type { Address } from '../../../Shared/Network/Address.ts';
import type { Self } from '../../Model.ts';

/** DNS-SD as discovery uses it. No call throws: `failed` reports the first failure. */
export interface DnsSdService {
  /** Announces this peer as `_shoal._tcp`. */
  announcePeer(self: Self): void;
  /** Announces a tracker as `_shoal-tracker._udp`; undefined withdraws the announcement. */
  announceTracker(port: number | undefined, self: Self): void;
  /** Withdraws all announcements and closes; safe to call twice. */
  close(): Promise<void>;
}

export interface DnsSdEvents {
  /** A tracker was announced: an unverified address to probe. */
  trackerSeen(address: Address): void;
  /** A peer was announced: an unverified address to dial. */
  peerSeen(address: Address): void;
  failed(reason: string): void;
}

/** Opens multicast DNS on all interfaces and starts browsing. */
export type OpenDnsSd = (events: DnsSdEvents) => DnsSdService;
