import {
  type OneShotAnswer,
  type ProgressFacts,
  progressLine,
  widthOf,
  wrapLines,
} from '../../Peer/CommandInterface.ts';
import { columnsOf, hasCursor, wantsColor } from '../../Shared/Program/Program.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { exitCodeOfAnswer } from './Answers.ts';

const WIDTH_WITHOUT_TERMINAL = 80;

export interface ScreenOptions {
  readonly json: boolean;
  /** Whether to show progress even if stderr is no terminal that can overwrite a line. */
  readonly progress: boolean;
}

/** Output of `shoal`: results on stdout, everything else on stderr. */
export class Screen {
  readonly json: boolean;
  readonly #progress: boolean;
  /** Columns of the progress line on the terminal, which all screens of the process share; 0: none is shown. */
  static #shown = 0;

  constructor({ json, progress }: ScreenOptions) {
    this.json = json;
    this.#progress = progress || hasCursor(process.stderr);
  }

  /** Columns of the terminal; null without one: no text is shortened. */
  get width(): number | null {
    return columnsOf(process.stdout) ?? null;
  }

  get color(): boolean {
    return wantsColor(process.stdout);
  }

  /** Shows the progress of a download: a line that is overwritten, or NDJSON. */
  progress(event: Readonly<Record<string, unknown>>): void {
    if (!this.#progress) return;
    const { item, line } = event;
    if (this.json) {
      process.stderr.write(`${JSON.stringify({ event: 'progress', item })}\n`);
      return;
    }
    // The last column stays free: some terminals wrap the row there.
    const width = (columnsOf(process.stderr) ?? WIDTH_WITHOUT_TERMINAL) - 1;
    const text = typeof line === 'string' ? line : progressLine(item as ProgressFacts, width);
    if (hasCursor(process.stderr)) {
      this.#clear();
      process.stderr.write(text);
      Screen.#shown = widthOf(text);
    } else process.stderr.write(`${text}\n`);
  }

  /** Prints a line, which must be safe to print, on stderr. */
  printLine(line: string): void {
    this.#clear();
    process.stderr.write(`${line}\n`);
  }

  /** Prints a line of the result on stdout. */
  async print(text: string): Promise<void> {
    this.#clear();
    if (text !== '') await written(`${text}\n`);
  }

  /** Prints an answer. @param output - stream for JSON: stderr if stdout carries a file @returns the exit code */
  async answer(answer: OneShotAnswer, output: 'stdout' | 'stderr' = 'stdout'): Promise<number> {
    this.#clear();
    const { error, text, json } = answer;
    if (this.json && output === 'stderr') this.printLine(json);
    else if (this.json) await written(`${json}\n`);
    else if (error === undefined) await this.print(wrapLines(text, this.width ?? Number.POSITIVE_INFINITY));
    else {
      if (text !== '') this.printLine(text);
      this.#printSentence(`error: ${printable(error.message)}`);
      if (error.hint !== null) this.#printSentence(`hint: ${printable(error.hint)}`);
    }
    return exitCodeOfAnswer(answer);
  }

  #printSentence(text: string): void {
    this.printLine(wrapLines(text, columnsOf(process.stderr) ?? Number.POSITIVE_INFINITY));
  }

  /** Erases the progress line, which covers several rows after the terminal became narrower. */
  #clear(): void {
    if (Screen.#shown === 0) return;
    const above = Math.ceil(Screen.#shown / (columnsOf(process.stderr) ?? Screen.#shown)) - 1;
    process.stderr.write(`${above > 0 ? `\u001b[${above}A` : ''}\r\u001b[J`);
    Screen.#shown = 0;
  }
}

/** Writes to stdout; resolves when the bytes are handed to the system. False: that failed, see watchOutputs. */
export function written(data: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(data, (failure) => resolve(failure === undefined || failure === null));
  });
}

function printable(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}
