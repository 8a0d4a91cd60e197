import { runPipe } from './Commands/Console/PipeConsole.ts';
import { runTerminal } from './Commands/Console/TerminalConsole.ts';
import type { ConsoleOptions } from './Commands/ConsoleOptions.ts';

export { quoteWord } from './Commands/CommandParser.ts';
export { COMMANDS, type CommandSpec, findCommand } from './Commands/CommandTable.ts';
export type { ConsoleOptions } from './Commands/ConsoleOptions.ts';
export {
  type OneShotAnswer,
  type OneShotProgress,
  type OneShotRequest,
  runOneShot,
} from './Commands/OneShot.ts';
export type { DownloadAnswer, News, PeerControls, PushControls } from './Commands/Ports.ts';
export { offerText, pushText } from './Commands/Views/PushTexts.ts';

/** Door: lines become commands, their results become text. Reads its input only while `run` is under way. */
export class CommandInterface {
  readonly #options: ConsoleOptions;
  readonly #closing = new AbortController();
  #running: Promise<number> | undefined;
  #print: ((text: string) => void) | undefined;

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

  /**
   * Prints a diagnostic line that is safe to print: above the line being typed on a terminal, else on the error output.
   * For the log: what goes past the console to the same terminal garbles it.
   */
  tell(line: string): void {
    if (this.#print !== undefined) this.#print(line);
    else this.#options.errorOutput.write(`${line}\n`);
  }

  /** Ends `run`, a running command included. Safe to call twice; when it resolves, nothing is printed any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running?.catch(() => {});
  }

  async #run(signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 0;
    if (!this.#options.isTerminal) return runPipe(this.#options, signal);
    return runTerminal(this.#options, signal, (print) => {
      this.#print = print;
    });
  }
}
