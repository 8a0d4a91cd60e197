import { unlessAborted } from '../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { errorItem } from '../../../Shared/Text/Envelope.ts';
import { type Clock, every } from '../../../Shared/Time/Clock.ts';
import type { DownloadStatus } from '../../DownloadModel.ts';
import type { CommandContext } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import type { PeerControls } from '../Ports.ts';
import { isActive } from '../Views/DownloadTexts.ts';
import { percent } from '../Views/HumanUnits.ts';
import { baseName, downloadItem } from '../Views/Items.ts';
import { makePaint } from '../Views/ViewStyle.ts';
import { wrapLines } from '../Views/WordWrap.ts';
import { failed, NETWORK_WAIT_MS, type Outcome, runLine } from './CommandRunner.ts';
import { PROGRESS_INTERVAL_MS } from './Progress.ts';
import { render } from './Rendering.ts';

/** Form of an answer. */
type AnswerForm = 'json' | 'text';

/** One command from outside the console: a line in its grammar, and the form of the answer. */
export interface OneShotRequest {
  readonly line: string;
  /** Name of the command in the JSON envelope, as the user typed it. */
  readonly command: string;
  /** Columns of the terminal; null: no terminal. */
  readonly width: number | null;
  readonly color: boolean;
  /** The only form that is wanted, of a list that may be long; undefined: both. */
  readonly form?: AnswerForm | undefined;
  /**
   * For programs: part of a list only, and no text. The envelope has `total`, the number of all
   * items; with `truncated` there are more.
   */
  readonly window?: { readonly from: number; readonly count: number } | undefined;
}

/** Outcome of the command, as data and as text. */
export interface OneShotAnswer {
  /** Undefined: success. */
  readonly error: ReturnType<typeof errorItem> | undefined;
  /** The command failed after some of its files were downloaded. */
  readonly partly: boolean;
  /** The JSON envelope, one line; '' if only the text is wanted. */
  readonly json: string;
  /** Safe to print; after a failure only facts beyond the error; '' if only JSON is wanted. */
  readonly text: string;
}

/** Progress of the download that the command waits for. */
export interface OneShotProgress {
  readonly event: 'progress';
  readonly item: object;
  /** A line for people. Left out: progressLine makes it of the item, in the width of the terminal. */
  readonly line?: string;
}

export interface OneShotEnvironment {
  readonly controls: PeerControls;
  readonly clock: Clock;
  /** Aborts the command: Ctrl-C, or the client is gone. A download that the command started is paused. */
  readonly signal: AbortSignal;
  readonly progress: (progress: OneShotProgress) => void;
}

/** Runs one command as `shoal <command>` does. Never rejects. */
export async function runOneShot(
  request: OneShotRequest,
  environment: OneShotEnvironment,
): Promise<OneShotAnswer> {
  const { controls, clock, signal } = environment;
  const active = controls.downloads.list().filter((each) => isActive(each.state));
  const before = new Set(active.map(({ number }) => number));
  /** The downloads that the command waits for. */
  const followed = new Set<number>();
  const statuses = () => controls.downloads.list().filter(({ number }) => followed.has(number));
  const stopProgress = every(clock, PROGRESS_INTERVAL_MS, () => {
    for (const status of statuses()) reportProgress(status, environment);
  });
  try {
    const context = contextOf(environment, request, (number) => followed.add(number));
    const empty = failed(
      new ShoalError('USAGE', 'the command line is empty', {
        hint: (command) => `List of commands: ${command('help')}`,
      }),
    );
    const outcome = (await runLine(request.line, context, clock)) ?? empty;
    const own = statuses().filter(({ number }) => !before.has(number));
    const [first, ...others] = signal.aborted ? own.filter(({ state }) => isActive(state)) : [];
    if (first === undefined) return answerOf(outcome, request, own);
    for (const { number } of [first, ...others]) await controls.downloads.pause(number);
    return answerOf(failed(interrupted(first)), request, own);
  } catch (failure) {
    const message = failure instanceof Error ? failure.message : String(failure);
    return answerOf(failed(new ShoalError('CLOSED', message), true), request, []);
  } finally {
    stopProgress();
  }
}

function contextOf(
  { controls, signal, progress }: OneShotEnvironment,
  { window }: OneShotRequest,
  follow: (number: number) => unknown,
): Omit<CommandContext, 'commands'> {
  return {
    controls,
    signal,
    interactive: false,
    itemsMax: window && window.from + window.count,
    networkReady: async () => {
      await unlessAborted(controls.networkReady(NETWORK_WAIT_MS), signal);
    },
    scanned: () => unlessAborted(controls.scanned(), signal),
    remember: () => {},
    watch: () => {},
    unwatch: (number) => void follow(number),
    report: ({ item, line }) => progress({ event: 'progress', item, line }),
  };
}

function reportProgress(status: DownloadStatus, { progress }: OneShotEnvironment): void {
  if (isActive(status.state)) progress({ event: 'progress', item: downloadItem(status) });
}

function answerOf(
  outcome: Outcome,
  { command, width, color, window, form }: OneShotRequest,
  downloads: readonly DownloadStatus[],
): OneShotAnswer {
  const style = { width: width ?? Infinity, paint: makePaint(color), rowsMax: Infinity, inShell: true };
  const plain = { style, errorPaint: makePaint(false), place: undefined, interactive: false, verbose: false };
  const { failure, result } = outcome;
  const shown = window === undefined ? result : result && partOf(result, window);
  return {
    error: failure && errorItem(failure.error),
    partly: failure !== undefined && downloads.some(isPartly),
    json: form === 'text' ? '' : render({ ...outcome, result: shown, command, json: true }, plain).output,
    text: form === 'json' || window ? '' : wrapLines(result?.text(style) ?? '', style.width),
  };
}

/** The result with the items of a window. */
function partOf(result: CommandResult, { from, count }: { readonly from: number; readonly count: number }) {
  const { items } = result;
  if (items === undefined) return result;
  return { ...result, data: { total: items.length, ...result.data }, items: items.slice(from, from + count) };
}

/** A complete file of several, or a folder that failed after some of its files were complete. */
function isPartly({ filesDone, state }: DownloadStatus): boolean {
  return state === 'done' || (state === 'failed' && filesDone > 0);
}

function interrupted({ path, bytes, size }: DownloadStatus): ShoalError {
  const done = `${percent(bytes, size)} %`;
  return new ShoalError(
    'CANCELLED',
    `download of ${baseName(path)} interrupted at ${done}; verified chunks are kept`,
    {
      hint: 'Run the same command again to continue.',
    },
  );
}
