import type { TrackerReply, TrackerRequest } from '../../../Protocol/TrackerMessages.ts';
import type { Address } from '../../../Shared/Address.ts';
import type { Random } from '../../../Shared/Clock.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Self } from '../../Model.ts';
import type { CatalogFeed } from '../Ports.ts';
import type { RelayedPages } from './RelayedPages.ts';

export interface TrackerSessionOptions {
  readonly self: Self;
  readonly feed: CatalogFeed;
  /** Uploads running now. */
  readonly uploads: () => number;
  readonly random: Random;
  /** True on loopback: no rate limit of the tracker has to be kept. */
  readonly unlimited: boolean;
  /** Publish nothing; answer relayed questions instead. */
  readonly unlisted?: boolean;
}

export type SessionState = 'connecting' | 'connected' | 'lost';

/** What a session wants done, and what it has to tell. */
export type SessionAction =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** A heartbeat was answered, for the first time or again. */
  | { readonly kind: 'connected' }
  /** A heartbeat had to be repeated: first sent at `sinceMs`. */
  | { readonly kind: 'suspected'; readonly sinceMs: number }
  /** It is silent since `sinceMs`, or refuses us. */
  | { readonly kind: 'lost'; readonly reason: string; readonly sinceMs: number }
  /** The tracker closes soon. `onTrackerHost`: the host is the one at which we reach this tracker. */
  | { readonly kind: 'moved'; readonly successor: Address; readonly onTrackerHost: boolean }
  | { readonly kind: 'answered'; readonly ask: number; readonly reply: TrackerReply }
  | { readonly kind: 'failed'; readonly ask: number; readonly error: ShoalError }
  /** A relayed question was answered; the text holds words of strangers. */
  | { readonly kind: 'queried'; readonly text: string }
  /** It holds our whole catalog. */
  | { readonly kind: 'caughtUp' }
  | { readonly kind: 'left' };

/** What a request under way is for. */
export type Purpose =
  | { readonly kind: 'connect' }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'page'; readonly request: TrackerRequest }
  | {
      readonly kind: 'ask';
      readonly ask: number;
      readonly request: TrackerRequest;
      readonly pages: RelayedPages;
    }
  | { readonly kind: 'leave' };
