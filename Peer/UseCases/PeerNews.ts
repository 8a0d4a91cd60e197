import { EventEmitter } from 'node:events';
import { safeText } from '../../Shared/SafeText.ts';
import type { News } from '../CommandInterface.ts';
import type { DownloadStatus } from '../Model.ts';

/** Warnings kept for the first who listens: a bad share is told at the start, before there is a console. */
const UNTOLD_MAX = 25;

/** What users are told unasked. */
export class PeerNews {
  readonly #listeners = new EventEmitter<{ news: [News] }>();
  /** Warnings from before anybody listened. */
  readonly #untold: News[] = [];

  /** @param text - may hold names from strangers */
  tell(kind: News['kind'], text: string, download?: DownloadStatus): void {
    const news: News = { kind, text: safeText(text), ...(download === undefined ? {} : { download }) };
    if (!this.#listeners.emit('news', news) && kind === 'warning' && this.#untold.length < UNTOLD_MAX)
      this.#untold.push(news);
  }

  /** Returns how to stop it. */
  listen(listener: (news: News) => void): () => void {
    this.#listeners.on('news', listener);
    for (const news of this.#untold.splice(0)) listener(news);
    return () => this.#listeners.off('news', listener);
  }
}
