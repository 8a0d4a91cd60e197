import type { Clock } from '../../../Shared/Time/Clock.ts';
import { splitPath } from '../Disk/Paths.ts';

/** Changed names in one folder beyond which listing the folder is cheaper than checking each name. */
const NAMES_PER_FOLDER_MAX = 2_000;
/** Events per burst beyond which the system may drop some (Linux queues 16,384): the whole share is scanned. */
const BURST_EVENTS_MAX = 8_000;

/** Upper bound on deferring a scan while downloads write into the share. */
const DEFERRAL_MAX_MS = 5_000;

/** Names to check in each folder, or `all`: the folder and everything below it. */
export type ChangedNames = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** Coalesces watch events, so that a burst about one file or folder costs one scan, and scans never pile up. */
export class ChangeCoalescer {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #scan: (changed: ChangedNames) => Promise<void> | undefined;
  #isScanning = false;
  #changed = new Map<string, Set<string> | 'all'>();
  #events = 0;
  #firstMs = 0;
  #cancel: (() => void) | undefined;
  #closed = false;
  readonly #isBusy: () => boolean;

  /**
   * @param scan - resolves, never rejects, when the scan is over; undefined: it is
   * @param isBusy - true while most changes are the program's own writes, which need no scan
   */
  constructor(
    clock: Clock,
    delayMs: number,
    scan: (changed: ChangedNames) => Promise<void> | undefined,
    isBusy = () => false,
  ) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#scan = scan;
    this.#isBusy = isBusy;
  }

  /** Records a change of this path; "" is the share itself. */
  add(path: string): void {
    if (path === '') {
      this.addFolder('');
      return;
    }
    const [folder, name] = splitPath(path);
    const names = this.#changed.get(folder) ?? new Set();
    if (names !== 'all') {
      names.add(name);
      this.#changed.set(folder, names.size > NAMES_PER_FOLDER_MAX ? 'all' : names);
    }
    this.#schedule();
  }

  addFolder(path: string): void {
    this.#changed.set(path, 'all');
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #schedule(): void {
    this.#events++;
    if (this.#closed || this.#cancel !== undefined || this.#isScanning) return;
    this.#firstMs = this.#clock.nowMs();
    this.#startTimer();
  }

  #startTimer(): void {
    this.#cancel = this.#clock.after(this.#delayMs, () => {
      if (this.#isBusy() && this.#clock.nowMs() - this.#firstMs < DEFERRAL_MAX_MS) this.#startTimer();
      else this.#flush();
    });
  }

  #flush(): void {
    const changed: ChangedNames = this.#events > BURST_EVENTS_MAX ? new Map([['', 'all']]) : this.#changed;
    this.#cancel = undefined;
    this.#changed = new Map();
    this.#events = 0;
    const scan = this.#scan(changed);
    if (scan === undefined) return;
    this.#isScanning = true;
    void scan.then(() => {
      this.#isScanning = false;
      if (this.#changed.size > 0 && !this.#closed) this.#startTimer();
    });
  }
}
