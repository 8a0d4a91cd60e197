import type { BundledFile } from '../../Protocol/Bundle.ts';
import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import type { Log } from '../../Shared/Log.ts';
import { type Clock, every, type WallClock } from '../../Shared/Time/Clock.ts';
import type { FileManager } from '../FileManager.ts';
import type { KnownContact } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import type { TakenFile } from '../NetworkModel.ts';
import { fairShare } from './FairShare.ts';

/** Entries that are kept. The host with the most gives way, with those that it was sent least recently. */
const ENTRIES_MAX = 10_000;
/** Entries evicted at once. The first key of a map is found in time that grows with the keys deleted before it. */
const EVICTED_MIN = 5_000;
/** Interval at which changes are saved: a crash costs the history of a minute at most. */
const SAVE_MS = 60_000;

/** Keeps the history between runs. */
export interface HistoryStore {
  load(): Promise<readonly TakenFile[]>;
  /** @throws Error of node:fs */
  save(entries: readonly TakenFile[]): Promise<void>;
}

export interface UploadHistoryOptions {
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly log: Log;
}

/** Payload bytes of one file that one peer was sent. */
export type ServedBytes = Pick<TakenFile, 'peer' | 'fileId' | 'path' | 'size' | 'bytes'>;

/** A bundle that was sent and is not recorded yet. */
interface SentBundle {
  readonly peer: KnownContact;
  readonly files: readonly BundledFile[];
  readonly wallMs: number;
}

/** What one host was sent, the oldest first. */
interface HostBundles {
  readonly sent: SentBundle[];
  files: number;
}

/** Records the files that peers took from this one, bounded, over all runs. */
export class UploadHistory {
  readonly #options: UploadHistoryOptions;
  /** In the order of `lastWallMs`. */
  #entries = new Map<string, TakenFile>();
  /**
   * By host. Recorded at the next lookup or save, not while a folder is sent: at most ENTRIES_MAX files and one bundle,
   * since older ones would be evicted at once.
   */
  readonly #bundles = new Map<string, HostBundles>();
  #bundledFiles = 0;
  #pathOf: (file: BundledFile) => string | undefined = () => undefined;
  #changed = false;
  #saving: Promise<void> = Promise.resolve();
  #stop: (() => void) | undefined;

  constructor(options: UploadHistoryOptions) {
    this.#options = options;
  }

