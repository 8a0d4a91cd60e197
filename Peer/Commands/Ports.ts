import type { FileId } from '../../Protocol/Ids.ts';
import type { Rates } from '../../Shared/Network/Rates.ts';
import type { ShareLink } from '../ContentModel.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import type {
  CatalogEntry,
  PeerContact,
  PeerSummary,
  SearchHit,
  SearchResult,
  Self,
  SwarmStatus,
  TrackerStatus,
  UploadStatus,
} from '../Model.ts';
import type {
  ClusterStatus,
  DiscoveryStep,
  LimitStatus,
  NetworkHealth,
  PeerList,
  PrivateNetwork,
  TakenFile,
} from '../NetworkModel.ts';
import type { OfferStatus, PartStatus, PushStatus } from '../PushModel.ts';
import type { DiskSpeed, ShareStatus } from '../ShareModel.ts';

/** A file of which at least one chunk is here. */
export interface LocalContent {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
}

/** Downloads since the start. */
export interface DownloadControls {
  list(): readonly DownloadStatus[];
  /** Finds a download by number, FileId prefix, or name. @throws NOT_FOUND, AMBIGUOUS */
  find(text: string): DownloadStatus;
  pause(number: number): Promise<void>;
  resume(number: number): Promise<void>;
  /** Puts a download before all others, and resumes it. */
  first(number: number): Promise<void>;
  cancel(number: number): Promise<void>;
  /** Resolves when the download is done, failed, paused or cancelled. */
  finished(number: number, signal: AbortSignal): Promise<DownloadStatus>;
}

/** Limits of transfers. */
export interface LimitControls {
  /** Limits and current rates by scope, the total first. */
  status(): readonly LimitStatus[];
  /** Sets the limits of these scopes only. */
  set(limits: { readonly up?: Rates; readonly down?: Rates }): void;
}

/** Pushes to other peers, and offers of theirs. */
export interface PushControls {
  /** Finds a file of the share, or a download, by name, path or start of its id. @throws NOT_FOUND, AMBIGUOUS */
  findLocal(what: string): LocalContent;
  /** The chunks that are here, of one file or of all. @throws NOT_FOUND, AMBIGUOUS */
  parts(what?: string): readonly PartStatus[];
  /** Offers the chunks of a file that are here to a peer. @throws NOT_FOUND without any chunk */
  send(content: LocalContent, peer: PeerContact): PushStatus;
  pushes(): readonly PushStatus[];
  /** Resolves when the push is done, unnecessary, or failed. */
  pushed(number: number, signal: AbortSignal): Promise<PushStatus>;
  /**
   * Reports every change of a push, with the chunks confirmed since the last one.
   * @returns a function that unsubscribes
   */
  onPush(listener: (push: PushStatus, confirmed: readonly number[]) => void): () => void;
  /** Pending offers of other peers. */
  offers(): readonly OfferStatus[];
  /** Accepts an offer. @param always - also all later offers of that peer. @throws NOT_FOUND, DISK_FAILED */
  accept(number: number, always: boolean): Promise<OfferStatus>;
  /** @throws NOT_FOUND */
  reject(number: number): OfferStatus;
}

/** Facts for the doctor besides the state of the peer. */
export interface ExaminationControls {
  /** Result of each way to find a tracker. */
  discoverySteps(): readonly DiscoveryStep[];
  /** The same as lines for people; safe to print. */
  discoveryReport(): readonly string[];
  /** Measures disk, network and a transfer for a few seconds. Ends early, with less, when aborted. Never rejects. */
  measure(signal: AbortSignal): Promise<Measurements>;
}

/** HTTP of this peer, for its user. */
export interface WebAccess {
  /**
   * Address of the page on this computer, with the token that allows to manage the peer. Undefined: private network.
   */
  readonly address: string | undefined;
  /** Makes an address of the page that works once, within a minute: others may see it. */
  onceAddress(): string;
  /** SHA-256 of the certificate for HTTPS, as browsers show it. */
  fingerprint(): Promise<string>;
  readonly links: {
    /** @throws ShoalError BUSY, DISK_FAILED */
    create(content: LocalContent, validMs: number): Promise<ShareLink>;
    list(): readonly ShareLink[];
    /** @throws ShoalError NOT_FOUND, DISK_FAILED */
    revoke(number: number): Promise<ShareLink>;
  };
  /** Path of the address of a link. */
  pathOf(link: ShareLink): string;
}

/** The peer as the commands see it: implemented by Peer.ts, and by a fake in tests. All errors are ShoalError. */
export interface PeerControls {
  readonly self: Self;
  /** Undefined: HTTP is off. */
  readonly web: WebAccess | undefined;
  /** Undefined: the open network. */
  readonly privateNetwork: PrivateNetwork | undefined;
  readonly downloads: DownloadControls;
  readonly limits: LimitControls;
  readonly pushing: PushControls;
  readonly examination: ExaminationControls;

  /** Resolves after the first scan of the share. */
  scanned(): Promise<void>;
  /** Waits, at most `maxMs`, for a tracker and a running publish. @returns whether a tracker answered */
  networkReady(maxMs: number): Promise<boolean>;

