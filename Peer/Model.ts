import type { FileExtensions } from '../Protocol/Extensions.ts';
import type { FileId, InstanceId, PeerId } from '../Protocol/Ids.ts';
import type { ListedFile } from '../Protocol/ListedFile.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { LinkSummary } from './LinkModel.ts';

/** The part of the network that an answer covers. */
export interface Coverage {
  /** Number of trackers that answered, those of a cluster included. 0: known peers were queried instead. */
  readonly trackers: number;
  /** Number of trackers that should have answered; undefined: as many as did. */
  readonly trackersKnown?: number;
}

/** Types shared by all managers. Types only. */

/** This peer, as seen by others. */
export interface Self {
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  readonly name: string;
  /** TCP port for other peers. */
  readonly port: number;
}

/** Contact of a peer. The id is unknown for an address typed by a user. */
export interface PeerContact {
  readonly peerId: PeerId | undefined;
  readonly name: string;
  readonly address: Address;
  /** Whether it reports that nobody can dial it. */
  readonly undialable?: true | undefined;
  /** Name of the peer that relays the link to it. Absent: direct, or no link. */
  readonly relayedBy?: string | undefined;
}

/** A peer whose id is known. */
export type KnownContact = PeerContact & { readonly peerId: PeerId };

/** A peer as listed in tables. */
export interface PeerSummary extends PeerContact {
  readonly peerId: PeerId;
  /** Number and total bytes of its published files; undefined for a peer known only by a direct link. */
  readonly files: number | undefined;
  readonly bytes: number | undefined;
  /** A control link to it is open. */
  readonly linked: boolean;
  /** The link to it. Undefined: there is none, or its state was not asked for. */
  readonly link?: LinkSummary | undefined;
}

/** Modification time and executable bit of a file, as downloads keep them. Without `modifiedMs`, neither is known. */
export type FileAttributes = FileExtensions;

/** A file in the local share or at another peer. */
export type CatalogEntry = ListedFile;

/** An entry without its content. */
export type FileSummary = Pick<CatalogEntry, 'path' | 'size' | 'modifiedMs'>;

/** A peer with a file, or part of it. */
export interface FileHolder extends PeerContact {
  readonly peerId: PeerId;
  readonly complete: boolean;
  /** Linked to this peer and downloading the file too: needs no further link. */
  readonly near?: boolean;
}

/** A search hit: one content, under any names. */
export interface SearchHit extends FileAttributes {
  readonly fileId: FileId;
  readonly size: number;
  /** Matching path, as named by its holder. Unverified: never print it raw, never open it. */
  readonly path: string;
  readonly holders: readonly FileHolder[];
  /** Number of all holders; `holders` may list only the first few. */
  readonly holderCount: number;
  /** Modification time in milliseconds since 1970, as holders claim. Undefined: unknown. */
  readonly modifiedMs?: number | undefined;
  /** This peer shares the content. Not counted in `holderCount`. */
  readonly here?: boolean;
}

export interface SearchResult extends Coverage {
  readonly hits: readonly SearchHit[];
  /** More files matched than are listed. */
  readonly truncated: boolean;
  /** Without a tracker: number of known peers that answered. A search without any answer fails with NO_TRACKER. */
  readonly peers?: number;
}

/** Address of a tracker, with the host name that was given for it. */
export interface TrackerPlace extends Address {
  readonly name?: string | undefined;
}

/** State of a tracker. */
export interface TrackerStatus {
  readonly address: Address;
  /** Host name that was given for it; undefined: the address was given or discovered. */
  readonly name?: string | undefined;
  /** Source that discovered it. */
  readonly foundBy:
    | 'configured'
    | 'remembered'
    | 'this host'
    | 'broadcast'
    | 'dns-sd'
    | 'embedded'
    | 'peer'
    | 'cluster'
    | 'successor';
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly instanceId: InstanceId | undefined;
  /** This peer's address as seen by the tracker. */
  readonly observed: Address | undefined;
  /** Milliseconds since the last heartbeat answer. */
  readonly lastAnswerAgoMs: number | undefined;
  readonly intervalMs: number | undefined;
  readonly peers: number | undefined;
  /** Catalog version held by the tracker, and the current version. */
  readonly heldVersion: number;
  readonly version: number;
  /** The tracker relays queries instead of holding the catalog: by --unlisted, or as a relay-only tracker. */
  readonly asksByRelay?: boolean;
  /** The cluster that it belongs to, and its other trackers, one of which takes over when this one is lost. */
  readonly cluster?: { readonly name: string; readonly spares: readonly Address[] } | undefined;
  /** Why it is not connected. */
  readonly reason: string | undefined;
}

/** One peer of a swarm. */
export interface SwarmMember {
  /** Undefined: this peer. */
  readonly peer: PeerContact | undefined;
  /** Undefined: an unknown part of the file. */
  readonly chunks: number | undefined;
  readonly bytes: number | undefined;
  readonly complete: boolean;
  /** Growth, from its announcements. */
  readonly bytesPerSecond: number;
  /** Bytes per second from it to this peer, and from this peer to it. */
  readonly giving: number;
  readonly taking: number;
  /** A control link to it is open; otherwise a tracker named it. */
  readonly linked: boolean;
}

/** All known peers that have or download a file. */
export interface SwarmStatus {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly chunkCount: number;
  /** This peer first. */
  readonly members: readonly SwarmMember[];
  /** Number of complete members. */
  readonly complete: number;
  /** Peers that took all of it from this one and are not here any more. */
  readonly finishedAndLeft: number;
  /** Number of copies of the rarest chunk, and the mean over all chunks. */
  readonly rarest: number;
  readonly mean: number;
  /** Time until all members are complete; undefined: a member does not grow. */
  readonly secondsLeft: number | undefined;
  /** The member that determines that time. */
  readonly waitsFor: SwarmMember | undefined;
  /** Of the answer that names peers without a link; undefined: there is none yet. */
  readonly coverage?: Coverage | undefined;
}

/** One peer being served. */
export interface UploadStatus {
  readonly peer: PeerContact;
  readonly path: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}
