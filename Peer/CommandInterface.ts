import type { ConsoleOptions } from './Commands/ConsoleOptions.ts';
import { runPipe } from './Commands/PipeConsole.ts';
import { runTerminal } from './Commands/TerminalConsole.ts';

export type { ConsoleOptions } from './Commands/ConsoleOptions.ts';
export type { DownloadAnswer, News, PeerControls } from './Commands/Wanted.ts';

/** Door: lines become commands, their results become text. Reads its input only while `run` is under way. */
export class CommandInterface {
  readonly #options: ConsoleOptions;
  readonly #closing = new AbortController();
  #running: Promise<number> | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  /**
   * Serves the console until `quit`, the end of input, an abort, or `close()`. Commands that fail never end it.
   * @returns the exit code: 0, or 1 when a command of a pipe failed or was interrupted
   */
  run({ signal }: { signal: AbortSignal }): Promise<number> {
    this.#running ??= this.#run(AbortSignal.any([signal, this.#closing.signal]));
    return this.#running;
  }

  /** Ends `run`, a running command included. Safe to call twice; when it resolves, nothing is printed any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running?.catch(() => {});
  }

  async #run(signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 0;
    return this.#options.isTerminal ? runTerminal(this.#options, signal) : runPipe(this.#options, signal);
  }
}
