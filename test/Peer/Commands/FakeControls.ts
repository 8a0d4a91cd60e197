import type {
  DownloadAnswer,
  DownloadControls,
  ExaminationControls,
  LimitControls,
  Measurements,
  News,
  PeerControls,
} from '../../../Peer/Commands/Ports.ts';
import type { DownloadStatus } from '../../../Peer/DownloadModel.ts';
import type {
  CatalogEntry,
  Coverage,
  PeerContact,
  PeerSummary,
  SearchHit,
  SearchResult,
  SwarmStatus,
  TrackerStatus,
  UploadStatus,
} from '../../../Peer/Model.ts';
import type {
  ClusterStatus,
  DiscoveryStep,
  NetworkHealth,
  PeerList,
  TakenFile,
} from '../../../Peer/NetworkModel.ts';
import type { ShareStatus } from '../../../Peer/ShareModel.ts';
import type { FileId, InstanceId, PeerId } from '../../../Protocol/Ids.ts';
import { LIMIT_SCOPES, type Rates } from '../../../Shared/Network/Rates.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { FakePushing } from './FakePushing.ts';

/** A file id that begins with the number's digits. */
export function fileIdOf(number: number): FileId {
  return number.toString(16).padStart(4, '0').repeat(16) as FileId;
}

function peerIdOf(number: number): PeerId {
  return number.toString(16).padStart(64, 'a') as PeerId;
}

export function entryOf(path: string, size: number, id = 1): CatalogEntry {
  return { path, size, modifiedMs: 1_700_000_000_000, fileId: fileIdOf(id) };
}

export function peerOf(number: number, name = `peer-${number}`): PeerSummary {
  return {
    peerId: peerIdOf(number),
    name,
    address: { host: '127.0.0.1', port: 9_000 + number },
    files: number,
    bytes: number * 1_000_000,
    linked: number % 2 === 1,
  };
}

export function hitOf(path: string, size: number, id: number, holders = 1): SearchHit {
  return {
    fileId: fileIdOf(id),
    size,
    path,
    holders: Array.from({ length: holders }, (_, index) => ({ ...peerOf(index + 1), complete: index !== 1 })),
    holderCount: holders,
  };
}

export function downloadOf(number: number, path: string, more: Partial<DownloadStatus> = {}): DownloadStatus {
  return {
    number,
    fileId: fileIdOf(number),
    path,
    state: 'fetching',
    size: 100_000_000,
    bytes: 0,
    bytesFromBefore: 0,
    wastedBytes: 0,
    bytesPerSecond: 0,
    secondsLeft: undefined,
    sources: [],
    filesDone: 0,
    files: 1,
    reason: undefined,
    error: undefined,
    finalPath: undefined,
    startedWallMs: 1_700_000_000_000,
    tookMs: undefined,
    ...more,
  };
}

/** A peer without a network: tests set its answers, and `calls` records its requests. */
export class FakeControls implements PeerControls {
  report: readonly string[] = [];
  readonly self = {
    peerId: peerIdOf(0),
    instanceId: '00000000000000aa' as InstanceId,
    name: 'myself',
    port: 9_001,
  };
  privateNetwork: PeerControls['privateNetwork'];
  /** `search film`, `pause 1`, … in order. */
  readonly calls: string[] = [];
  files: CatalogEntry[] = [];
  others: PeerSummary[] = [];
  hits: SearchHit[] = [];
  remote = new Map<string, CatalogEntry[]>();
  running: DownloadStatus[] = [];
  serving: UploadStatus[] = [];
  trackerList: TrackerStatus[] = [];
  shareNow: Partial<ShareStatus> = {};
  /** Thrown by the next call that can fail. */
  trouble: unknown;
  /** Replaces the default answer to a download request. */
  answer: ((what: string) => DownloadAnswer) | undefined;
  web: PeerControls['web'] = undefined;
  readonly pushing = new FakePushing();
  readonly #listeners = new Set<(news: News) => void>();
  readonly #waiting = new Map<number, ((end: DownloadStatus) => void)[]>();
  ready: Promise<boolean> = Promise.resolve(true);
  scan: Promise<void> = Promise.resolve();

  async scanned(): Promise<void> {
    this.calls.push('scanned');
    await this.scan;
  }

