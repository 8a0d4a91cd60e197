import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { LINE_LENGTH_MAX, lineTooLong } from '../Line/CommandParser.ts';
import { failed, type Outcome } from '../Running/CommandRunner.ts';
import { complete } from '../Running/Completion.ts';
import { DownloadWatch } from '../Running/DownloadWatch.ts';
import { keepProgress } from '../Running/Progress.ts';
import { render } from '../Running/Rendering.ts';
import { Session } from '../Running/Session.ts';
import { makePaint } from '../Views/ViewStyle.ts';
import { columnsText, wrapLines } from '../Views/WordWrap.ts';
import type { ConsoleOptions } from './ConsoleOptions.ts';
import { HISTORY_LINES_MAX, History } from './History.ts';
import { LiveLines, liveText } from './LiveLines.ts';
import { LiveScreen } from './LiveScreen.ts';
import { MENU_TEXT, Menu } from './Menu.ts';
import { TextOutput } from './TextOutput.ts';

const PROMPT = 'shoal> ';
const USUAL_WIDTH = 80;
/** Rows of a table on a terminal; the rest is counted. */
const ROWS_MAX = 500;
/** Candidates shown after Tab. */
const CHOICES_MAX = 60;

/**
 * Runs the console of a terminal: prompt, history, completion, progress lines above the typed line.
 * @param printer - receives the function that prints above the typed line, and undefined when the console ends
 * @returns 0 after `quit`, Ctrl-D, Ctrl-C on an empty line, or an abort
 */
export async function runTerminal(
  options: ConsoleOptions,
  signal: AbortSignal,
  printer: (print: ((text: string) => void) | undefined) => void,
): Promise<number> {
  const history = new History(options.historyFile);
  const lines = await history.load();
  const terminal = new TerminalConsole(options, history, lines, signal);
  printer((text) => terminal.print(text));
  try {
    await terminal.run();
  } finally {
    printer(undefined);
    await terminal.close();
  }
  return 0;
}

class TerminalConsole {
  readonly #options: ConsoleOptions;
  readonly #history: History;
  readonly #output: TextOutput;
  readonly #readline: Interface;
  readonly #screen: LiveScreen;
  readonly #session: Session;
  readonly #watch: DownloadWatch;
  readonly #lines = new LiveLines((lines) => this.#screen.setLive(lines));
  readonly #menu: Menu;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  /** Lines typed while a command runs. */
  readonly #pending: string[] = [];
  #wake: () => void = () => {};
  #settling = false;
  #running: AbortController | undefined;
  #stopNews: () => void = () => {};
  #stopProgress: () => void = () => {};
  #stopContinued: () => void = () => {};

