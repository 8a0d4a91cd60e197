import { unlessAborted } from '../../../Shared/Async/OnAbort.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { type Clock, sleep } from '../../../Shared/Time/Clock.ts';
import type { CommandContext, CompletionSources } from '../Command.ts';
import type { LiveText } from '../CommandResult.ts';
import type { PeerControls } from '../Ports.ts';
import { baseName } from '../Views/Items.ts';
import { NETWORK_WAIT_MS, type Outcome, runLine } from './CommandRunner.ts';
import type { DownloadWatch } from './DownloadWatch.ts';

/** Names kept for Tab completion; the oldest ones are evicted. */
const REMEMBERED_MAX = 2_000;

/**
 * Longest wait of a script for the first scan before its first command on the network; hashing a large share takes
 * longer.
 */
const SCRIPT_SCAN_MS = 10_000;

export interface SessionOptions {
  readonly controls: PeerControls;
  readonly watch: DownloadWatch;
  readonly clock: Clock;
  readonly interactive: boolean;
  /** Prints a line while a command runs. */
  readonly print: (line: string) => void;
  /** Left out: no terminal. */
  readonly live?: (signal: AbortSignal) => LiveText;
}

/** State of a console between its commands. */
export class Session {
  readonly #options: SessionOptions;
  readonly #found = new BoundedMap<string, true>(REMEMBERED_MAX);
  #network: Promise<unknown> | undefined;
  #scanned: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Runs one line; see runLine. */
  run(line: string, signal: AbortSignal): Promise<Outcome | undefined> {
    const { watch, clock } = this.#options;
    return watch.during(runLine(line, this.#context(signal), clock));
  }

  completionSources(): Omit<CompletionSources, 'commands'> {
    const { controls } = this.#options;
    return {
      local: () => controls.localFiles().map((entry) => entry.path),
      found: () => [...this.#found.keys()],
      peers: () =>
        controls.knownPeers().map((peer) => ({ name: peer.name, address: formatAddress(peer.address) })),
      downloads: () => controls.downloads.list().map((download) => baseName(download.path)),
    };
  }

  #context(signal: AbortSignal): Omit<CommandContext, 'commands'> {
    const { controls, watch, interactive, print, live } = this.#options;
    return {
      controls,
      signal,
      interactive,
      networkReady: async () => {
        this.#network ??= this.#networkReady();
        await unlessAborted(this.#network, signal);
      },
      scanned: async () => {
        // A user sees that the scan is running and can repeat the command; a script cannot.
        if (interactive) return;
        await unlessAborted(this.#firstScan(), signal);
      },
      remember: (names) => {
        for (const name of names) this.#found.set(name, true);
      },
      watch: (number) => watch.watch(number),
      unwatch: (number) => watch.unwatch(number),
      live: live?.(signal),
      report: ({ item, line, json }) => print(json ? JSON.stringify(item) : line),
    };
  }

  #firstScan(): Promise<void> {
    this.#scanned ??= this.#options.controls.scanned();
    return this.#scanned;
  }

  /** A script may rely on others to find its files: on a busy machine the scan alone can take NETWORK_WAIT_MS. */
  async #networkReady(): Promise<void> {
    const { controls, clock, interactive } = this.#options;
    if (!interactive) {
      const scanned = new AbortController();
      const end = () => scanned.abort();
      void this.#firstScan().then(end, end);
      await sleep(clock, SCRIPT_SCAN_MS, scanned.signal);
    }
    await controls.networkReady(NETWORK_WAIT_MS);
  }
}
