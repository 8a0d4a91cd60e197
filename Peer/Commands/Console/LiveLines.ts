import { sleep } from '../../../Shared/Time/Clock.ts';
import type { LiveText } from '../CommandResult.ts';
import { makePaint, type ViewStyle } from '../Views/ViewStyle.ts';
import type { ConsoleOptions } from './ConsoleOptions.ts';

/** Redraw interval of a live view, in milliseconds. */
const LIVE_MS = 500;
const USUAL_WIDTH = 80;
const USUAL_HEIGHT = 24;
/** Rows kept free of a live table: its head and foot, progress lines, the typed line. */
const ROWS_BESIDE = 14;

/** The lines above the typed line: the live view of a command, and the progress of downloads. */
export class LiveLines {
  readonly #show: (lines: readonly string[]) => void;
  #progress: readonly string[] = [];
  #view: readonly string[] = [];

  constructor(show: (lines: readonly string[]) => void) {
    this.#show = show;
  }

  progress(lines: readonly string[]): void {
    this.#progress = lines;
    this.#draw();
  }

  view(lines: readonly string[]): void {
    this.#view = lines;
    this.#draw();
  }

  #draw(): void {
    this.#show([...this.#view, ...this.#progress]);
  }
}

/** The live view of one command, until `signal` aborts. */
export function liveText(lines: LiveLines, options: ConsoleOptions, signal: AbortSignal): LiveText {
  const show = async (text: string) => {
    lines.view(text.split('\n'));
    await sleep(options.clock, LIVE_MS, signal);
  };
  const style = (): ViewStyle => ({
    // The last column stays free: some terminals wrap the row there.
    width: (options.width() || USUAL_WIDTH) - 1,
    paint: makePaint(options.color),
    rowsMax: Math.max(2, (options.height?.() || USUAL_HEIGHT) - ROWS_BESIDE),
  });
  return Object.assign(show, { style });
}
