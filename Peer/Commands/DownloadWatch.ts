import type { DownloadStatus } from '../Model.ts';
import type { News, PeerControls } from './Ports.ts';
import { doneText, isActive, notDoneText } from './Views/DownloadTexts.ts';

/**
 * Tells the end of each background download exactly once, whether the user started it here or the peer reports it as news.
 */
export class DownloadWatch {
  readonly #controls: PeerControls;
  readonly #tell: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #watched = new Set<number>();
  /** Ends that a command tells, or that are told. */
  readonly #told = new Set<number>();
  /** Ends that came while a command was running. */
  readonly #held: DownloadStatus[] = [];
  #commands = 0;

  constructor(controls: PeerControls, tell: (line: string) => void, signal: AbortSignal) {
    this.#controls = controls;
    this.#tell = tell;
    this.#signal = signal;
  }

  /** Waits for the end of a download and tells it. */
  watch(number: number): void {
    this.#told.delete(number);
    if (this.#watched.has(number)) return;
    this.#watched.add(number);
    this.#controls.finished(number, this.#signal).then(
      (end) => this.#ended(end),
      () => this.#watched.delete(number),
    );
  }

  /** A command ends it and says so. */
  unwatch(number: number): void {
    this.#watched.delete(number);
    this.#told.add(number);
  }

  /** Tells news, but the end of a download only if nobody else does: the command that waits for it, or this watch. */
  news(news: News): void {
    const { download } = news;
    if (news.kind !== 'download' || download === undefined || isActive(download.state)) this.#tell(news.text);
    else if (this.#commands > 0) this.#held.push(download);
    else this.#endIsNews(download);
  }

  /** Holds back ends that come while a command runs: only afterwards it is known whether it told them itself. */
  async during<T>(command: Promise<T>): Promise<T> {
    this.#commands++;
    try {
      return await command;
    } finally {
      this.#commands--;
      for (const download of this.#held.splice(0)) this.#endIsNews(download);
    }
  }

  #endIsNews(download: DownloadStatus): void {
    if (this.#watched.has(download.number) || this.#told.has(download.number)) return;
    this.#tell(endLine(download));
  }

  #ended(end: DownloadStatus): void {
    if (!this.#watched.delete(end.number)) return;
    // The peer's own news of the same end may come later.
    this.#told.add(end.number);
    if (!isActive(end.state)) this.#tell(endLine(end));
  }
}

function endLine(download: DownloadStatus): string {
  return download.state === 'done' ? doneText(download) : notDoneText(download);
}
