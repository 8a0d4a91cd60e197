import type { ConsoleOptions } from './Commands/Console/ConsoleOptions.ts';
import { runPipe } from './Commands/Console/PipeConsole.ts';
import { runTerminal } from './Commands/Console/TerminalConsole.ts';
import { leftText } from './Commands/Views/DownloadTexts.ts';

export { COMMANDS } from './Commands/All/Commands.ts';
export type { ConsoleCommand } from './Commands/Command.ts';
export type { ConsoleOptions } from './Commands/Console/ConsoleOptions.ts';
export { diagnosisText, verdictOf } from './Commands/Doctor/Diagnosis.ts';
export { bad, type Finding, fine } from './Commands/Doctor/Finding.ts';
export { quoteWord } from './Commands/Line/CommandParser.ts';
export type {
  Card,
  DownloadAnswer,
  ExaminationControls,
  Measurements,
  News,
  PeerControls,
  PushControls,
  TransferMeasurement,
  VersionChoice,
  WatchMeasurement,
  WebAccess,
} from './Commands/Ports.ts';
export {
  type OneShotAnswer,
  type OneShotRequest,
  runOneShot,
} from './Commands/Running/OneShot.ts';
export { readCall } from './Commands/Running/ReadCall.ts';
export { type ProgressFacts, progressLine } from './Commands/Views/DownloadTexts.ts';
export { networkSentence } from './Commands/Views/NetworkViews.ts';
export { offerText, pushText } from './Commands/Views/PushTexts.ts';
export { widthOf } from './Commands/Views/TextFit.ts';
export { makePaint } from './Commands/Views/ViewStyle.ts';
export { wrapLines, wrapWords } from './Commands/Views/WordWrap.ts';

/** The console: reads command lines, runs them, prints the results. Reads its input only while `run` is pending. */
export class CommandInterface {
  readonly #options: ConsoleOptions;
  readonly #closing = new AbortController();
  #running: Promise<number> | undefined;
  #print: ((text: string) => void) | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  /**
   * Runs the console until `quit`, the end of input, an abort, or `close()`. A failed command does not end it.
   * @returns the exit code: 1 if a command of a pipe failed or was interrupted, else 0
   */
  run({ signal }: { signal: AbortSignal }): Promise<number> {
    this.#running ??= this.#run(AbortSignal.any([signal, this.#closing.signal]));
    return this.#running;
  }

  /**
   * Prints a line of the log: above the typed line on a terminal, where any other output would garble the screen;
   * else on the error output. The line must be safe to print.
   */
  printLine(line: string): void {
    if (this.#print !== undefined) this.#print(line);
    else this.#options.errorOutput.write(`${line}\n`);
  }

  /** Ends `run` and aborts a running command. Safe to call twice; nothing is printed after it resolves. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running?.catch(() => {});
  }

  async #run(signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 0;
    const exitCode = await this.#runConsole(signal);
    const { controls, errorOutput } = this.#options;
    const left = leftText(controls.downloads.list(), controls.share());
    if (left !== undefined) errorOutput.write(`${left}\n`);
    return exitCode;
  }

  #runConsole(signal: AbortSignal): Promise<number> {
    if (!this.#options.isTerminal) return runPipe(this.#options, signal);
    return runTerminal(this.#options, signal, (print) => {
      this.#print = print;
    });
  }
}
