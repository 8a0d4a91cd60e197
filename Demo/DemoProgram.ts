import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Kept of a program's error output, in characters, for the case that it fails. */
const ERROR_TEXT_MAX = 4_000;
/** How long a program may take to leave by itself, in milliseconds. */
const LEAVING_MS = 3_000;

/** A launcher of ours running as a child process, read line by line. */
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

  /** The next line of its output. @throws Error when it ended, or the signal aborts */
  async line(signal: AbortSignal): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      signal.throwIfAborted();
      if (this.#gone) throw new Error(`${this.#name} ended: ${this.#errorText.trim() || 'it said nothing'}`);
      await this.#news(signal);
    }
  }

  /** Asks it to leave, then makes it. Resolves when it is gone; safe to call twice. */
  async close(): Promise<void> {
    if (this.#gone) return;
    this.#child.stdin.end();
    // A program without commands leaves at a signal.
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), LEAVING_MS);
    await this.#exited;
    clearTimeout(hard);
  }

  /** At once, without a word: for the moment the demo itself dies. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #news(signal: AbortSignal): Promise<void> {
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
