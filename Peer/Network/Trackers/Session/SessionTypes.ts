import type { PeerId } from '../../../../Protocol/Ids.ts';
import { CATALOG_FILES_MAX } from '../../../../Protocol/Limits.ts';
import type { Prove } from '../../../../Protocol/PeerProof.ts';
import type { RequestOf, TrackerReply, TrackerRequest } from '../../../../Protocol/TrackerMessages.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import type { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Random } from '../../../../Shared/Time/Clock.ts';
import type { Self } from '../../../Model.ts';
import type { CatalogFeed } from '../../Ports.ts';
import type { RelayedPages } from './RelayedPages.ts';

/** Options of the sessions with all trackers. */
export interface SharedSessionOptions {
  readonly self: Self;
  readonly feed: CatalogFeed;
  /** Number of running uploads. */
  readonly uploads: () => number;
  /** Whether nobody can connect to this peer. */
  readonly undialable?: () => boolean;
  /** Whether this peer relays connections of others. */
  readonly relays?: () => boolean;
  readonly random: Random;
  /** Publish no catalog; answer relayed queries instead. */
  readonly unlisted?: boolean;
  /** Signs registrations with the key of `self`. */
  readonly prove: Prove;
}

export interface TrackerSessionOptions extends SharedSessionOptions {
  /** True on loopback, which trackers exempt from rate limits. */
  readonly unlimited: boolean;
  /** Secret that proves the origin of the tracker's own messages: a relayed query, a successor. */
  readonly queryToken: string;
}

/**
 * Whether a tracker relays queries to this peer: by choice, or because no tracker holds that many files of one peer.
 */
export function isUnlisted({ unlisted, feed }: Pick<TrackerSessionOptions, 'unlisted' | 'feed'>): boolean {
  return unlisted === true || feed.files > CATALOG_FILES_MAX;
}

export type SessionState = 'connecting' | 'connected' | 'lost';

/** An action or event produced by a session. */
export type SessionAction =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** A heartbeat was answered, for the first time or after a loss. */
  | { readonly kind: 'connected' }
  /** A heartbeat first sent at `sinceMs` needed a retransmission. */
  | { readonly kind: 'suspected'; readonly sinceMs: number }
  /** The tracker has been silent since `sinceMs`, or refuses this peer. */
  | { readonly kind: 'lost'; readonly reason: string; readonly sinceMs: number }
  /**
   * The tracker is about to close. `onTrackerHost`: the successor runs on the host at which this peer reaches the
   * tracker.
   */
  | { readonly kind: 'moved'; readonly successor: Address; readonly onTrackerHost: boolean }
  | { readonly kind: 'answered'; readonly ask: number; readonly reply: TrackerReply }
  | { readonly kind: 'failed'; readonly ask: number; readonly error: ShoalError }
  /** A relayed query was answered. The text contains unescaped strings from other peers. */
  | { readonly kind: 'queried'; readonly text: string }
  /** Another peer asks to be dialled. `onTrackerHost`: as in `moved`. */
  | {
      readonly kind: 'called';
      readonly peerId: PeerId;
      readonly address: Address;
      readonly onTrackerHost: boolean;
    }
  /** The tracker holds the current catalog. */
  | { readonly kind: 'caughtUp' }
  /** The tracker has named its cluster, or other members of it than before. */
  | { readonly kind: 'clusterNamed' }
  | { readonly kind: 'left' };

/** A page to publish. The token is added when it is sent. */
export type PageRequest = Omit<RequestOf<'publish'>, 'token'>;

/** Purpose of a pending request. */
export type Purpose =
  | { readonly kind: 'connect' }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'page'; readonly request: PageRequest }
  | {
      readonly kind: 'ask';
      readonly ask: number;
      readonly request: TrackerRequest;
      readonly pages: RelayedPages;
    }
  | { readonly kind: 'leave' };
