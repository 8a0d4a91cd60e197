import { type News, offerText, type PushControls, pushText } from '../CommandInterface.ts';
import { type DownloadManager, lastPart } from '../DownloadManager.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import type { FileManager } from '../FileManager.ts';
import type { KnownContact, PeerContact } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import { PushManager, type PushManagerOptions } from '../PushManager.ts';
import type { Offer, OfferStatus, PartStatus, PushStatus } from '../PushModel.ts';
import { Drops } from './Drops.ts';
import { findContent, type LocalContent, localContents, partOf } from './LocalContents.ts';

export interface PushingOptions extends PushManagerOptions {
  readonly network: NetworkManager;
  readonly files: FileManager;
  readonly downloads: DownloadManager;
  readonly tell: (kind: News['kind'], text: string) => void;
}

/** Pushes files to other peers and accepts theirs: connects the push manager with files, downloads and console. */
export class Pushing implements PushControls {
  /** Files that clients which are no peers send. */
  readonly drops: Drops;
  readonly #options: PushingOptions;
  readonly #pushes: PushManager;
  /** Number of commands that wait for, and report, the end of each push. */
  readonly #awaited = new Map<number, number>();

  constructor(options: PushingOptions) {
    this.#options = options;
    this.#pushes = new PushManager(options);
    this.drops = new Drops({ ...options, pushes: this.#pushes });
    this.#connectEvents();
  }

  start(): Promise<void> {
    return this.#pushes.start();
  }

  close(): Promise<void> {
    this.drops.close();
    return this.#pushes.close();
  }

  findLocal(what: string): LocalContent {
    return findContent(what, this.#contents());
  }

  parts(what?: string): readonly PartStatus[] {
    const contents = what === undefined ? this.#contents() : [this.findLocal(what)];
    return contents.map((content) => partOf(content, this.#options.files.holdings(content.fileId)));
  }

  send({ fileId, size, path, modifiedMs, executable }: LocalContent, peer: PeerContact): PushStatus {
    return this.#pushes.send({ fileId, size, path: lastPart(path), modifiedMs, executable }, peer);
  }

  pushes(): readonly PushStatus[] {
    return this.#pushes.pushes();
  }

  async pushed(number: number, signal: AbortSignal): Promise<PushStatus> {
    const change = (by: number) => this.#awaited.set(number, (this.#awaited.get(number) ?? 0) + by);
    change(1);
    try {
      return await this.#pushes.pushed(number, signal);
    } finally {
      change(-1);
    }
  }

  onPush(listener: (push: PushStatus, confirmed: readonly number[]) => void): () => void {
    this.#pushes.on('changed', listener);
    return () => this.#pushes.off('changed', listener);
  }

  offers(): readonly OfferStatus[] {
    return this.#pushes.offers();
  }

  accept(number: number, always: boolean): Promise<OfferStatus> {
    return this.#pushes.accept(number, always);
  }

  reject(number: number): OfferStatus {
    return this.#pushes.reject(number);
  }

  #contents(): readonly LocalContent[] {
    const { files, downloads } = this.#options;
    return localContents(files.list(''), downloads.list());
  }

  #connectEvents(): void {
    const { network, downloads, tell } = this.#options;
    const pushes = this.#pushes;
    network.on('offered', (peer, requestId, offer) => pushes.receiveOffer(peer, requestId, offer));
    network.on('peerLeft', (peer) => pushes.peerLeft(peer.peerId));
    pushes.on('asked', (offer) => tell('offer', offerText(offer)));
    pushes.on('expired', ({ path, peer }) =>
      tell('offer', `nobody answered the offer of ${lastPart(path)} from ${peer.name}: refused`),
    );
    pushes.on('accepted', (peer, offer) => this.#fetch(peer, offer));
    pushes.on('ended', (push) => {
      if ((this.#awaited.get(push.number) ?? 0) === 0) tell('push', pushText(push));
    });
    downloads.on('changed', (download) => this.#downloadChanged(download));
  }

  /** Downloads accepted content from its sender and every other holder. */
  #fetch(peer: KnownContact, { fileId, size, path, chunks, modifiedMs, executable }: Offer): void {
    const { downloads, tell, log } = this.#options;
    const known = downloads.list().find((download) => download.fileId === fileId);
    const holder = { ...peer, complete: false };
    // A push does not resume a download paused by the user.
    if (known?.state === 'paused') {
      downloads.addSource(fileId, holder);
      return;
    }
    try {
      const source = { holders: [holder], pushedBy: peer.peerId };
      const wish = { fileId, size, path: lastPart(path), modifiedMs, executable, ...source };
      const { number } = downloads.add(wish);
      tell('push', `taking ${lastPart(path)} (${chunks} chunks) from ${peer.name}: download ${number}`);
    } catch (failure) {
      log.debug(`an accepted offer is not downloaded: ${String(failure)}`);
      this.#pushes.downloadEnded(fileId, 'failed');
    }
  }

  #downloadChanged({ fileId, state }: DownloadStatus): void {
    if (fileId === undefined) return;
    if (state === 'done') this.#pushes.downloadEnded(fileId, undefined);
    else if (state === 'failed') this.#pushes.downloadEnded(fileId, 'failed');
    else if (state === 'cancelled') this.#pushes.downloadEnded(fileId, 'cancelled');
  }
}
