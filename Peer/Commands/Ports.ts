import type { FileId } from '../../Protocol/Ids.ts';
import type { Rates } from '../../Shared/Rates.ts';
import type {
  CatalogEntry,
  DownloadStatus,
  LimitStatus,
  OfferStatus,
  PartStatus,
  PeerContact,
  PeerSummary,
  PushStatus,
  SearchHit,
  SearchResult,
  Self,
  ShareStatus,
  SwarmStatus,
  TrackerStatus,
  UploadStatus,
} from '../Model.ts';

/** A content of which something is here. */
export interface LocalContent {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
}

/** Sending to other peers, and taking what they send. */
export interface PushControls {
  /** By name, path or start of its id: a file of the share, or a download. @throws NOT_FOUND, AMBIGUOUS */
  findLocal(what: string): LocalContent;
  /** Which chunks are here, of that or of everything. @throws NOT_FOUND, AMBIGUOUS */
  parts(what?: string): readonly PartStatus[];
  /** Offers what is here of a content to a peer. @throws NOT_FOUND when nothing of it is here */
  send(content: LocalContent, peer: PeerContact): PushStatus;
  pushes(): readonly PushStatus[];
  /** Resolves when the push is done, not needed, or failed. */
  pushed(number: number, signal: AbortSignal): Promise<PushStatus>;
  /** Every change of a push, with the chunks that were confirmed just now. Returns how to stop. */
  onPush(listener: (push: PushStatus, confirmed: readonly number[]) => void): () => void;
  /** Offers of others that wait for an answer. */
  offers(): readonly OfferStatus[];
  /** Takes an offer. @param always - and what that peer offers from now on. @throws NOT_FOUND, DISK_FAILED */
  accept(number: number, always: boolean): Promise<OfferStatus>;
  /** @throws NOT_FOUND */
  reject(number: number): OfferStatus;
}

/** What the console wants from the peer. Peer.ts offers it; tests give a fake one. */
export interface PeerControls {
  readonly self: Self;
  readonly pushing: PushControls;

  /** Resolves when the first scan of the share is over. */
  scanned(): Promise<void>;
  /** Resolves when a tracker answered and a running publish had its chance, at most after `maxMs`. False: no tracker. */
  networkReady(maxMs: number): Promise<boolean>;

  localFiles(folder?: string): readonly CatalogEntry[];
  share(): ShareStatus;
  trackers(): readonly TrackerStatus[];
  uploads(): readonly UploadStatus[];
  downloads(): readonly DownloadStatus[];
  /** Bytes since start. */
  totals(): { readonly sent: number; readonly received: number; readonly uptimeMs: number };
  /** Peers known without asking: for tab completion and `status`. */
  knownPeers(): readonly PeerSummary[];

  /** All errors below are ShoalError with a sentence and a hint. */
  peers(signal: AbortSignal): Promise<readonly PeerSummary[]>;
  search(words: string, signal: AbortSignal): Promise<SearchResult>;
  /** A peer by `ip:port`, name, or start of its id. @throws NOT_FOUND, AMBIGUOUS (the hint lists the candidates) */
  findPeer(text: string, signal: AbortSignal): Promise<PeerContact>;
  /** Another peer's files, in pages as they come. */
  listPeer(peer: PeerContact, folder: string, signal: AbortSignal): AsyncIterable<readonly CatalogEntry[]>;
  /**
   * Starts a download from everyone who has it: a file name or path, the start (8 or more hex digits) of a FileId, or `folder/`.
   * Same name with different contents: the user has to choose. What is here already gives a download that is done.
   */
  download(what: string, signal: AbortSignal): Promise<DownloadAnswer>;
  /**
   * The same, but named by what that peer shares; other holders of the same content still help. When several peers are at an IP: the
   * ones of them that share `what`.
   * @throws like findPeer; AMBIGUOUS when they share different files of that name (the hint lists the candidates)
   */
  downloadAt(peer: string, what: string, signal: AbortSignal): Promise<DownloadAnswer>;
  /** Who has how much of a file that is here or on its way. @throws NOT_FOUND, AMBIGUOUS, USAGE (a folder), CANCELLED */
  swarm(what: string, signal: AbortSignal): Promise<SwarmStatus>;
  /** By number, FileId prefix, or name. */
  findDownload(text: string): DownloadStatus;
  pause(number: number): Promise<void>;
  resume(number: number): Promise<void>;
  cancel(number: number): Promise<void>;
  /** Resolves when the download is done, failed, paused or cancelled. */
  finished(number: number, signal: AbortSignal): Promise<DownloadStatus>;
  /** What holds and what moves, by scope, the total first. */
  limits(): readonly LimitStatus[];
  /** Scopes that are not named stay as they are. */
  setLimits(direction: 'up' | 'down', rates: Rates): void;
  /** Refreshes the peer list, announces the catalog again, looks at the folder again. Returns the peers. */
  refresh(signal: AbortSignal): Promise<readonly PeerSummary[]>;
  /** Registers at the trackers that answer, which they then hold our catalog; gives them. @throws NO_TRACKER */
  join(signal: AbortSignal): Promise<readonly TrackerStatus[]>;

  /** Opens a link to a peer, by hand. */
  connect(address: string, signal: AbortSignal): Promise<PeerContact>;

  /** News worth a line on the console while the user types; text is safe to print. Returns how to stop. */
  onNews(listener: (news: News) => void): () => void;
}

/** What became of the wish to download. */
export type DownloadAnswer =
  | { readonly kind: 'started'; readonly download: DownloadStatus }
  /** Several files match: each hit is one content. */
  | { readonly kind: 'choose'; readonly hits: readonly SearchHit[] };

/** Something that happened without being asked for. */
export interface News {
  /** `offer`: a person is asked. */
  readonly kind: 'download' | 'tracker' | 'peer' | 'share' | 'warning' | 'offer' | 'push';
  readonly text: string;
  /** Set for download news. */
  readonly download?: DownloadStatus;
}
