import { formatAddress } from '../../Shared/Address.ts';
import type { Clock } from '../../Shared/Clock.ts';
import { unlessAborted } from '../../Shared/OnAbort.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { CommandContext, LiveText } from './CommandResult.ts';
import { type Outcome, runLine } from './CommandRunner.ts';
import type { CompletionSources } from './Completion.ts';
import type { DownloadWatch } from './DownloadWatch.ts';
import type { PeerControls } from './Ports.ts';
import { baseName } from './Views/Items.ts';

/** Longest wait of the first command that needs the network, in milliseconds. */
const NETWORK_WAIT_MS = 3_000;
/** What a command gets to end by itself after an abort, in milliseconds; then it is left alone. */
const GRACE_MS = 1_000;
/** Names kept for the Tab key. */
const REMEMBERED_MAX = 2_000;

/** What a console remembers between its commands. */
export class Session {
  readonly #controls: PeerControls;
  readonly #watch: DownloadWatch;
  readonly #clock: Clock;
  readonly #interactive: boolean;
  readonly #print: (line: string) => void;
  readonly #live: ((signal: AbortSignal) => LiveText) | undefined;
  readonly #found = new Set<string>();
  #network: Promise<unknown> | undefined;
  #scanned: Promise<void> | undefined;

  /**
   * @param print - a line on the output while a command runs
   * @param live - shows what changes, until the signal; left out: no terminal
   */
  constructor(
    controls: PeerControls,
    watch: DownloadWatch,
    clock: Clock,
    interactive: boolean,
    print: (line: string) => void,
    live?: (signal: AbortSignal) => LiveText,
  ) {
    this.#live = live;
    this.#print = print;
    this.#controls = controls;
    this.#clock = clock;
    this.#watch = watch;
    this.#interactive = interactive;
  }

  /** Runs one line; see runLine. An abort ends it, soon even if the command does not listen. */
  async run(line: string, signal: AbortSignal): Promise<Outcome | undefined> {
    let cancel = () => {};
    const overdue = new Promise<Outcome>((resolve) => {
      const error = new ShoalError('CANCELLED', 'interrupted');
      const failure = { error, unexpected: false };
      const give = () => resolve({ command: '', json: false, result: undefined, failure });
      const abort = () => {
        cancel = this.#clock.after(GRACE_MS, give);
      };
      signal.addEventListener('abort', abort, { once: true });
      cancel = () => signal.removeEventListener('abort', abort);
    });
    try {
      return await this.#watch.during(Promise.race([runLine(line, this.#context(signal)), overdue]));
    } finally {
      cancel();
    }
  }

  /** What one command gets; `signal` ends it. */
  #context(signal: AbortSignal): CommandContext {
    return {
      controls: this.#controls,
      signal,
      interactive: this.#interactive,
      networkReady: async () => {
        this.#network ??= this.#controls.networkReady(NETWORK_WAIT_MS);
        await unlessAborted(this.#network, signal);
      },
      scanned: async () => {
        // A person sees how far it is and asks again; a script cannot.
        if (this.#interactive) return;
        this.#scanned ??= this.#controls.scanned();
        await unlessAborted(this.#scanned, signal);
      },
      remember: (paths) => this.#remember(paths),
      watch: (number) => this.#watch.watch(number),
      unwatch: (number) => this.#watch.unwatch(number),
      live: this.#live?.(signal),
      tell: ({ item, line, json }) => this.#print(json ? JSON.stringify(item) : line),
    };
  }

  completionSources(): CompletionSources {
    const controls = this.#controls;
    return {
      local: () => controls.localFiles().map((entry) => entry.path),
      found: () => [...this.#found],
      peers: () =>
        controls.knownPeers().map((peer) => ({ name: peer.name, address: formatAddress(peer.address) })),
      downloads: () => controls.downloads().map((download) => baseName(download.path)),
    };
  }

  #remember(names: readonly string[]): void {
    for (const name of names) {
      this.#found.delete(name);
      this.#found.add(name);
    }
    for (const oldest of this.#found) {
      if (this.#found.size <= REMEMBERED_MAX) break;
      this.#found.delete(oldest);
    }
  }
}
