import { EventEmitter } from 'node:events';
import { formatAddress, formatNamed } from '../../Shared/Address.ts';
import { safeText } from '../../Shared/SafeText.ts';
import type { News } from '../CommandInterface.ts';
import type { DownloadStatus } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';

/** Warnings kept for the first listener: a damaged share is reported before the console exists. */
const PENDING_MAX = 25;

/** Unsolicited messages to users. */
export class PeerNews {
  readonly #listeners = new EventEmitter<{ news: [News] }>();
  /** Warnings from before the first listener. */
  readonly #pending: News[] = [];

  /** @param text - may contain names from other peers */
  tell(kind: News['kind'], text: string, download?: DownloadStatus): void {
    const news: News = { kind, text: safeText(text), ...(download === undefined ? {} : { download }) };
    if (!this.#listeners.emit('news', news) && kind === 'warning' && this.#pending.length < PENDING_MAX)
      this.#pending.push(news);
  }

  /** Reports found, lost, moved and embedded trackers, one line each. */
  followTrackers(network: NetworkManager): void {
    const tell = (text: string) => this.tell('tracker', text);
    network.on('trackerFound', (at) => tell(`connected to the tracker at ${formatNamed(at)}`));
    network.on('trackerLost', (at, reason) => {
      const place = formatNamed(at);
      tell(`lost the tracker at ${place}: ${reason.message.replace(`tracker ${place}: `, '')}`);
    });
    network.on('trackerMoved', (from, to) =>
      tell(`the tracker at ${formatAddress(from)} hands over to ${formatAddress(to)}`),
    );
    network.on('trackerEmbedded', (at) =>
      tell(`found no tracker, so this peer runs one at UDP port ${at.port}`),
    );
  }

  /** Subscribes; returns the unsubscribe function. */
  listen(listener: (news: News) => void): () => void {
    this.#listeners.on('news', listener);
    for (const news of this.#pending.splice(0)) listener(news);
    return () => this.#listeners.off('news', listener);
  }
}

/** @param peers - number of peers that did not list the folder in time */
export function slowPeersText(folder: string, peers: number): string {
  const who = peers === 1 ? '1 peer is' : `${peers} peers are`;
  return `${who} too slow to list ${folder}/: files that nobody else has are left out`;
}
