import type { FileId } from '../Protocol/Ids.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { Firewall } from '../Shared/Network/Firewall.ts';
import type { LimitScope } from '../Shared/Network/Rates.ts';
import type { Coverage, KnownContact, PeerSummary } from './Model.ts';

/** A private network: its name for its members, and its id on this computer. Neither is sent to strangers. */
export interface PrivateNetwork {
  readonly name: string;
  /** 16 hex digits. */
  readonly id: string;
}

/** Counts of work done for others, and of refusals. Types only. */

/** A file that another peer took from this one, at least in part. */
export interface TakenFile {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly peer: KnownContact;
  /** Payload bytes that this peer sent, over all runs. */
  readonly bytes: number;
  /** The other peer has all of it, as it reports, or was sent all of it. */
  readonly complete: boolean;
  readonly firstWallMs: number;
  readonly lastWallMs: number;
}

/** Events since start that point to faulty or hostile peers. */
export interface LinkCounters {
  /** Links and lanes that ended with a protocol violation by the remote side. */
  violations: number;
  /** Incoming connections refused because of a connection limit or a ban. */
  refusedConnections: number;
  /** Silent or idle incoming connections closed in favour of newcomers. */
  evictedConnections: number;
  /** Incoming control links that did not prove their peer id: an interrupted or unacceptable handshake. */
  failedHandshakes: number;
  /** Incoming connections closed because their first bytes are of no known protocol. */
  foreignConnections: number;
  /** Questions refused and named peers or trackers ignored, because a rate limit was exceeded. */
  overLimit: number;
}

/** The way of bytes of large files from the disk to plain connections. */
export interface SendPath {
  /** `sendfile`: by the system alone. `copy`: through this process. */
  readonly path: 'sendfile' | 'copy';
  /** Why not by `sendfile`. */
  readonly reason: string | undefined;
}

/** Whether the router leads connections from outside to this peer, asked by `--map-port`. */
export type PortMappingStatus =
  | { readonly state: 'asking' }
  | { readonly state: 'mapped'; readonly external: Address; readonly by: 'UPnP' | 'NAT-PMP' }
  | { readonly state: 'failed'; readonly reason: string };

/** Connections and bytes relayed for other peers. */
export interface RelayStatus {
  /** Relayed connections now. */
  readonly connections: number;
  /** Bytes that were passed on since start. */
  readonly bytes: number;
  readonly bytesPerSecondMax: number;
}

/** The counters of links, of the trackers' datagrams, and the use of file descriptors. */
export interface NetworkHealth extends Readonly<LinkCounters> {
  /** Datagrams dropped because they were invalid or matched no pending request. */
  readonly droppedDatagrams: number;
  readonly descriptors: Descriptors;
  /** Addresses of this computer that others may use, the likeliest first. */
  readonly addresses: readonly string[];
  readonly lanes: LaneCounts;
  /** Whether other computers can connect to the TCP port of this peer. Absent: not known. */
  readonly reachable?: boolean | undefined;
  /** Firewall program of this computer. Absent: none is known. */
  readonly firewall?: Firewall | undefined;
  /** Absent: copies. */
  readonly sending?: SendPath | undefined;
  /** Absent: the router is not asked. */
  readonly portMapping?: PortMappingStatus | undefined;
  /** Connections of others that this peer relays. Absent: it relays none. */
  readonly relay?: RelayStatus | undefined;
}

/** One way to find a tracker, and its result. */
export interface DiscoveryStep {
  readonly source:
    | 'configured'
    | 'remembered'
    | 'this-host'
    | 'broadcast'
    | 'dns-sd'
    | 'linked-peers'
    | 'successor'
    | 'embedded';
  /** Safe to print. */
  readonly text: string;
  /** `unused`: there was nothing to ask, or it was not needed. */
  readonly outcome: 'answered' | 'failed' | 'unused';
}

/** Open connections for chunks: to peers that send to this one, and from peers that it serves. */
export interface LaneCounts {
  readonly receiving: number;
  readonly sending: number;
}

/** File descriptors of this process: connections, files, and the program itself. */
export interface Descriptors {
  /** Undefined: the system does not report it. */
  readonly used: number | undefined;
  readonly allowed: number;
}

/** Bytes from one client that is no peer. */
export interface Inflow {
  /** Counts received bytes; resolves when the limits allow to read more. Undefined: at once. */
  take(bytes: number): Promise<void> | undefined;
  close(): void;
}

/** Limits and current rates of one scope in bytes per second. Undefined: no limit. */
export interface LimitStatus {
  readonly scope: LimitScope;
  readonly up: number | undefined;
  readonly down: number | undefined;
  readonly sending: number;
  readonly receiving: number;
}

/** The trackers of a cluster, as one of them describes them. */
export interface ClusterStatus {
  readonly name: string;
  /** The tracker that describes it. */
  readonly tracker: Address;
  /** Whether it is connected to the bus of the cluster. */
  readonly connected: boolean;
  /** Messages a second on the bus that it received and sent, over the last ten seconds. */
  readonly received: number;
  readonly sent: number;
  /** The describing tracker first. */
  readonly members: readonly ClusterMemberStatus[];
}

export interface ClusterMemberStatus {
  readonly address: Address;
  /** `self`: the tracker that describes the cluster. `silent`: its peers are missing in answers. */
  readonly state: 'self' | 'live' | 'silent';
  readonly peers: number;
  readonly files: number;
  readonly heardAgoMs: number;
  /** Its last silence that has ended; undefined: it never was silent. */
  readonly silence: { readonly lengthMs: number; readonly agoMs: number } | undefined;
}

/** The other peers. */
export interface PeerList extends Coverage {
  readonly peers: readonly PeerSummary[];
}
