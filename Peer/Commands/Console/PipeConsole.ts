import { safeText } from '../../../Shared/Text/SafeText.ts';
import { failed } from '../Running/CommandRunner.ts';
import { DownloadWatch } from '../Running/DownloadWatch.ts';
import { render } from '../Running/Rendering.ts';
import { Session } from '../Running/Session.ts';
import { makePaint } from '../Views/ViewStyle.ts';
import type { ConsoleOptions } from './ConsoleOptions.ts';
import { MENU_TEXT, Menu } from './Menu.ts';
import { type PipedLine, pipedLines } from './PipeLines.ts';
import { TextOutput } from './TextOutput.ts';

/**
 * Runs the lines of a pipe in order. A failed command does not stop the next one.
 * @returns the exit code after the end of input, `quit`, or an abort: 1 if a command failed or was interrupted
 */
export async function runPipe(options: ConsoleOptions, signal: AbortSignal): Promise<number> {
  const output = new TextOutput(options.output);
  const errors = new TextOutput(options.errorOutput);
  const watch = new DownloadWatch(options.controls, (line) => errors.print(line), signal);
  const print = (line: string) => output.print(line);
  const { controls, clock } = options;
  const session = new Session({ controls, watch, clock, interactive: false, print });
  const stopNews = options.controls.onNews((news) => {
    if (news.kind === 'warning' || news.kind === 'offer') errors.print(news.text);
  });
  const menu = new Menu(options.menu === true);
  let anyFailed = false;
  try {
    if (menu.isOpen) output.print(MENU_TEXT);
    for await (const line of pipedLines(options.input, signal)) {
      const { outcome, isChoice, text } =
        line.problem === undefined
          ? await menu.answer(line.text, (command) => session.run(command, signal))
          : { outcome: failed(line.problem), isChoice: false, text: '' };
      if (outcome === undefined) {
        output.print(text);
        continue;
      }
      anyFailed ||= outcome.failure !== undefined && !isChoice;
      const printed = render(outcome, {
        style: {
          width: options.width() ?? Number.POSITIVE_INFINITY,
          paint: makePaint(options.color),
          rowsMax: Infinity,
        },
        errorPaint: makePaint(options.errorColor ?? options.color),
        place: placeOf(line),
        interactive: isChoice,
        verbose: options.verbose ?? false,
      });
      output.print(printed.output);
      errors.print(printed.error);
      output.print(text);
      await output.flush();
      if (outcome.result?.quits) break;
    }
  } finally {
    stopNews();
    await output.flush();
    await errors.flush();
  }
  return anyFailed || menu.isUnanswered ? 1 : 0;
}

/** `line 3 "download film.mkv"` */
function placeOf({ number, text }: PipedLine): string {
  const line = text.trim();
  if (line === '') return `line ${number}`;
  return `line ${number} "${safeText(line.length > 60 ? `${line.slice(0, 60)}…` : line)}"`;
}
