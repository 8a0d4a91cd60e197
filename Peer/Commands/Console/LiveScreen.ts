import {
  type Block,
  drawFrame,
  enteredFrame,
  eraseFrame,
  rowsOf,
  type TypedLine,
  updateFrame,
} from './ScreenFrames.ts';

export interface LiveScreenOptions {
  write(text: string): void;
  /** Current width of the terminal. */
  columns(): number;
  /** Current prompt and text of readline. */
  typed(): TypedLine;
}

/**
 * A terminal with permanent text above, then live lines, then the typed line. All output while the user types must go
 * through this class; readline itself echoes the keys.
 */
export class LiveScreen {
  readonly #options: LiveScreenOptions;
  #live: readonly string[] = [];
  #shown = false;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
  }

  /** Draws prompt and live lines, and keeps them at the bottom. */
  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#options.write(drawFrame(this.#block(), this.#columns()));
  }

  /** Erases prompt and live lines until `show`. */
  hide(): void {
    if (!this.#shown) return;
    this.#options.write(eraseFrame(this.#block(), this.#columns()));
    this.#shown = false;
  }

  /** Draws everything again, below text of another program. */
  redraw(): void {
    if (!this.#shown) return;
    const columns = this.#columns();
    const block = this.#block();
    this.#options.write(eraseFrame({ ...block, live: [] }, columns) + drawFrame(block, columns));
  }

  /** Erases the typed line after readline echoed Enter; the caller prints it again when the command runs. */
  entered(text: string): void {
    if (!this.#shown) return;
    const { prompt } = this.#options.typed();
    const block = { live: this.#live, typed: { prompt, text, cursor: text.length } };
    const columns = this.#columns();
    this.#options.write(enteredFrame(block, columns) + drawFrame(this.#block(), columns));
  }

  /** Prints permanent text above the live lines. `text` has no final line end. */
  print(text: string): void {
    if (!this.#shown) {
      this.#options.write(`${text}\n`);
      return;
    }
    const columns = this.#columns();
    const block = this.#block();
    this.#options.write(`${eraseFrame(block, columns)}${text}\n${drawFrame(block, columns)}`);
  }

  /** Replaces the live lines; each must fit one row. */
  setLive(lines: readonly string[]): void {
    const before = this.#block();
    const columns = this.#columns();
    const same = lines.length === this.#live.length && rowsOf(this.#live, columns) === lines.length;
    if (same && lines.every((line, index) => line === this.#live[index])) return;
    this.#live = lines;
    if (!this.#shown) return;
    const after = this.#block();
    this.#options.write(
      same ? updateFrame(after, columns) : eraseFrame(before, columns) + drawFrame(after, columns),
    );
  }

  /** Runs an action that changes the prompt or the typed line, and redraws. */
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
