import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../../Shared/Paths/MakeFolder.ts';
import { LINE_LENGTH_MAX } from '../Line/CommandParser.ts';

/** Lines kept between runs. */
export const HISTORY_LINES_MAX = 1_000;

/**
 * Typed lines of earlier runs, in a file with mode 0600. Failures are ignored: the console works without a history.
 */
export class History {
  readonly #path: string | undefined;
  #saving: Promise<void> = Promise.resolve();
  #next: readonly string[] | undefined;

  /** @param path - absolute; undefined: no history is kept */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Lines of earlier runs, newest first. */
  async load(): Promise<string[]> {
    if (this.#path === undefined) return [];
    try {
      const lines = (await readFile(this.#path, 'utf8')).split('\n').filter(isKeepable);
      return lines.slice(-HISTORY_LINES_MAX).reverse();
    } catch {
      return [];
    }
  }

  /** Saves these lines, newest first. Calls during a write are coalesced into the next one. */
  save(newestFirst: readonly string[]): void {
    if (this.#path === undefined) return;
    const idle = this.#next === undefined;
    this.#next = newestFirst.slice(0, HISTORY_LINES_MAX);
    if (idle) this.#saving = this.#saving.then(() => this.#write());
  }

  /** Resolves when the last save is over. */
  close(): Promise<void> {
    return this.#saving;
  }

  async #write(): Promise<void> {
    const lines = (this.#next ?? []).filter(isKeepable).toReversed();
    this.#next = undefined;
    if (this.#path === undefined) return;
    const fresh = `${this.#path}.new`;
    try {
      await makeFolder(dirname(this.#path));
      await writeFile(fresh, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
      await rename(fresh, this.#path);
    } catch {
      // Ignored, see above.
    }
  }
}

function isKeepable(line: string): boolean {
  return line.trim() !== '' && line.length <= LINE_LENGTH_MAX / 16 && !/[\u0000-\u001f\u007f]/.test(line);
}