  constructor(options: ConsoleOptions, history: History, lines: string[], signal: AbortSignal) {
    this.#options = options;
    this.#history = history;
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#output = new TextOutput(options.output);
    // Created only here, where reading starts: earlier lines would be lost.
    this.#readline = createInterface({
      input: options.input,
      output: options.output,
      terminal: true,
      history: lines,
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
      completer: (line: string) => this.#complete(line),
    });
    this.#screen = new LiveScreen({
      write: (text) => {
        this.#output.write(text);
        this.#syncRow();
      },
      columns: () => this.#columns(),
      typed: () => ({
        prompt: this.#readline.getPrompt(),
        text: this.#readline.line,
        cursor: this.#readline.cursor,
      }),
    });
    this.#watch = new DownloadWatch(options.controls, (line) => this.print(line), this.#signal);
    this.#menu = new Menu(options.menu === true);
    this.#session = new Session({
      controls: options.controls,
      watch: this.#watch,
      clock: options.clock,
      interactive: true,
      print: (line) => this.print(line),
      live: (until) => liveText(this.#lines, options, until),
    });
  }

  async run(): Promise<void> {
    const { controls, clock } = this.#options;
    this.#options.input.prependListener('keypress', this.#onKey);
    // The terminal was closed.
    this.#options.input.on('error', () => this.#end());
    this.#readline.on('line', (line) => this.#entered(line));
    this.#readline.on('close', () => this.#end());
    this.#readline.on('SIGINT', () => this.#interrupted());
    this.#stopContinued = this.#options.onContinued?.(() => this.#continued()) ?? (() => {});
    this.#readline.on('history', (lines) => this.#history.save(lines));
    this.#signal.addEventListener('abort', () => this.#wake(), { once: true });
    this.#stopNews = controls.onNews((news) => {
      this.#watch.news(news);
    });
    this.#readline.setPrompt(this.#prompt());
    if (this.#menu.isOpen) this.#screen.print(MENU_TEXT);
    this.#screen.show();
    this.#stopProgress = keepProgress({
      clock,
      downloads: () => controls.downloads.list(),
      columns: () => this.#columns(),
      show: (progress) => this.#lines.progress(progress),
    });
    for (let line = await this.#next(); line !== undefined; line = await this.#next())
      await this.#execute(line);
  }

  print(text: string): void {
    this.#screen.print(wrapLines(text, this.#columns()));
  }

  /** Restores the terminal and erases prompt and progress. */
  async close(): Promise<void> {
    this.#end();
    this.#stopProgress();
    this.#stopNews();
    this.#stopContinued();
    this.#screen.hide();
    this.#options.input.off('keypress', this.#onKey);
    this.#readline.close();
    await this.#history.close();
    await this.#output.flush();
  }

  async #execute(line: string): Promise<void> {
    this.#screen.print(this.#prompt() + line);
    const running = new AbortController();
    this.#running = running;
    this.#screen.change(() => this.#readline.setPrompt(''));
    const signal = AbortSignal.any([running.signal, this.#signal]);
    const { outcome, text: menuText } = await this.#menu.answer(line, (command) =>
      this.#outcome(command, signal),
    );
    this.#running = undefined;
    this.#lines.view([]);
    if (outcome !== undefined) {
      const paint = makePaint(this.#options.color);
      const printed = render(outcome, {
        style: { width: this.#columns(), paint, rowsMax: ROWS_MAX },
        errorPaint: paint,
        place: undefined,
        interactive: true,
        verbose: this.#options.verbose ?? false,
      });
      // Both streams are the same terminal, where only one may move the cursor.
      for (const text of [printed.output, printed.error]) if (text !== '') this.#screen.print(text);
    }
    if (menuText !== '') this.#screen.print(menuText);
    if (outcome?.result?.quits) this.#end();
    else this.#screen.change(() => this.#readline.setPrompt(this.#prompt()));
  }

  async #outcome(line: string, signal: AbortSignal): Promise<Outcome | undefined> {
    return line.length > LINE_LENGTH_MAX ? failed(lineTooLong()) : this.#session.run(line, signal);
  }

  #prompt(): string {
    return this.#menu.isOpen ? this.#menu.prompt : PROMPT;
  }

  /** The next line, or undefined when the console ends. */
  async #next(): Promise<string | undefined> {
    while (!this.#signal.aborted) {
      const line = this.#pending.shift();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }

  #entered(line: string): void {
    this.#screen.entered(line);
    this.#pending.push(line);
    this.#wake();
  }

  /** Runs before readline handles a key. All keys of a paste but the last are skipped: a long paste stays fast. */
  readonly #onKey = (_text: string | undefined, key: { sequence?: string } | undefined): void => {
    const pasting = 'isCompletionEnabled' in this.#readline && this.#readline.isCompletionEnabled === false;
    if (!pasting || (key?.sequence ?? '').length > 1) this.#settleCursor();
    if (this.#settling) return;
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      if (!this.#signal.aborted) this.#settleCursor();
    });
  };

  /** Writes a blank after pasted text that just fills a row, which makes the terminal wrap to the next row. */
  #settleCursor(): void {
    const { rows, cols } = this.#readline.getCursorPos();
    const atEnd = this.#readline.cursor === this.#readline.line.length;
    if (atEnd && rows > 0 && cols === 0) this.#output.write(' \r');
    this.#syncRow();
  }

  /**
   * Corrects readline's record of the cursor's row. readline does not update it when text is pasted over the end of a
   * row (Node 20 and 24), and its next redraw would start too low.
   */
  #syncRow(): void {
    Object.assign(this.#readline, { prevRows: this.#readline.getCursorPos().rows });
  }

  /** After a stop the shell has reset the terminal, and readline has paused its input. */
  #continued(): void {
    // Behind readline's own listener of the same signal.
    queueMicrotask(() => {
      if (this.#signal.aborted) return;
      const input: Readable & { setRawMode?: (raw: boolean) => void } = this.#options.input;
      input.setRawMode?.(false); // Else Node takes it for raw already, and changes nothing.
      input.setRawMode?.(true);
      this.#readline.resume();
      this.#screen.redraw();
    });
  }

  #end(): void {
    this.#ending.abort();
  }

  /** Ctrl-C: aborts the running command; else clears the typed line; else ends the console. */
  #interrupted(): void {
    if (this.#running !== undefined && !this.#running.signal.aborted) {
      this.#pending.length = 0;
      this.#running.abort(new ShoalError('CANCELLED', 'interrupted'));
    } else if (this.#running === undefined && this.#readline.line !== '') {
      this.#screen.change(() => {
        // Not a kill-line through `write(null, …)`: it redraws by itself and keeps the line for Ctrl-Y.
        Object.assign(this.#readline, { line: '', cursor: 0, prevRows: 0 });
      });
    } else this.#end();
  }

  #complete(line: string): [string[], string] {
    if (this.#menu.isOpen) return [[], line];
    const { insert, replaces, choices } = complete(line, this.#session.completionSources());
    if (insert !== undefined) return [[insert], replaces];
    if (choices.length > 1) {
      const shown = choices.slice(0, CHOICES_MAX);
      const more = choices.length - shown.length;
      const text = columnsText(shown, this.#columns());
      this.#screen.print(more > 0 ? `${text}\n… and ${more} more` : text);
    }
    return [[], replaces];
  }

  #columns(): number {
    // Some pseudo-terminals report 0.
    return this.#options.width() || USUAL_WIDTH;
  }
}
