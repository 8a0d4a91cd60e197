import { type Clock, every } from '../../../Shared/Time/Clock.ts';
import type { ShareHealth } from '../../ShareModel.ts';
import type { WatchEvents, WatchFolder, Watching } from './FolderWatcher.ts';
import { isSameRoot, type LookAtRoot, type RootState } from './RootState.ts';

interface ShareWatcherEvents
  extends Pick<WatchEvents, 'changed' | 'folderChanged' | 'isSelfCreated' | 'problem'> {
  /** Changes may have gone unnoticed: everything is to be scanned. */
  rescan(): void;
  /** The share folder can no longer be read. */
  gone(reason: string): void;
  /** The share folder can be read again, or another folder has taken its place. It is watched. */
  back(): void;
  /** The system's watch limit is reached: the share is scanned periodically instead. Called once. */
  limited(code: string): void;
}

export interface ShareWatcherOptions {
  readonly root: string;
  readonly watch: WatchFolder;
  /** Undefined: the state of the folder itself does not matter, as with a manifest. */
  readonly look: LookAtRoot | undefined;
  readonly clock: Clock;
  readonly wallMs: () => number;
  readonly rescanMs: number;
  readonly events: ShareWatcherEvents;
}

/** Interval of checks of the share folder itself: nothing reports an unmounted disk. */
const ROOT_CHECK_MS = 2_000;

/** Watches the share for changes, and the share folder itself: it may vanish, be replaced, and return. */
export class ShareWatcher {
  readonly #options: ShareWatcherOptions;
  readonly #stops: (() => void)[] = [];
  #watching: Watching | undefined;
  /** Last state in which the folder was present. */
  #root: RootState | undefined;
  #gone: ShareHealth['gone'];
  #isReadOnly = false;
  #isLimited = false;
  #isClosed = false;

  constructor(options: ShareWatcherOptions) {
    this.#options = options;
  }

  get health(): ShareHealth {
    const mode = this.#isLimited ? 're-scanning' : 'watching';
    return { mode: this.#gone === undefined ? mode : 'gone', gone: this.#gone, readOnly: this.#isReadOnly };
  }

  /** Resolves when every folder that existed at the start is watched. */
  start(): Promise<void> {
    const { look, root, clock } = this.#options;
    if (look !== undefined) {
      this.#seen(look(root));
      this.#stops.push(every(clock, ROOT_CHECK_MS, () => this.check()));
    }
    return this.#watch();
  }

  /** Checks the share folder itself. */
  check(): void {
    const { look, root, wallMs, events } = this.#options;
    if (this.#isClosed || look === undefined) return;
    const before = this.#root;
    const now = look(root);
    if (now.kind === 'gone') {
      const isNew = this.#gone === undefined;
      this.#gone = { sinceMs: this.#gone?.sinceMs ?? wallMs(), reason: now.reason };
      if (!isNew) return;
      void this.#watching?.close();
      events.gone(now.reason);
      return;
    }
    const isKnown = this.#gone === undefined && before !== undefined && isSameRoot(before, now);
    this.#gone = undefined;
    this.#seen(now);
    if (isKnown) return;
    void this.#watching?.close();
    void this.#watch().then(() => {
      if (!this.#isClosed) events.back();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    await this.#watching?.close();
  }

  #seen(now: RootState): void {
    this.#root = now;
    this.#isReadOnly = now.kind === 'present' && now.isReadOnly;
  }

  async #watch(): Promise<void> {
    if (this.#isLimited) return;
    const { watch, root, events } = this.#options;
    const { isSelfCreated, problem } = events;
    this.#watching = watch(root, {
      changed: (path) => {
        if (path === '') this.check();
        events.changed(path);
      },
      folderChanged: (path) => {
        if (path === '') this.check();
        events.folderChanged(path);
      },
      limited: (code) => this.#limited(code),
      isSelfCreated,
      problem,
    });
    await this.#watching.ready;
  }

  #limited(code: string): void {
    const { clock, rescanMs, events } = this.#options;
    if (this.#isLimited || this.#isClosed) return;
    this.#isLimited = true;
    events.limited(code);
    // With some folders unwatched, changes would be missed unnoticed: all watches are released.
    void this.#watching?.close();
    this.#stops.push(every(clock, rescanMs, () => events.rescan()));
  }
}