  networkReady(maxMs: number): Promise<boolean> {
    this.calls.push(`networkReady ${maxMs}`);
    return this.ready;
  }

  localFiles(folder = ''): readonly CatalogEntry[] {
    return folder === '' ? this.files : this.files.filter((entry) => entry.path.startsWith(`${folder}/`));
  }

  share(): ShareStatus {
    return {
      folder: '/home/user/Downloads/P2P/User-9001',
      files: this.files.length,
      bytes: this.files.reduce((sum, entry) => sum + entry.size, 0),
      version: 1,
      hashing: { files: 0, bytes: 0, bytesPerSecond: 0, waiting: 0 },
      scanned: true,
      mode: 'watching',
      problems: [],
      notShared: [],
      ignored: [],
      readOnly: false,
      ...this.shareNow,
    };
  }

  measured: Measurements = {
    disk: { freeBytes: 50_000_000_000, bytesPerSecond: 400_000_000 },
    watches: { used: 12, allowed: 65_536 },
    clockOffsetsMs: [20],
    cards: [{ name: 'eth0', host: '192.0.2.2', virtual: false, mtu: 1_500 }],
    wholeDatagrams: true,
    transfer: undefined,
  };
  steps: readonly DiscoveryStep[] = [{ source: 'configured', text: 'none', outcome: 'unused' }];

  readonly examination: ExaminationControls = {
    discoverySteps: () => this.steps,
    discoveryReport: () => this.report,
    measure: async () => this.measured,
  };

  clusterList: readonly ClusterStatus[] = [];

  async clusters(signal: AbortSignal): Promise<readonly ClusterStatus[]> {
    await this.#call('clusters', signal);
    return this.clusterList;
  }

  trackers(): readonly TrackerStatus[] {
    return this.trackerList;
  }

  uploads(): readonly UploadStatus[] {
    return this.serving;
  }

  taken: readonly TakenFile[] | undefined = [];

  uploadHistory() {
    return this.taken;
  }

  totals() {
    return { sent: 5_000_000, received: 7_000_000, uptimeMs: 65_000 };
  }

  health: NetworkHealth = {
    violations: 0,
    refusedConnections: 0,
    evictedConnections: 0,
    failedHandshakes: 0,
    foreignConnections: 0,
    overLimit: 0,
    droppedDatagrams: 0,
    descriptors: { used: 30, allowed: 1_024 },
    addresses: [] as readonly string[],
    lanes: { receiving: 1, sending: 2 },
  };

  networkHealth() {
    return this.health;
  }

  knownPeers(): readonly PeerSummary[] {
    return this.others;
  }

  coverage: Coverage = { trackers: 1 };

  async peers(signal: AbortSignal): Promise<PeerList> {
    await this.#call('peers', signal);
    return { peers: this.others, ...this.coverage };
  }

  async search(words: string, signal: AbortSignal): Promise<SearchResult> {
    await this.#call(`search ${words}`, signal);
    return { hits: this.hits, truncated: false, trackers: 1 };
  }

  async findPeer(text: string, signal: AbortSignal): Promise<PeerContact> {
    await this.#call(`findPeer ${text}`, signal);
    const found = this.others.find((peer) => {
      const address = `${peer.address.host}:${peer.address.port}`;
      return (
        [peer.name, address, peer.peerId].includes(text) || (text.length >= 8 && peer.peerId.startsWith(text))
      );
    });
    if (found !== undefined) return found;
    throw new ShoalError('NOT_FOUND', `no peer is called "${text}"`, {
      hint: (command) => `See who is here: ${command('peers')}`,
    });
  }

  async *listPeer(peer: PeerContact, folder: string, signal: AbortSignal) {
    await this.#call(`listPeer ${peer.name} ${folder}`.trimEnd(), signal);
    const entries = this.remote.get(peer.name) ?? [];
    yield entries.slice(0, 1);
    yield entries.slice(1);
  }

  async download(what: string, signal: AbortSignal): Promise<DownloadAnswer> {
    await this.#call(`download ${what}`, signal);
    return this.#started(what);
  }

