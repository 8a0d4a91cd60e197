import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FolderFiles } from './FolderFiles.ts';

/** Files of a folder download that could not be fetched, by row. The rows of one bundle share their reason. */
export class FailedFiles {
  readonly #files: FolderFiles;
  readonly #reasons = new Map<number, ShoalError>();

  constructor(files: FolderFiles) {
    this.#files = files;
  }

  get rows(): readonly number[] {
    return [...this.#reasons.keys()];
  }

  add(row: number, reason: ShoalError): void {
    this.#reasons.set(row, reason);
  }

  delete(row: number): void {
    this.#reasons.delete(row);
  }

  clear(): void {
    this.#reasons.clear();
  }

  /** Sums up the files that failed, with the first reason; undefined when none did. */
  summary(): ShoalError | undefined {
    const files = this.#files;
    const [[, cause] = []] = this.#reasons;
    if (cause === undefined) return undefined;
    let count = 0;
    for (const row of this.#reasons.keys()) count += [...files.rowsOf(row)].length;
    const place = files.incomplete === undefined ? '' : ` in "${files.incomplete}"`;
    return new ShoalError(
      cause.code,
      `${count} of ${files.count} files could not be fetched: ${files.withFinalPath(cause.message)}`,
      {
        hint: (command) =>
          `The other files are complete${place}. Try again later: ${command('resume')}, or the same command`,
        cause,
      },
    );
  }
}
