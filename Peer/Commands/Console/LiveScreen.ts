import {
  type Block,
  drawFrame,
  enteredFrame,
  eraseFrame,
  type TypedLine,
  updateFrame,
} from './ScreenFrames.ts';

export interface LiveScreenOptions {
  write(text: string): void;
  /** Of the terminal, now. */
  columns(): number;
  /** What readline shows now. */
  typed(): TypedLine;
}

/**
 * A terminal with permanent text above, then lines that change, then the line being typed. Everything printed while the
 * user types goes through here; readline echoes what is typed by itself.
 */
export class LiveScreen {
  readonly #options: LiveScreenOptions;
  #live: readonly string[] = [];
  #shown = false;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
  }

  /** Draws prompt and live lines; from now on they are kept at the bottom. */
  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#options.write(drawFrame(this.#block(), this.#columns()));
  }

  /** Takes prompt and live lines away, for good or until `show`. */
  hide(): void {
    if (!this.#shown) return;
    this.#options.write(eraseFrame(this.#block(), this.#columns()));
    this.#shown = false;
  }

  /** Enter was pressed and echoed: the typed line leaves the screen; the caller prints it again when its turn comes. */
  entered(text: string): void {
    if (!this.#shown) return;
    const { prompt } = this.#options.typed();
    const block = { live: this.#live, typed: { prompt, text, cursor: text.length } };
    const columns = this.#columns();
    this.#options.write(enteredFrame(block, columns) + drawFrame(this.#block(), columns));
  }

  /** Permanent lines, above everything that lives. `text` has no line end at its end. */
  print(text: string): void {
    if (!this.#shown) {
      this.#options.write(`${text}\n`);
      return;
    }
    const columns = this.#columns();
    const block = this.#block();
    this.#options.write(`${eraseFrame(block, columns)}${text}\n${drawFrame(block, columns)}`);
  }

  /** Replaces the live lines; each must fit a row. */
  setLive(lines: readonly string[]): void {
    const before = this.#block();
    const same = lines.length === this.#live.length;
    if (same && lines.every((line, index) => line === this.#live[index])) return;
    this.#live = lines;
    if (!this.#shown) return;
    const columns = this.#columns();
    const after = this.#block();
    this.#options.write(
      same ? updateFrame(after, columns) : eraseFrame(before, columns) + drawFrame(after, columns),
    );
  }

  /** Runs a change of the prompt or the typed line so that the screen follows. */
  change(action: () => void): void {
    if (!this.#shown) {
      action();
      return;
    }
    const columns = this.#columns();
    const erase = eraseFrame(this.#block(), columns);
    action();
    this.#options.write(erase + drawFrame(this.#block(), columns));
  }

  #block(): Block {
    return { live: this.#live, typed: this.#options.typed() };
  }

  #columns(): number {
    return Math.max(2, this.#options.columns());
  }
}
