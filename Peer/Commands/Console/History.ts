import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LINE_LENGTH_MAX } from '../CommandParser.ts';

/** Lines kept between runs. */
export const HISTORY_LINES_MAX = 1_000;

/** The lines typed before, newest first, in a file that only its owner reads. Trouble with the file never shows. */
export class History {
  readonly #path: string | undefined;
  #saving: Promise<void> = Promise.resolve();
  #next: readonly string[] | undefined;

  /** @param path - absolute; undefined: nothing is kept */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  async load(): Promise<string[]> {
    if (this.#path === undefined) return [];
    try {
      const lines = (await readFile(this.#path, 'utf8')).split('\n').filter(isKeepable);
      return lines.slice(-HISTORY_LINES_MAX).reverse();
    } catch {
      return [];
    }
  }

  /** Keeps these lines, newest first. Quick calls are folded into one write. */
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
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFile(fresh, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
      await rename(fresh, this.#path);
    } catch {
      // A history that cannot be kept is no reason to disturb anybody.
    }
  }
}

function isKeepable(line: string): boolean {
  return line.trim() !== '' && line.length <= LINE_LENGTH_MAX / 16 && !/[\u0000-\u001f\u007f]/.test(line);
}
