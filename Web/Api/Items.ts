import type { Finding } from '../../Peer/Commands/Doctor/Finding.ts';
import type { coverageItem } from '../../Peer/Commands/Views/ClusterViews.ts';
import type * as Made from '../../Peer/Commands/Views/Items.ts';
import type { LinkItem } from '../../Peer/Commands/Views/LinkViews.ts';
import type { statusItem } from '../../Peer/Commands/Views/StatusViews.ts';

/**
 * Items of the API (docs/reference/json.md), with the types of the functions that make them. All texts in them come
 * from strangers.
 */

export type KnownPeer = ReturnType<typeof Made.peerItem>;
export type SharedFile = Made.FileItem;
export type Hit = ReturnType<typeof Made.searchItem>;
export type Holder = Hit['sources'][number];
export type Download = ReturnType<typeof Made.downloadItem>;
export type Source = Download['sources'][number];
export type Part = ReturnType<typeof Made.partItem>;
export type Swarm = ReturnType<typeof Made.swarmItem>;
export type SwarmMember = ReturnType<typeof Made.swarmMemberItem>;
export type Upload = ReturnType<typeof Made.uploadItem>;
export type Offer = ReturnType<typeof Made.offerItem>;
export type Push = ReturnType<typeof Made.pushItem>;
export type Limit = ReturnType<typeof Made.limitItem>;
export type Status = ReturnType<typeof statusItem>;
/** An address with a secret for one file. */
export type ShareLink = LinkItem;
export type Check = Finding;

/** Trackers that an answer covers. */
export type Coverage = ReturnType<typeof coverageItem>;

/** Rights of the page's user. */
export interface Session {
  /** May manage the peer. */
  readonly manage: boolean;
  /** By a login, which can be ended. */
  readonly loggedIn?: boolean;
  /** The login of the owner: here, or over HTTPS. Absent or null: none. */
  readonly login?: 'form' | 'https' | null;
  /** Sits at the computer of the peer. */
  readonly local: boolean;
  readonly name: string;
  readonly port: number;
  /** Addresses that this peer serves beside files and API. */
  readonly serves?: readonly ('network' | 'drop')[];
}
