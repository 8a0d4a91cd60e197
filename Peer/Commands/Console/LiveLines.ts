import { sleep } from '../../../Shared/Clock.ts';
import type { LiveText, ViewStyle } from '../CommandResult.ts';
import type { ConsoleOptions } from '../ConsoleOptions.ts';
import { makePaint } from '../Views/Paint.ts';

/** What is watched is drawn again this often. */
const LIVE_MS = 500;
const USUAL_WIDTH = 80;
const USUAL_HEIGHT = 24;
/** Rows that stay free of a watched table: its head and foot, progress, what is typed. */
const ROWS_BESIDE = 14;

/** The lines above what is typed: what a command shows, and how far the downloads are. */
export class LiveLines {
  readonly #show: (lines: readonly string[]) => void;
  #progress: readonly string[] = [];
  #watched: readonly string[] = [];

  constructor(show: (lines: readonly string[]) => void) {
    this.#show = show;
  }

  progress(lines: readonly string[]): void {
    this.#progress = lines;
    this.#draw();
  }

  watched(lines: readonly string[]): void {
    this.#watched = lines;
    this.#draw();
  }

  #draw(): void {
    this.#show([...this.#watched, ...this.#progress]);
  }
}

/** For one command that watches something, until `signal`. */
export function liveText(lines: LiveLines, options: ConsoleOptions, signal: AbortSignal): LiveText {
  const show = async (text: string) => {
    lines.watched(text.split('\n'));
    await sleep(options.clock, LIVE_MS, signal);
  };
  const style = (): ViewStyle => ({
    // The last column stays free: some terminals break the row there.
    width: (options.width() || USUAL_WIDTH) - 1,
    paint: makePaint(options.color),
    rowsMax: Math.max(2, (options.height?.() || USUAL_HEIGHT) - ROWS_BESIDE),
  });
  return Object.assign(show, { style });
}
