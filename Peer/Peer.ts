import type { FileId } from '../Protocol/Ids.ts';
import { isListedFolder } from '../Protocol/ListedFile.ts';
import { Closing } from '../Shared/Async/Closing.ts';
import { sleep } from '../Shared/Time/Clock.ts';
import type { DownloadAnswer, News, PeerControls, VersionChoice, WebAccess } from './CommandInterface.ts';
import { DownloadManager } from './DownloadManager.ts';
import { FileManager } from './FileManager.ts';
import type {
  CatalogEntry,
  PeerContact,
  PeerSummary,
  SearchResult,
  Self,
  SwarmStatus,
  TrackerStatus,
  UploadStatus,
} from './Model.ts';
import { NetworkManager } from './NetworkManager.ts';
import type { ClusterStatus, NetworkHealth, PrivateNetwork, TakenFile } from './NetworkModel.ts';
import type { ShareStatus } from './ShareModel.ts';
import { CatalogAnnouncer } from './UseCases/CatalogAnnouncer.ts';
import { Downloading } from './UseCases/Downloading.ts';
import { Examination } from './UseCases/Examination.ts';
import { readSearch } from './UseCases/Exclusions.ts';
import { NetworkContent } from './UseCases/NetworkContent.ts';
import { withOwnFiles } from './UseCases/OwnHits.ts';
import { PeerNews } from './UseCases/PeerNews.ts';
import type { PeerOptions } from './UseCases/PeerOptions.ts';
import { Pushing } from './UseCases/Pushing.ts';
import { SharedContent } from './UseCases/SharedContent.ts';
import { Swarms } from './UseCases/Swarms.ts';
import { TargetResolver } from './UseCases/TargetResolver.ts';
import { UploadHistory } from './UseCases/UploadHistory.ts';

/** One peer: creates the managers, connects them, and implements the commands of its users. */
export class Peer implements PeerControls {
  readonly self: Self;
  readonly privateNetwork: PrivateNetwork | undefined;
  readonly web: WebAccess | undefined;
  readonly downloads: DownloadManager;
  readonly limits: NetworkManager['limits'];
  readonly pushing: Pushing;
  readonly examination: Examination;
  /** The share, for clients that are no peers. */
  readonly content: SharedContent;
  /** Files of the whole network, for such clients. */
  readonly networkContent: NetworkContent;
  readonly #options: PeerOptions;
  readonly #files: FileManager;
  readonly #network: NetworkManager;
  readonly #resolver: TargetResolver;
  readonly #downloading: Downloading;
  readonly #announcer: CatalogAnnouncer;
  readonly #swarms: Swarms;
  readonly #history: UploadHistory | undefined;
  readonly #news = new PeerNews();
  readonly #closing = new Closing();
  #knownPeers: readonly PeerSummary[] = [];
  #startedMs = 0;

