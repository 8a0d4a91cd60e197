import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Last characters of the error output that are kept for a failure message. */
const ERROR_TEXT_MAX = 4_000;
/** Time for a program to end by itself, in milliseconds; then it is killed. */
const ENDING_MS = 3_000;

/** A launcher as a child process whose output is read line by line. */
export class DemoProgram {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  readonly #exited: Promise<void>;
  #wake: () => void = () => {};
  #errorText = '';
  #gone = false;

  /** @param script - absolute path of the launcher */
  constructor(name: string, script: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#name = name;
    this.#child = spawn(process.execPath, [script, ...args], { env: environment, stdio: 'pipe' });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (data: Buffer) => {
      this.#errorText = (this.#errorText + data.toString()).slice(-ERROR_TEXT_MAX);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#exited = once(this.#child, 'close').then(
      () => this.#ended(),
      () => this.#ended(),
    );
  }

  write(line: string): void {
    if (!this.#gone) this.#child.stdin.write(`${line}\n`);
  }

  /** The next line of the output. @throws Error if the program ended, or on abort */
  async line(signal: AbortSignal): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      signal.throwIfAborted();
      if (this.#gone) throw new Error(`${this.#name} ended: ${this.#errorText.trim() || 'no error output'}`);
      await this.#change(signal);
    }
  }

  /** Ends the program, if necessary by SIGKILL. Resolves when it has ended; safe to call twice. */
  async close(): Promise<void> {
    if (this.#gone) return;
    this.#child.stdin.end();
    // A tracker reads no commands and ends on a signal.
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), ENDING_MS);
    await this.#exited;
    clearTimeout(hard);
  }

  /** Kills the program at once, when the demo itself ends. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves on a new line, the end of the program, or an abort. */
  async #change(signal: AbortSignal): Promise<void> {
    let wake = () => {};
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#wake = resolve;
      signal.addEventListener('abort', wake, { once: true });
    });
    signal.removeEventListener('abort', wake);
  }

  #ended(): void {
    this.#gone = true;
    this.#wake();
  }
}
