/**
 * Runs the background syncs of all unfinished files, one at a time. A sync holds one of the four threads that also
 * read, write and resolve names: on a slow disk, the syncs of four files would stop everything else.
 */
export class SyncQueue {
  readonly #waiting = new Set<() => Promise<void>>();
  #busy = false;

  /** Runs a sync, which never rejects: at once or after those added before. */
  add(sync: () => Promise<void>): void {
    this.#waiting.add(sync);
    this.#next();
  }

  /** Cancels a sync that has not begun. */
  remove(sync: () => Promise<void>): void {
    this.#waiting.delete(sync);
  }

  #next(): void {
    const [sync] = this.#waiting;
    if (this.#busy || sync === undefined) return;
    this.#waiting.delete(sync);
    this.#busy = true;
    void sync().then(() => {
      this.#busy = false;
      this.#next();
    });
  }
}
