import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/**
 * Default quiet time of a wait: without any new output for this long, a program counts as hung. A busy machine delays
 * output.
 */
export const QUIET_MS = 120_000;
/**
 * Upper bound of a wait in multiples of its quiet time: for a program that prints on and on, but never the awaited
 * line.
 */
const QUIET_TIMES_MAX = 3;

/** Exit code or signal of an ended program: one of the two is null, both when it failed to start. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Output = 'stdout' | 'stderr';

/**
 * A child process with piped input and output. Waits count progress: output of the program starts the quiet time
 * again, so that a slow machine fails nothing that still moves.
 */
export class LaunchedProgram {
  readonly pid: number;
  /** HOME of the program. Pass it to the next launch to reuse its state. */
  readonly home: string;
  /** Resolves when the process has ended and all its output has been read. */
  readonly ended: Promise<Ending>;
  readonly #command: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #text: Record<Output, string> = { stdout: '', stderr: '' };
  readonly #watchers = new Set<() => void>();
  #ending: Ending | undefined;

  constructor(command: string, child: ChildProcessWithoutNullStreams, home: string) {
    this.#command = command;
    this.#child = child;
    this.home = home;
    this.pid = child.pid ?? -1;
    for (const output of ['stdout', 'stderr'] as const) {
      child[output].setEncoding('utf8').on('data', (text: string) => {
        this.#text[output] += text;
        this.#changed();
      });
    }
    child.stdin.on('error', () => {}); // EPIPE when the program ends while input is written.
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#ending ??= { code, signal };
        resolve(this.#ending);
        this.#changed();
      };
      child.on('close', end);
      child.on('error', (failure) => {
        this.#text.stderr += String(failure);
        end(null, null);
      });
    });
  }

  /** All output so far. */
  get stdout(): string {
    return this.#text.stdout;
  }

  get stderr(): string {
    return this.#text.stderr;
  }

  /** Whole lines on stdout so far. */
  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  get running(): boolean {
    return this.#ending === undefined;
  }

  /**
   * Waits for a whole line of output that matches. Earlier lines count, unless they begin before `from`
   * (in characters: `program.stdout.length` before typing).
   * @returns the match
   * @throws Error with the output when `quietMs` pass without output, or the program ends without such a line
   */
  async line(
    pattern: RegExp,
    options: { output?: Output; from?: number; quietMs?: number } = {},
  ): Promise<RegExpExecArray> {
    const { output = 'stdout', from = 0, quietMs = QUIET_MS } = options;
    const find = () => this.#matchingLine(pattern, output, from);
    await this.#until(() => find() !== undefined || !this.running, quietMs, `a line ${pattern} on ${output}`);
    const match = find();
    if (match === undefined) throw this.#failure(`ended without a line ${pattern} on ${output}`);
    return match;
  }

  /** Writes lines to stdin, each followed by a line feed. */
  type(...lines: string[]): void {
    this.#child.stdin.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Types one line and waits for the first new line of output that matches. */
  async ask(command: string, pattern: RegExp, quietMs = QUIET_MS): Promise<RegExpExecArray> {
    const from = this.stdout.length;
    this.type(command);
    return this.line(pattern, { from, quietMs });
  }

  /** Closes stdin. */
  endInput(): void {
    this.#child.stdin.end();
  }

  /** Waits for the end. @throws Error with the output when `quietMs` pass without output */
  async exit(quietMs = QUIET_MS): Promise<Ending> {
    await this.#until(() => !this.running, quietMs, 'its end');
    return this.ended;
  }

  /** Waits for the exit code. @throws Error when a signal ended the program, or as `exit` */
  async exitCode(quietMs = QUIET_MS): Promise<number> {
    const { code, signal } = await this.exit(quietMs);
    if (code === null) throw this.#failure(`ended by ${signal ?? 'failing to start'}`);
    return code;
  }

  /** Sends a signal without waiting. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends the program by a signal (SIGKILL: no chance to clean up) and waits for its end. Safe to call twice. */
  async kill(name: NodeJS.Signals = 'SIGKILL'): Promise<Ending> {
    if (this.running) this.signal(name);
    return this.exit();
  }

  #matchingLine(pattern: RegExp, output: Output, from: number): RegExpExecArray | undefined {
    const lines = this.#text[output].slice(from).split('\n').slice(0, -1);
    const once = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    for (const line of lines) {
      const match = once.exec(line.replace(/\r$/, ''));
      if (match !== null) return match;
    }
    return undefined;
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #until(reached: () => boolean, quietMs: number, awaited: string): Promise<void> {
    if (reached()) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (failure?: Error) => {
        clearTimeout(quiet);
        clearTimeout(limit);
        this.#watchers.delete(watcher);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      const quiet = setTimeout(
        () => finish(this.#failure(`no output for ${quietMs} ms while waiting for ${awaited}`)),
        quietMs,
      );
      const limitMs = QUIET_TIMES_MAX * quietMs;
      const limit = setTimeout(() => finish(this.#failure(`${limitMs} ms without ${awaited}`)), limitMs);
      const watcher = () => {
        if (reached()) finish();
        else quiet.refresh();
      };
      this.#watchers.add(watcher);
    });
  }

  #failure(what: string): Error {
    const output = `--- stdout\n${this.stdout.slice(-4_000)}\n--- stderr\n${this.stderr.slice(-4_000)}`;
    return new Error(`${this.#command}: ${what}\n${output}`);
  }
}
