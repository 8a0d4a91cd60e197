import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import type { ControlOf, ExchangedPeer } from '../../../../Protocol/PeerMessages.ts';
import type { RelayedFile, RelayQuestion } from '../../../../Protocol/RelayMessages.ts';
import type { Address, NetworkClass } from '../../../../Shared/Network/Address.ts';
import type { Dial } from '../../../../Shared/Network/Transport.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { KnownContact } from '../../../Model.ts';
import type { Offer } from '../../../PushModel.ts';
import type { RateLimiter } from '../../Lanes/Limits/RateLimiter.ts';
import type { ReceiveBuffers } from '../../Lanes/Receiving/ReceiveBuffers.ts';
import type { ChunkProvider } from '../../Ports.ts';
import type { SecureTransport } from '../Accepting/Secure.ts';
import type { DialRequests } from '../Calling/DialRequests.ts';

/** Context shared by all linked peers. */
export interface PeerContext {
  readonly provider: ChunkProvider;
  /** Dials plain lanes. */
  readonly dial: Dial;
  /** Dials and accepts control links, and lanes where they are encrypted. */
  readonly secure: SecureTransport;
  readonly clock: Clock;
  readonly buffers: ReceiveBuffers;
  readonly downLimiter: RateLimiter;
  readonly classOf: (host: string) => NetworkClass;
  readonly counters: { overLimit: number };
  readonly dialRequests: DialRequests;
  /** Creates a token for a lane of a peer from a host. */
  grantLane(peer: PeerId, host: string): string;
  received(bytes: number): void;
  interested(peer: KnownContact, fileId: FileId): void;
  notInterested(peer: KnownContact, fileId: FileId): void;
  /** The peer announced its chunks of a file. */
  holds(peer: KnownContact, message: ControlOf<'haveAll' | 'haveNone' | 'bitfield' | 'have'>): void;
  named(peer: KnownContact, fileId: FileId | undefined, peers: readonly ExchangedPeer[]): void;
  offered(peer: KnownContact, requestId: number, offer: Offer): void;
  trackerNamed(peer: KnownContact, tracker: { address: Address; onMyHost: boolean }): void;
  /** Our files that match a peer's question; undefined: over the rate limit. */
  matching(question: RelayQuestion): readonly RelayedFile[] | undefined;
}