  async downloadAt(peer: string, what: string, signal: AbortSignal): Promise<DownloadAnswer> {
    const { name } = await this.findPeer(peer, signal);
    await this.#call(`downloadAt ${name} ${what}`, signal);
    return this.#started(what);
  }

  /** Results of successive calls; the last one repeats. */
  swarms: SwarmStatus[] = [];

  async swarm(what: string, signal: AbortSignal): Promise<SwarmStatus> {
    await this.#call(`swarm ${what}`, signal);
    const [next, ...later] = this.swarms;
    if (next === undefined)
      throw new ShoalError('NOT_FOUND', `"${what}" is not here`, {
        hint: (command) => `See: ${command('list')}`,
      });
    if (later.length > 0) this.swarms = later;
    return next;
  }

  limitsNow: { up: Rates; down: Rates } = { up: {}, down: {} };

  readonly limits: LimitControls = {
    status: () => {
      const { up, down } = this.limitsNow;
      return LIMIT_SCOPES.map((scope) => {
        const moving = scope === 'total' || scope === 'lan' ? 1_000_000 : 0;
        return { scope, up: up[scope], down: down[scope], sending: moving, receiving: 2 * moving };
      });
    },
    set: (limits) => {
      for (const [direction, rates] of Object.entries(limits))
        this.calls.push(`setLimits ${direction} ${Object.entries(rates).flat().join(' ')}`);
      const { up, down } = this.limitsNow;
      this.limitsNow = { up: { ...up, ...limits.up }, down: { ...down, ...limits.down } };
    },
  };

  readonly downloads: DownloadControls = {
    list: () => this.running,
    find: (text) => {
      const found = this.running.find((each) => String(each.number) === text || each.path === text);
      if (found !== undefined) return found;
      throw new ShoalError('NOT_FOUND', `there is no download "${text}"`, {
        hint: (command) => `See them: ${command('downloads')}`,
      });
    },
    pause: async (number) => {
      this.calls.push(`pause ${number}`);
      this.update(number, { state: 'paused' });
    },
    first: async (number) => void this.calls.push(`first ${number}`),
    resume: async (number) => {
      this.calls.push(`resume ${number}`);
      this.update(number, { state: 'fetching' });
    },
    cancel: async (number) => {
      this.calls.push(`cancel ${number}`);
      this.update(number, { state: 'cancelled' });
    },
    finished: (number, signal) => {
      this.calls.push(`finished ${number}`);
      return new Promise((resolve, reject) => {
        const now = this.running.find((each) => each.number === number);
        if (now !== undefined && isOver(now)) return resolve(now);
        this.#waiting.set(number, [...(this.#waiting.get(number) ?? []), resolve]);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };

  async join(signal: AbortSignal): Promise<readonly TrackerStatus[]> {
    await this.#call('join', signal);
    return this.trackerList;
  }

  async refresh(signal: AbortSignal): Promise<PeerList> {
    await this.#call('refresh', signal);
    return { peers: this.others, ...this.coverage };
  }

  async connect(address: string, signal: AbortSignal): Promise<PeerContact> {
    await this.#call(`connect ${address}`, signal);
    return peerOf(7);
  }

  onNews(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Number of current listeners for news. */
  get listeners(): number {
    return this.#listeners.size;
  }

  tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }

  /** Changes a running download, and resolves waits for its end. */
  update(number: number, change: Partial<DownloadStatus>): void {
    this.running = this.running.map((each) => (each.number === number ? { ...each, ...change } : each));
    const now = this.running.find((each) => each.number === number);
    if (now === undefined || !isOver(now)) return;
    for (const resolve of this.#waiting.get(number) ?? []) resolve(now);
    this.#waiting.delete(number);
  }

  #started(what: string): DownloadAnswer {
    if (this.answer !== undefined) return this.answer(what);
    const download = downloadOf(this.running.length + 1, what);
    this.running = [...this.running, download];
    return { kind: 'started', download };
  }

  async #call(what: string, signal: AbortSignal): Promise<void> {
    this.calls.push(what);
    signal.throwIfAborted();
    const { trouble } = this;
    this.trouble = undefined;
    if (trouble !== undefined) throw trouble;
  }
}

function isOver(download: DownloadStatus): boolean {
  return ['done', 'failed', 'paused', 'cancelled'].includes(download.state);
}
