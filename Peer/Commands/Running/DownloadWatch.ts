import type { DownloadStatus } from '../../DownloadModel.ts';
import type { News, PeerControls } from '../Ports.ts';
import { doneText, isActive, notDoneText } from '../Views/DownloadTexts.ts';

/**
 * Prints the end of each background download exactly once: either the user started it in this console (`watch`), or the
 * peer reports it as news. A command that reports the end itself suppresses both (`unwatch`).
 */
export class DownloadWatch {
  readonly #controls: PeerControls;
  readonly #print: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #watched = new Set<number>();
  /** Downloads whose end was printed, or is reported by a command. */
  readonly #reported = new Set<number>();
  /** Ends that arrived as news while a command was running. */
  readonly #deferred: DownloadStatus[] = [];
  #commands = 0;

  constructor(controls: PeerControls, print: (line: string) => void, signal: AbortSignal) {
    this.#controls = controls;
    this.#print = print;
    this.#signal = signal;
  }

  /** Prints the end of this download when it comes. */
  watch(number: number): void {
    this.#reported.delete(number);
    if (this.#watched.has(number)) return;
    this.#watched.add(number);
    this.#controls.downloads.finished(number, this.#signal).then(
      (end) => this.#ended(end),
      () => this.#watched.delete(number),
    );
  }

  unwatch(number: number): void {
    this.#watched.delete(number);
    this.#reported.add(number);
  }

  /** Prints news; the end of a download only if neither a command nor this watch reports it. */
  news(news: News): void {
    const { download } = news;
    if (news.kind !== 'download' || download === undefined || isActive(download.state))
      this.#print(news.text);
    else if (this.#commands > 0) this.#deferred.push(download);
    else this.#endIsNews(download);
  }

  /** Defers news of ends while a command runs: only afterwards it is known whether the command reported them. */
  async during<T>(command: Promise<T>): Promise<T> {
    this.#commands++;
    try {
      return await command;
    } finally {
      this.#commands--;
      for (const download of this.#deferred.splice(0)) this.#endIsNews(download);
    }
  }

  #endIsNews(download: DownloadStatus): void {
    if (this.#watched.has(download.number) || this.#reported.has(download.number)) return;
    this.#print(endLine(download));
  }

  #ended(end: DownloadStatus): void {
    if (!this.#watched.delete(end.number)) return;
    this.#reported.add(end.number); // News of the same end may follow.
    if (!isActive(end.state)) this.#print(endLine(end));
  }
}

function endLine(download: DownloadStatus): string {
  return download.state === 'done' ? doneText(download) : notDoneText(download);
}
