import type { OneShotAnswer } from '../Peer/CommandInterface.ts';
import { safeText } from '../Shared/SafeText.ts';
import { exitCodeOfAnswer } from './Answers.ts';

export interface ScreenOptions {
  readonly json: boolean;
  /** Tell how far downloads are even where stderr is no terminal. */
  readonly progress: boolean;
}

/** Results on stdout, everything else on stderr. */
export class Screen {
  readonly json: boolean;
  readonly #progress: boolean;
  #line = false;

  constructor({ json, progress }: ScreenOptions) {
    this.json = json;
    this.#progress = progress || process.stderr.isTTY === true;
  }

  /** Columns for tables; null: nothing is cut to fit. */
  get width(): number | null {
    return process.stdout.isTTY === true ? process.stdout.columns : null;
  }

  get color(): boolean {
    return wantsColor(process.stdout.isTTY === true);
  }

  /** How far a download is: a line that is written over, or NDJSON. */
  progress(event: Readonly<Record<string, unknown>>): void {
    if (!this.#progress) return;
    const { item, line } = event;
    if (this.json) process.stderr.write(`${JSON.stringify({ event: 'progress', item })}\n`);
    else if (process.stderr.isTTY === true) {
      process.stderr.write(`\r\u001b[K${String(line)}`);
      this.#line = true;
    } else process.stderr.write(`${String(line)}\n`);
  }

  /** A line about what happens; safe to print. */
  tell(line: string): void {
    this.#clear();
    process.stderr.write(`${line}\n`);
  }

  /** A line of the result. */
  async print(text: string): Promise<void> {
    this.#clear();
    if (text !== '') await written(`${text}\n`);
  }

  /** Shows an answer. @param output - where JSON goes: not to stdout when that is a file @returns the exit code */
  async answer(answer: OneShotAnswer, output: 'stdout' | 'stderr' = 'stdout'): Promise<number> {
    this.#clear();
    const { error, text, json } = answer;
    if (this.json && output === 'stderr') this.tell(json);
    else if (this.json) await written(`${json}\n`);
    else if (error === undefined) await this.print(text);
    else {
      if (text !== '') this.tell(text);
      this.tell(`error: ${printable(error.message)}`);
      if (error.hint !== null) this.tell(`hint: ${printable(error.hint)}`);
    }
    return exitCodeOfAnswer(answer);
  }

  #clear(): void {
    if (this.#line) process.stderr.write('\r\u001b[K');
    this.#line = false;
  }
}

/** Resolves when the bytes are handed to the system. False: nobody reads any more. */
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
