import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { safeText } from '../../Shared/SafeText.ts';
import { exitCodeOfAnswer } from './Answers.ts';

export interface ScreenOptions {
  readonly json: boolean;
  /** Whether to show progress even if stderr is no terminal. */
  readonly progress: boolean;
}

/** Output of `shoal`: results on stdout, everything else on stderr. */
export class Screen {
  readonly json: boolean;
  readonly #progress: boolean;
  /** Whether a progress line is on the terminal. */
  #line = false;

  constructor({ json, progress }: ScreenOptions) {
    this.json = json;
    this.#progress = progress || process.stderr.isTTY === true;
  }

  /** Columns of the terminal; null without one: no text is shortened. */
  get width(): number | null {
    return process.stdout.isTTY === true ? process.stdout.columns : null;
  }

  get color(): boolean {
    return wantsColor(process.stdout.isTTY === true);
  }

  /** Shows the progress of a download: a line that is overwritten, or NDJSON. */
  progress(event: Readonly<Record<string, unknown>>): void {
    if (!this.#progress) return;
    const { item, line } = event;
    if (this.json) process.stderr.write(`${JSON.stringify({ event: 'progress', item })}\n`);
    else if (process.stderr.isTTY === true) {
      process.stderr.write(`\r\u001b[K${String(line)}`);
      this.#line = true;
    } else process.stderr.write(`${String(line)}\n`);
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
    else if (error === undefined) await this.print(text);
    else {
      if (text !== '') this.printLine(text);
      this.printLine(`error: ${printable(error.message)}`);
      if (error.hint !== null) this.printLine(`hint: ${printable(error.hint)}`);
    }
    return exitCodeOfAnswer(answer);
  }

  #clear(): void {
    if (this.#line) process.stderr.write('\r\u001b[K');
    this.#line = false;
  }
}

/** Writes to stdout; resolves when the bytes are handed to the system. False: the reader has closed the pipe. */
export function written(data: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(data, (failure) => resolve(failure === undefined || failure === null));
  });
}

function printable(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}

function wantsColor(isTerminal: boolean): boolean {
  return isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
