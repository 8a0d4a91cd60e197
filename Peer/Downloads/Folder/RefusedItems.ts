import type { Clock } from '../../../Shared/Clock.ts';
import type { FileHolder } from '../../Model.ts';
import { fileChanged, noSource } from '../File/Task.ts';
import type { FolderItem } from './FolderItem.ts';

/** Maximum of items per run, and at once, that the trackers locate. */
const LOCATES_MAX = 200;
const LOCATES_AT_ONCE = 8;
/** Interval at which the holders that refused are asked again: a renamed folder is hashed within seconds. */
const RETRY_MS = 4_000;
/** Time from its first refusal after which an item fails. */
const GIVE_UP_MS = 35_000;

export interface RefusedItemsOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly locate: (item: FolderItem) => Promise<readonly FileHolder[]>;
  /** Queues an item at these holders. */
  readonly offer: (item: FolderItem, holders: Iterable<FileHolder>) => void;
  readonly failed: (item: FolderItem) => void;
}

/**
 * The items that every listed holder refused. The trackers locate further holders by content; then all holders are asked
 * again for a while, because a source that renamed or touched its files has the same content again soon.
 */
export class RefusedItems {
  readonly #options: RefusedItemsOptions;
  readonly #toLocate: FolderItem[] = [];
  /** Time of the first refusal. Items that arrive meanwhile stay until the next retry. */
  readonly #sinceMs = new Map<FolderItem, number>();
  readonly #waiting = new Set<FolderItem>();
  #locatedItems = 0;
  #locating = 0;
  #nextRetryMs = 0;

  constructor(options: RefusedItemsOptions) {
    this.#options = options;
  }

  add(item: FolderItem): void {
    const nowMs = this.#options.clock.nowMs();
    item.state = 'locating';
    if (this.#sinceMs.has(item)) {
      this.#wait(item);
      return;
    }
    if (this.#sinceMs.size === 0) this.#nextRetryMs = nowMs + RETRY_MS;
    this.#sinceMs.set(item, nowMs);
    this.#toLocate.push(item);
    this.#locateMore();
  }

  /** Asks the holders again when that is due, and gives up items that waited too long. */
  tick(): void {
    const { clock, signal, offer } = this.#options;
    const nowMs = clock.nowMs();
    if (signal.aborted || this.#waiting.size === 0 || nowMs < this.#nextRetryMs) return;
    this.#nextRetryMs = nowMs + RETRY_MS;
    const again = [...this.#waiting];
    this.#waiting.clear();
    for (const item of again) {
      if (nowMs - (this.#sinceMs.get(item) ?? nowMs) >= GIVE_UP_MS) this.#fail(item);
      else {
        const { error } = item;
        item.retry();
        item.error = error;
        if (item.holders.size === 0) this.#wait(item);
        else offer(item, item.holders.values());
      }
    }
  }

  #wait(item: FolderItem): void {
    item.state = 'locating';
    this.#waiting.add(item);
  }

  #locateMore(): void {
    const { signal, locate, offer } = this.#options;
    while (this.#locating < LOCATES_AT_ONCE && !signal.aborted) {
      const item = this.#toLocate.shift();
      if (item === undefined) return;
      if (++this.#locatedItems > LOCATES_MAX) {
        this.#wait(item);
        continue;
      }
      this.#locating++;
      void locate(item).then((holders) => {
        this.#locating--;
        if (signal.aborted) return;
        const fresh = item.addHolders(holders.filter(({ complete }) => complete));
        item.state = 'wanted';
        if (fresh.length > 0) offer(item, fresh);
        else this.#wait(item);
        this.#locateMore();
      });
    }
  }

  #fail(item: FolderItem): void {
    this.#sinceMs.delete(item);
    item.state = 'failed';
    item.error ??= item.changed ? fileChanged(item.paths[0]) : noSource(item.paths[0]);
    this.#options.failed(item);
  }
}
