import { safeText } from '../../../Shared/SafeText.ts';
import type { Outcome } from '../CommandRunner.ts';
import type { ConsoleOptions } from '../ConsoleOptions.ts';
import { DownloadWatch } from '../DownloadWatch.ts';
import { render } from '../Rendering.ts';
import { Session } from '../Session.ts';
import { makePaint } from '../Views/Paint.ts';
import { type PipedLine, pipedLines } from './PipeLines.ts';
import { TextOutput } from './TextOutput.ts';

/**
 * Runs the lines of a pipe one after the other. A command that fails does not stop the next one.
 * @returns the exit code at the end of input, after `quit`, or when aborted: 1 if a command failed or was interrupted
 */
export async function runPipe(options: ConsoleOptions, signal: AbortSignal): Promise<number> {
  const output = new TextOutput(options.output);
  const errors = new TextOutput(options.errorOutput);
  const watch = new DownloadWatch(options.controls, (line) => errors.print(line), signal);
  const session = new Session(options.controls, watch, options.clock, false);
  const stopNews = options.controls.onNews((news) => {
    if (news.kind === 'warning') errors.print(news.text);
  });
  let failed = false;
  try {
    for await (const line of pipedLines(options.input, signal)) {
      const outcome =
        line.problem === undefined ? await session.run(line.text, signal) : problemOutcome(line);
      if (outcome === undefined) continue;
      failed ||= outcome.failure !== undefined;
      const printed = render(outcome, {
        style: {
          width: options.width() ?? Number.POSITIVE_INFINITY,
          paint: makePaint(options.color),
          rowsMax: Infinity,
        },
        errorPaint: makePaint(options.errorColor ?? options.color),
        place: placeOf(line),
        interactive: false,
        verbose: options.verbose ?? false,
      });
      output.print(printed.output);
      errors.print(printed.error);
      await output.flush();
      if (outcome.result?.quits) break;
    }
  } finally {
    stopNews();
    await output.flush();
    await errors.flush();
  }
  return failed ? 1 : 0;
}

function problemOutcome({ problem }: PipedLine): Outcome | undefined {
  if (problem === undefined) return undefined;
  return { command: '', json: false, result: undefined, failure: { error: problem, unexpected: false } };
}

/** `line 3 "download film.mkv"` */
function placeOf({ number, text }: PipedLine): string {
  const line = text.trim();
  if (line === '') return `line ${number}`;
  return `line ${number} "${safeText(line.length > 60 ? `${line.slice(0, 60)}…` : line)}"`;
}
