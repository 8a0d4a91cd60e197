import { EventEmitter } from 'node:events';
import { BoundedMap } from '../../Shared/BoundedMap.ts';
import { formatAddress, formatNamed } from '../../Shared/Network/Address.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import type { News } from '../CommandInterface.ts';
import type { DownloadManager, Verdict } from '../DownloadManager.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import type { Coverage, PeerContact, TrackerPlace } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';

/** Warnings kept for the first listener: a damaged share is reported before the console exists. */
const PENDING_MAX = 25;
/** Trackers whose last report is known: a host of the LAN may run any number of them, one after the other. */
const TRACKERS_MAX = 256;

/** Unsolicited messages to users. */
export class PeerNews {
  readonly #listeners = new EventEmitter<{ news: [News] }>();
  /** Warnings from before the first listener. */
  readonly #pending: News[] = [];
  /** Verified bytes of the downloads that a disk error paused, by number. */
  readonly #pausedByDisk = new Map<number, number>();

  /** @param text - may contain names from other peers */
  tell(kind: News['kind'], text: string, download?: DownloadStatus): void {
    const news: News = { kind, text: safeText(text), ...(download === undefined ? {} : { download }) };
    if (!this.#listeners.emit('news', news) && kind === 'warning' && this.#pending.length < PENDING_MAX)
      this.#pending.push(news);
  }

  /** Reports found, lost, moved and embedded trackers, one line each. */
  followTrackers(network: NetworkManager): void {
    const tell = (text: string) => this.tell('tracker', text);
    // By the typed name: it may have several addresses, which are tried in turn.
    const keyOf = ({ name, host, port }: TrackerPlace) => `${name ?? host} ${port}`;
    const known = new BoundedMap<string, 'connected' | 'silent'>(TRACKERS_MAX);
    network.on('trackerFound', (at) => {
      known.set(keyOf(at), 'connected');
      tell(`connected to the tracker at ${formatNamed(at)}`);
    });
    network.on('trackerLost', (at, reason) => {
      const [key, place] = [keyOf(at), formatNamed(at)];
      const before = known.get(key);
      if (before === 'silent') return;
      known.set(key, 'silent');
      const what = before === 'connected' ? 'lost the tracker' : 'no connection to the tracker';
      tell(`${what} at ${place}: ${reason.message.replace(`tracker ${place}: `, '')}`);
    });
    network.on('trackerMoved', (from, to) =>
      tell(`the tracker at ${formatAddress(from)} hands over to ${formatAddress(to)}`),
    );
    network.on('trackerEmbedded', (at) =>
      tell(`found no tracker, so this peer runs one at UDP port ${at.port}`),
    );
  }

  /** Reports downloads that end, and those that a full or failing disk pauses. */
  followDownloads(downloads: DownloadManager): void {
    const ended = (download: DownloadStatus, how: string) => {
      this.#pausedByDisk.delete(download.number);
      this.tell('download', `${download.path} ${how}`, download);
    };
    downloads.on('completed', (download) =>
      ended(download, `is complete${placeOf(download)}${besideOf(download)}`),
    );
    downloads.on('failed', (download) =>
      ended(download, `failed: ${download.error?.message ?? download.reason}`),
    );
    downloads.on('changed', (download) => {
      const { number, path, state, error, bytes } = download;
      if (state === 'cancelled') this.#pausedByDisk.delete(number);
      if (state !== 'paused' || error === undefined) return;
      // Every retry that fails pauses it again.
      if (!this.#pausedByDisk.has(number))
        this.tell(
          'warning',
          `${path} pauses: ${error.message}. It goes on by itself when the disk takes data again`,
        );
      this.#pausedByDisk.set(number, bytes);
    });
  }

  /** Reports a source that sent corrupt data, the first time and when it is banned. */
  blamed({ name, address }: PeerContact, path: string, verdict: Verdict): void {
    if (verdict === 'distrusted again') return;
    const what = verdict === 'banned' ? 'banned for an hour' : 'asked for it only if nobody else has it';
    this.tell('warning', `${name} (${formatAddress(address)}) sent corrupt data for ${path}: ${what}`);
  }

  /** Reports peers that did not list a folder in time. */
  slowPeers(folder: string, peers: number): void {
    const who = peers === 1 ? '1 peer' : `${peers} peers`;
    this.tell('warning', `${who} did not list ${folder}/ in time: files that nobody else has are left out`);
  }

  /** Reports that not all trackers named their peers with files in a folder. */
  partialFolder(folder: string, { trackers, trackersKnown = trackers }: Coverage): void {
    const missing = `files in ${folder}/ that only the others know are left out`;
    this.tell('warning', `${trackers} of ${trackersKnown} trackers answered: ${missing}`);
  }

  /** Reports downloads that go on after a pause by the disk. Called when a chunk was written. */
  chunkWritten(downloads: DownloadManager): void {
    for (const [number, bytes] of this.#pausedByDisk) {
      const download = downloads.find(String(number));
      if (download.state === 'paused' || download.bytes <= bytes) continue;
      this.#pausedByDisk.delete(number);
      this.tell('download', `${download.path} goes on`, download);
    }
  }

  /** Subscribes; returns the unsubscribe function. */
  listen(listener: (news: News) => void): () => void {
    this.#listeners.on('news', listener);
    for (const news of this.#pending.splice(0)) listener(news);
    return () => this.#listeners.off('news', listener);
  }
}

/** `: /share/a (2).txt`, when a complete download has another name than its sender gave it. */
function placeOf({ path, finalPath }: DownloadStatus): string {
  const slashed = (text: string) => text.replaceAll('\\', '/');
  const isAsNamed =
    finalPath === undefined || slashed(finalPath).endsWith(`/${slashed(path).replace(/\/$/, '')}`);
  return isAsNamed ? '' : `: ${finalPath}`;
}

/** `; files that lie beside another one of their name, as "name (2)": 3` */
function besideOf({ beside = 0 }: DownloadStatus): string {
  return beside === 0 ? '' : `; files that lie beside another one of their name, as "name (2)": ${beside}`;
}