  constructor(options: PeerOptions) {
    const { clock, log, self } = options.network;
    const { wallMs } = options.files;
    this.self = self;
    this.privateNetwork = options.privateNetwork;
    this.web = options.web;
    this.#options = options;
    this.#files = new FileManager(options.files);
    this.#network = new NetworkManager({ ...options.network, provider: this.#files, feed: this.#files });
    this.limits = this.#network.limits;
    this.content = new SharedContent(this.#files, this.#network, clock);
    this.downloads = new DownloadManager({
      ...options.downloads,
      network: this.#network,
      parts: this.#files,
      local: this.#files,
      clock,
      wallMs,
      log,
    });
    this.#resolver = new TargetResolver({
      network: this.#network,
      self,
      files: this.#files,
      clock,
      wallMs,
      folderRequested: () => this.#files.expectSmallFiles(),
      slow: (folder, peers) => this.#news.slowPeers(folder, peers),
      partial: (folder, coverage) => this.#news.partialFolder(folder, coverage),
    });
    this.#downloading = new Downloading({
      resolver: this.#resolver,
      downloads: this.downloads,
      giveUpMs: options.giveUpMs,
    });
    this.#announcer = new CatalogAnnouncer(this.#network, log);
    const [files, network, downloads] = [this.#files, this.#network, this.downloads];
    const { history: store, keepsRead = false } = options;
    const { content: shared } = this;
    this.networkContent = new NetworkContent({
      resolver: this.#resolver,
      downloads,
      network,
      shared,
      keepsRead,
    });
    this.#history = store && new UploadHistory({ store, clock, wallMs, log });
    const finishers = (fileId: FileId) => this.#history?.finishers(fileId) ?? [];
    const known = () => this.knownPeers();
    const peers = (signal: AbortSignal) => this.peers(signal).then(known, known);
    this.examination = new Examination({ ...options.network, system: options.system, files, network, peers });
    this.#swarms = new Swarms({ files, network, downloads, finishers, clock });
    this.pushing = new Pushing({
      ...options.pushes,
      network: this.#network,
      files: this.#files,
      downloads: this.downloads,
      clock,
      wallMs,
      log,
      tell: (kind, text) => this.#news.tell(kind, text),
    });
    this.#connectEvents();
  }

  /**
   * Opens the share, listens, connects to trackers and resumes unfinished downloads. Does not wait for their
   * completion.
   */
  async start(options: { readonly signal: AbortSignal }): Promise<void> {
    this.#startedMs = this.#options.network.clock.nowMs();
    this.#closing.add(() => this.#files.close());
    await this.#files.start(options);
    this.#closing.add(() => this.pushing.close());
    await this.pushing.start();
    this.#closing.add(async () => this.#history?.close());
    await this.#history?.start();
    this.#closing.add(() => this.#network.close());
    await this.#network.start({ port: this.self.port });
    this.#closing.add(() => this.downloads.close());
    await this.downloads.start();
  }

  /** Deregisters and keeps every unfinished download resumable; safe to call twice and during start. */
  close(): Promise<void> {
    return this.#closing.run();
  }

  // ---- answers from memory

  scanned(): Promise<void> {
    return this.#files.scanned();
  }

  /**
   * Waits for the first scan, then for a tracker, at most `maxMs` in total: a download needs the scan to find
   * content that is already here. True: a tracker is connected.
   */
  async networkReady(maxMs: number): Promise<boolean> {
    const { clock } = this.#options.network;
    const untilMs = clock.nowMs() + maxMs;
    const known = new AbortController();
    const letGo = () => known.abort();
    void this.#files.scanned().then(letGo, letGo);
    await sleep(clock, maxMs, known.signal);
    return this.#network.ready(Math.max(0, untilMs - clock.nowMs()));
  }

  localFiles(folder = ''): readonly CatalogEntry[] {
    return this.#files.list(folder);
  }

  share(): ShareStatus {
    return this.#files.status();
  }

  trackers(): readonly TrackerStatus[] {
    return this.#network.trackers.status();
  }

  clusters(signal: AbortSignal): Promise<readonly ClusterStatus[]> {
    return this.#network.trackers.queries.clusters(signal);
  }

  uploads(): readonly UploadStatus[] {
    return this.#network.links.uploads();
  }

  uploadHistory(): readonly TakenFile[] | undefined {
    return this.#history?.all();
  }

  totals() {
    return {
      ...this.#network.links.totals(),
      uptimeMs: this.#options.network.clock.nowMs() - this.#startedMs,
    };
  }

  networkHealth(): NetworkHealth {
    return this.#network.health();
  }

  knownPeers(): readonly PeerSummary[] {
    const linked = this.#network.linkedPeers();
    const ids = new Set(linked.map((peer) => peer.peerId));
    return [...linked, ...this.#knownPeers.filter((peer) => !ids.has(peer.peerId))];
  }

  // ---- asking the network

  async peers(signal: AbortSignal) {
    const list = await this.#network.queries.peers(signal);
    this.#knownPeers = list.peers;
    return list;
  }

  async search(text: string, signal: AbortSignal): Promise<SearchResult> {
    const { words, excludes } = readSearch(text);
    const found = await this.#network.queries.search(words, signal);
    // Files of this peer alone would look as if nobody else had any.
    if (found.trackers === 0 && (found.peers ?? 0) === 0) throw this.#network.trackers.noTracker();
    const hits = found.hits.filter(({ path }) => !excludes(path));
    this.#resolver.remember(hits);
    const own = this.#files.matching({ words, fileId: undefined }).filter(({ path }) => !excludes(path));
    return withOwnFiles({ ...found, hits }, own);
  }

  findPeer(text: string, signal: AbortSignal): Promise<PeerContact> {
    return this.#resolver.peers.find(text, signal);
  }

  async *listPeer(
    peer: PeerContact,
    folder: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly CatalogEntry[]> {
    for await (const page of this.#network.listFiles(peer, folder, signal))
      yield page.filter((entry) => !isListedFolder(entry));
  }

  connect(address: string, signal: AbortSignal): Promise<PeerContact> {
    return this.findPeer(address, signal).then((peer) => this.#network.links.connect(peer, signal));
  }

  join(signal: AbortSignal): Promise<readonly TrackerStatus[]> {
    return this.#announcer.join(signal);
  }

  async refresh(signal: AbortSignal) {
    await this.#files.rescan();
    await this.#announcer.announce();
    return this.peers(signal);
  }

  swarm(what: string, signal: AbortSignal): Promise<SwarmStatus> {
    return this.#swarms.inspect(what, signal);
  }

  // ---- downloads

  download(what: string, signal: AbortSignal, choice?: VersionChoice): Promise<DownloadAnswer> {
    return this.#downloading.start(what, undefined, signal, choice);
  }

  downloadAt(
    peer: string,
    what: string,
    signal: AbortSignal,
    choice?: VersionChoice,
  ): Promise<DownloadAnswer> {
    return this.#downloading.start(what, peer, signal, choice);
  }

  /** Yields the bytes of one file in order; see Downloading. */
  readInOrder(
    what: string,
    from: string | undefined,
    signal: AbortSignal,
    choice?: VersionChoice,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#downloading.readInOrder(what, from, signal, choice);
  }

  // ---- news

  onNews(listener: (news: News) => void): () => void {
    return this.#news.listen(listener);
  }

  /** The only place where events of one manager become calls to another. */
  #connectEvents(): void {
    const files = this.#files;
    const network = this.#network;
    const downloads = this.downloads;

    files.on('catalogChanged', () => this.#announcer.changed());
    files.on('chunkVerified', (fileId, chunk) => {
      network.announcements.have(fileId, chunk);
      this.#news.chunkWritten(downloads);
    });
    files.on('partClosed', (fileId) => {
      if (files.holdings(fileId) === undefined) network.announcements.gone(fileId);
    });
    files.on('problem', (text) => this.#news.tell('warning', text));
    files.on('watchLimited', (text) => this.#news.tell('warning', text));
    files.on('notice', (text) => this.#news.tell('share', text));

    network.on('sourceFound', (fileId, holder) => downloads.addSource(fileId, holder));
    this.#history?.follow(network, files);
    this.#news.followTrackers(network);

    downloads.on('partialStarted', (fileId) => network.announcements.holdings(fileId));
    this.#news.followDownloads(downloads);
    downloads.on('sourceBlamed', (peer, path, verdict) => {
      if (verdict === 'banned') network.ban(peer);
      this.#news.blamed(peer, path, verdict);
    });
  }
}
