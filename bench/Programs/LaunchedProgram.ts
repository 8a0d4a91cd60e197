import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** How long a test waits for a program before it calls it broken. Generous: test machines are busy. */
export const PATIENCE_MS = 20_000;

/** How a program ended: one of the two is null. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Output = 'stdout' | 'stderr';

/** A running launcher, seen as a user at a pipe sees it. */
export class LaunchedProgram {
  readonly pid: number;
  /** Its HOME: hand it to the next launch to go on where this one ended. */
  readonly home: string;
  /** Resolves when the process is gone and all its output has been read. */
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
    child.stdin.on('error', () => {}); // It may be gone while we still type.
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

  /** Everything written so far. */
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
   * Waits until the output has a whole line that matches, and gives the match. A line that is there already counts,
   * unless it begins before `from` (characters; take `program.stdout.length` before typing).
   * @throws Error with all output when the time is up or the program ended without such a line
   */
  async line(
    pattern: RegExp,
    options: { output?: Output; from?: number; timeoutMs?: number } = {},
  ): Promise<RegExpExecArray> {
    const { output = 'stdout', from = 0, timeoutMs = PATIENCE_MS } = options;
    const find = () => this.#matchingLine(pattern, output, from);
    await this.#until(
      () => find() !== undefined || !this.running,
      timeoutMs,
      `a line ${pattern} on ${output}`,
    );
    const match = find();
    if (match === undefined) throw this.#failure(`ended without a line ${pattern} on ${output}`);
    return match;
  }

  /** Writes lines to its stdin, each as if followed by Enter. */
  type(...lines: string[]): void {
    this.#child.stdin.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Types one line and waits for the first new line of output that matches. */
  async ask(command: string, pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<RegExpExecArray> {
    const from = this.stdout.length;
    this.type(command);
    return this.line(pattern, { from, timeoutMs });
  }

  /** End of input, as when a pipe runs dry. */
  endInput(): void {
    this.#child.stdin.end();
  }

  /** Waits for the end. @throws Error with all output when it still runs after `timeoutMs` */
  async exit(timeoutMs = PATIENCE_MS): Promise<Ending> {
    await this.#until(() => !this.running, timeoutMs, 'its end');
    return this.ended;
  }

  /** The exit code of a program that ends by itself. @throws Error when a signal ended it, or it does not end */
  async exitCode(timeoutMs = PATIENCE_MS): Promise<number> {
    const { code, signal } = await this.exit(timeoutMs);
    if (code === null) throw this.#failure(`ended by ${signal ?? 'failing to start'}`);
    return code;
  }

  /** Sends a signal without waiting. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it by a signal (SIGKILL: no chance to clean up) and waits until it is gone. Harmless when it is. */
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

  async #until(reached: () => boolean, timeoutMs: number, what: string): Promise<void> {
    if (reached()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => finish(this.#failure(`${timeoutMs} ms passed without ${what}`)),
        timeoutMs,
      );
      const watcher = () => {
        if (reached()) finish(undefined);
      };
      const finish = (failure: Error | undefined) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      this.#watchers.add(watcher);
    });
  }

  #failure(what: string): Error {
    const output = `--- stdout\n${this.stdout.slice(-4_000)}\n--- stderr\n${this.stderr.slice(-4_000)}`;
    return new Error(`${this.#command}: ${what}\n${output}`);
  }
}
