import type { Clock } from '../../../Shared/Clock.ts';
import { splitPath } from '../Disk/Paths.ts';

/** Changed names in one folder beyond which listing the folder is cheaper than checking each name. */
const NAMES_MAX = 2_000;
/**
 * Events in one burst beyond which the system may have dropped some (Linux queues 16,384): the whole share is
 * scanned.
 */
const BURST_EVENTS = 8_000;

/** Upper bound on deferring a scan while downloads write into the share. */
const WAIT_MAX_MS = 5_000;

/** Names to check in each folder, or `all`: the folder and everything below it. */
export type Places = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** Coalesces watch events, so that a burst about one file or folder costs one scan. */
export class ChangeCoalescer {
  readonly #clock: Clock;
  readonly #gatherMs: number;
  readonly #look: (places: Places) => void;
  #places = new Map<string, Set<string> | 'all'>();
  #events = 0;
  #sinceMs = 0;
  #cancel: (() => void) | undefined;
  #closed = false;
  readonly #busy: () => boolean;

  /** @param busy - true while most changes are the program's own writes, which need no scan */
  constructor(clock: Clock, gatherMs: number, look: (places: Places) => void, busy = () => false) {
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    this.#look = look;
    this.#busy = busy;
  }

  /** Records a change of this path; "" is the share itself. */
  add(path: string): void {
    if (path === '') {
      this.addFolder('');
      return;
    }
    const [folder, name] = splitPath(path);
    const names = this.#places.get(folder) ?? new Set();
    if (names !== 'all') {
      names.add(name);
      this.#places.set(folder, names.size > NAMES_MAX ? 'all' : names);
    }
    this.#plan();
  }

  addFolder(path: string): void {
    this.#places.set(path, 'all');
    this.#plan();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #plan(): void {
    this.#events++;
    if (this.#closed || this.#cancel !== undefined) return;
    this.#sinceMs = this.#clock.nowMs();
    this.#wait();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#gatherMs, () => {
      if (this.#busy() && this.#clock.nowMs() - this.#sinceMs < WAIT_MAX_MS) this.#wait();
      else this.#flush();
    });
  }

  #flush(): void {
    const places: Places = this.#events > BURST_EVENTS ? new Map([['', 'all']]) : this.#places;
    this.#cancel = undefined;
    this.#places = new Map();
    this.#events = 0;
    this.#look(places);
  }
}
