import type { Clock } from '../../../Shared/Clock.ts';
import { splitPath } from '../Disk/Paths.ts';

/** So many names of one folder: listing it is cheaper than looking at each. */
const NAMES_MAX = 2_000;
/** So many events at once that the system may have dropped some (Linux queues 16,384): everything is listed. */
const BURST_EVENTS = 8_000;

/** While we write into the share ourselves, looking waits, but not longer than this. */
const WAIT_MAX_MS = 5_000;

/** Names to look at in each folder, or `all`: the folder and everything below. */
export type Places = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** Gathers what watches tell for a moment, so that a burst of events about one file or folder costs one look. */
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

  /** @param busy - what happens now is mostly our own doing, which nobody has to look at */
  constructor(clock: Clock, gatherMs: number, look: (places: Places) => void, busy = () => false) {
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    this.#look = look;
    this.#busy = busy;
  }

  /** Something of this path changed. "" is the share itself. */
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