  localFiles(folder?: string): readonly CatalogEntry[];
  share(): ShareStatus;
  trackers(): readonly TrackerStatus[];
  /** The clusters of the connected trackers, as far as they answer within a second. @throws CANCELLED */
  clusters(signal: AbortSignal): Promise<readonly ClusterStatus[]>;
  uploads(): readonly UploadStatus[];
  /** Files that peers took, the latest first; undefined: no history is kept. */
  uploadHistory(): readonly TakenFile[] | undefined;
  /** Bytes since the start. */
  totals(): { readonly sent: number; readonly received: number; readonly uptimeMs: number };
  /** Counts of refusals and drops since the start, and the descriptors in use. */
  networkHealth(): NetworkHealth;
  /** Known peers, without a request: for Tab completion and `status`. */
  knownPeers(): readonly PeerSummary[];

  peers(signal: AbortSignal): Promise<PeerList>;
  search(words: string, signal: AbortSignal): Promise<SearchResult>;
  /**
   * Finds a peer by `ip:port`, name, or start of its id.
   * @throws NOT_FOUND, AMBIGUOUS (the hint lists the candidates)
   */
  findPeer(text: string, signal: AbortSignal): Promise<PeerContact>;
  /** Lists the files of another peer, page by page. */
  listPeer(peer: PeerContact, folder: string, signal: AbortSignal): AsyncIterable<readonly CatalogEntry[]>;
  /**
   * Starts a download from all peers that share a file: its name or path, the start (8 or more hex digits) of its
   * FileId, or `folder/`. Different files of one name are returned as a choice. A file that is already here gives a
   * complete download.
   */
  download(what: string, signal: AbortSignal, choice?: VersionChoice): Promise<DownloadAnswer>;
  /**
   * Starts a download of a file that this peer shares; other holders of the same content help. If several peers run at
   * one IP address, those that share `what` are meant.
   * @throws like findPeer; AMBIGUOUS if they share different files of that name (the hint lists the candidates)
   */
  downloadAt(
    peer: string,
    what: string,
    signal: AbortSignal,
    choice?: VersionChoice,
  ): Promise<DownloadAnswer>;
  /**
   * Progress of every peer that has or downloads a local file.
   * @throws NOT_FOUND, AMBIGUOUS, USAGE (a folder), CANCELLED
   */
  swarm(what: string, signal: AbortSignal): Promise<SwarmStatus>;
  /** Scans the share, publishes the catalog, and fetches the list of peers. @returns the peers */
  refresh(signal: AbortSignal): Promise<PeerList>;
  /** Registers at the trackers. @returns those that answered; they hold the catalog. @throws NO_TRACKER */
  join(signal: AbortSignal): Promise<readonly TrackerStatus[]>;

  /** Opens a link to the peer at an address. */
  connect(address: string, signal: AbortSignal): Promise<PeerContact>;

  /** Reports news that the console prints while the user types. @returns a function that unsubscribes */
  onNews(listener: (news: News) => void): () => void;
}

/** Answer to a request to download. */
export type DownloadAnswer =
  /** `note`: how the name was understood, if there was another way. Unsafe to print. */
  | { readonly kind: 'started'; readonly download: DownloadStatus; readonly note?: string | undefined }
  /** Several files match: each hit is a different content. `exact`: they have that name, not only its words. */
  | { readonly kind: 'choose'; readonly hits: readonly SearchHit[]; readonly exact: boolean };

/** Choice between different contents of one path or name. Default: the newest of one path, none of a name. */
export interface VersionChoice {
  /** Takes the newest, also of files that only share their name. */
  readonly newest?: boolean;
  /** Takes the content whose id begins with these digits, where there is one. */
  readonly other?: string | undefined;
}

/** An event that no command caused. */
export interface News {
  /** `offer`: the user has to answer. */
  readonly kind: 'download' | 'tracker' | 'peer' | 'share' | 'warning' | 'offer' | 'push';
  /** Safe to print. */
  readonly text: string;
  /** Set for news of a download. */
  readonly download?: DownloadStatus;
}

/** Measurements of `doctor`. */
export interface Measurements {
  readonly disk: DiskSpeed;
  readonly watches: WatchMeasurement;
  /** Clocks of linked peers minus the own one, in milliseconds, as they claim. */
  readonly clockOffsetsMs: readonly number[];
  readonly cards: readonly Card[];
  /** Whether datagrams of 1,000 bytes reach a tracker. Undefined: no tracker is connected. */
  readonly wholeDatagrams: boolean | undefined;
  /** Undefined: no other peer has a file to test with. */
  readonly transfer: TransferMeasurement | undefined;
}

/** Watches of folders by this process. Undefined: the system does not report it. */
export interface WatchMeasurement {
  readonly used: number | undefined;
  readonly allowed: number | undefined;
}

/** An address of this computer, and the network card with it. */
export interface Card {
  readonly name: string;
  readonly host: string;
  /** Of a container, a virtual machine or a tunnel: other computers seldom reach it. */
  readonly virtual: boolean;
  /** Largest packet in bytes. Undefined: the system does not report it. */
  readonly mtu: number | undefined;
}

/** A transfer from one peer for a test; the bytes were dropped. */
export interface TransferMeasurement {
  readonly peer: PeerContact;
  readonly bytes: number;
  /** From the first byte, else from the first request, to the end. */
  readonly seconds: number;
  /** Position in its upload queue; undefined: it served us. */
  readonly queue?: { readonly place: number; readonly of: number | undefined } | undefined;
  /** Own download limit that delayed data, in bytes per second. */
  readonly limit?: number | undefined;
  /** Share of the time for which the main thread of this peer ran. */
  readonly busy: number;
  /** Why it could not be tested. Unsafe to print. */
  readonly failure?: string | undefined;
}