  /** Loads the entries of earlier runs. */
  async start(): Promise<void> {
    const recorded = [...this.#entries.values()];
    this.#entries = new Map();
    for (const entry of [...(await this.#options.store.load()), ...recorded]) this.#put(entry);
    this.#stop = every(this.#options.clock, SAVE_MS, () => void this.#save());
  }

  /** Saves; safe to call twice. */
  async close(): Promise<void> {
    this.#stop?.();
    await this.#save();
  }

  /** Records what the network serves. */
  follow(network: NetworkManager, files: FileManager): void {
    network.on('served', (peer, fileId, bytes) => {
      const [path, size] = [files.pathOf(fileId), files.sizeOf(fileId)];
      if (path !== undefined && size !== undefined) this.served({ peer, fileId, path, size, bytes });
    });
    network.on('servedBundle', (peer, bundle) =>
      this.servedBundle(peer, bundle, ({ fileId, size }) => {
        const file = files.find(fileId);
        return file?.size === size ? file.path : undefined;
      }),
    );
    network.on('hasAll', (peerId, fileId) => this.completed(peerId, fileId));
  }

  /** Adds bytes that were sent. A file of which as many bytes were sent as it has is complete. */
  served(sent: ServedBytes): void {
    this.#recordBundles();
    this.#add(sent, this.#options.wallMs());
    this.#changed = true;
  }

  /** @param pathOf - path of a file that is here with this size, and so was sent whole; called later */
  servedBundle(
    peer: KnownContact,
    files: readonly BundledFile[],
    pathOf: (file: BundledFile) => string | undefined,
  ): void {
    this.#pathOf = pathOf;
    const { host } = peer.address;
    const bundles = this.#bundles.get(host) ?? { sent: [], files: 0 };
    this.#bundles.set(host, bundles);
    bundles.sent.push({ peer, files, wallMs: this.#options.wallMs() });
    bundles.files += files.length;
    this.#bundledFiles += files.length;
    while (this.#bundledFiles >= ENTRIES_MAX && this.#dropBundle());
    this.#changed = true;
  }

  /** Drops the oldest bundle of the host with the most. @returns false when less than ENTRIES_MAX would be left */
  #dropBundle(): boolean {
    const most = [...this.#bundles.values()].reduce((one, other) => (other.files > one.files ? other : one));
    const files = most.sent[0]?.files.length ?? 0;
    if (this.#bundledFiles - files < ENTRIES_MAX) return false;
    most.sent.shift();
    most.files -= files;
    this.#bundledFiles -= files;
    return true;
  }

  #recordBundles(): void {
    if (this.#bundles.size === 0) return;
    const sent = [...this.#bundles.values()].flatMap((bundles) => bundles.sent);
    for (const { peer, files, wallMs } of sent.sort((one, other) => one.wallMs - other.wallMs))
      for (const file of files) {
        const path = this.#pathOf(file);
        if (path !== undefined) this.#add({ ...file, peer, path, bytes: file.size }, wallMs);
      }
    this.#bundles.clear();
    this.#bundledFiles = 0;
  }

  #add({ peer, fileId, path, size, bytes }: ServedBytes, nowMs: number): void {
    const before = this.#entries.get(keyOf(peer.peerId, fileId));
    const sum = (before?.bytes ?? 0) + bytes;
    this.#put({
      fileId,
      path,
      size,
      peer,
      bytes: sum,
      complete: before?.complete === true || sum >= size,
      firstWallMs: before?.firstWallMs ?? nowMs,
      lastWallMs: nowMs,
    });
  }

  /** A peer says that it has the whole file now. Counts only for a peer that took part of it from this one. */
  completed(peerId: PeerId, fileId: FileId): void {
    this.#recordBundles();
    const entry = this.#entries.get(keyOf(peerId, fileId));
    if (entry === undefined || entry.complete) return;
    this.#entries.set(keyOf(peerId, fileId), { ...entry, complete: true });
    this.#changed = true;
  }

  /** All entries, the latest first. */
  all(): readonly TakenFile[] {
    return this.#kept().toReversed();
  }

  /** Peers that took all of a file. */
  finishers(fileId: FileId): readonly PeerId[] {
    this.#recordBundles();
    return [...this.#entries.values()].flatMap((entry) =>
      entry.fileId === fileId && entry.complete ? [entry.peer.peerId] : [],
    );
  }

  #put(entry: TakenFile): void {
    const key = keyOf(entry.peer.peerId, entry.fileId);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size < ENTRIES_MAX + EVICTED_MIN) return;
    this.#entries = new Map(fairShare([...this.#entries], ([, { peer }]) => peer.address.host, ENTRIES_MAX));
  }

  /** In the order of `lastWallMs`. */
  #kept(): readonly TakenFile[] {
    this.#recordBundles();
    return fairShare([...this.#entries.values()], ({ peer }) => peer.address.host, ENTRIES_MAX);
  }

  /** Never rejects: the history is a convenience. */
  #save(): Promise<void> {
    if (!this.#changed) return this.#saving;
    this.#changed = false;
    const entries = this.#kept();
    this.#saving = this.#saving
      .then(() => this.#options.store.save(entries))
      .catch((failure: unknown) => {
        this.#changed = true;
        this.#options.log.debug(`the history of uploads is not saved: ${String(failure)}`);
      });
    return this.#saving;
  }
}

function keyOf(peerId: PeerId, fileId: FileId): string {
  return `${peerId} ${fileId}`;
}
