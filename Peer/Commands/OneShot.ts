import { type Clock, every } from '../../Shared/Clock.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { DownloadStatus } from '../Model.ts';
import type { CommandContext } from './CommandResult.ts';
import { type Failure, type Outcome, runLine } from './CommandRunner.ts';
import { PROGRESS_INTERVAL_MS } from './Console/Progress.ts';
import type { PeerControls } from './Ports.ts';
import { render } from './Rendering.ts';
import { isActive, progressLine } from './Views/DownloadTexts.ts';
import { percent } from './Views/HumanUnits.ts';
import { baseName, downloadItem } from './Views/Items.ts';
import { makePaint } from './Views/Paint.ts';

/** One command from outside the console: a line in its grammar, and how its answer is wanted. */
export interface OneShotRequest {
  readonly line: string;
  /** The name of the command in the JSON envelope: what the user typed. */
  readonly command: string;
  /** Columns of the terminal; null: there is none. */
  readonly width: number | null;
  readonly color: boolean;
}

/** What became of it, in both forms. */
export interface OneShotAnswer {
  /** Undefined: it worked. */
  readonly error:
    | { readonly code: string; readonly message: string; readonly hint: string | null }
    | undefined;
  /** Some of it was done before it failed. */
  readonly partly: boolean;
  /** The JSON envelope, one line. */
  readonly json: string;
  /** For people, safe to print; of a failure only what says more than the error. */
  readonly text: string;
}

/** How far the download is that the command waits for. */
export interface OneShotProgress {
  readonly event: 'progress';
  readonly item: object;
  /** For people. */
  readonly line: string;
}

export interface OneShotSurroundings {
  readonly controls: PeerControls;
  readonly clock: Clock;
  /** Ends the command: Ctrl-C, or its asker went away. A download it started is paused. */
  readonly signal: AbortSignal;
  readonly progress: (progress: OneShotProgress) => void;
}

/** Longest wait for a tracker, in milliseconds; then the command fails with NO_TRACKER. */
const TRACKER_WAIT_MS = 3_000;
/** What a command gets to end by itself after an abort, in milliseconds. */
const GRACE_MS = 1_000;

/** Runs one command as `shoal <command>` does. Never rejects. */
export async function runOneShot(
  request: OneShotRequest,
  around: OneShotSurroundings,
): Promise<OneShotAnswer> {
  const { controls, clock, signal } = around;
  const before = new Set(
    controls
      .downloads()
      .filter((each) => isActive(each.state))
      .map(numberOf),
  );
  const followed: { number?: number } = {};
  const stopProgress = every(clock, PROGRESS_INTERVAL_MS, () =>
    tellProgress(request, around, followed.number),
  );
  try {
    const running = runLine(request.line, contextOf(around, followed));
    const outcome = (await Promise.race([running, overdue(clock, signal)])) ?? nothingToDo();
    const { number } = followed;
    const mine = number !== undefined && !before.has(number) ? statusOf(controls, number) : undefined;
    if (!signal.aborted || mine === undefined || !isActive(mine.state))
      return answerOf(outcome, request, mine);
    await controls.pause(mine.number);
    const stopped = { error: interrupted(mine), unexpected: false };
    return answerOf({ ...outcome, result: undefined, failure: stopped }, request, mine);
  } catch (failure) {
    const error = new ShoalError('CLOSED', failure instanceof Error ? failure.message : String(failure));
    return answerOf({ ...nothingToDo(), failure: { error, unexpected: true } }, request, undefined);
  } finally {
    stopProgress();
  }
}

function contextOf(
  { controls, clock, signal, progress }: OneShotSurroundings,
  followed: { number?: number },
): CommandContext {
  const follow = (number: number) => {
    followed.number = number;
  };
  return {
    controls,
    signal,
    interactive: false,
    networkReady: async () => {
      await unless(signal, controls.networkReady(TRACKER_WAIT_MS));
    },
    scanned: () => unless(signal, controls.scanned()),
    remember: () => {},
    watch: () => {},
    unwatch: follow,
    tell: ({ item, line }) => progress({ event: 'progress', item, line }),
  };

  async function unless<T>(wait: AbortSignal, promise: Promise<T>): Promise<T> {
    return Promise.race([promise, overdue(clock, wait, 0).then(() => Promise.reject(cancelled()))]);
  }
}

function tellProgress(
  { width }: OneShotRequest,
  { controls, progress }: OneShotSurroundings,
  number: number | undefined,
): void {
  const status = number === undefined ? undefined : statusOf(controls, number);
  if (status === undefined || !isActive(status.state)) return;
  progress({ event: 'progress', item: downloadItem(status), line: progressLine(status, (width ?? 80) - 1) });
}

function answerOf(
  outcome: Outcome,
  request: OneShotRequest,
  download: DownloadStatus | undefined,
): OneShotAnswer {
  const named = { ...outcome, command: request.command, json: true };
  const style = {
    width: request.width ?? Number.POSITIVE_INFINITY,
    paint: makePaint(request.color),
    rowsMax: Number.POSITIVE_INFINITY,
  };
  const plain = { style, errorPaint: makePaint(false), place: undefined, interactive: false, verbose: false };
  const { failure, result } = outcome;
  const partly = failure !== undefined && download !== undefined && isPartly(download);
  return {
    error: failure && errorOf(failure),
    partly,
    json: render(named, plain).output,
    text: result?.text(style) ?? '',
  };
}

/** A folder of which some files are here. */
function isPartly({ files, filesDone, state }: DownloadStatus): boolean {
  return state === 'failed' && filesDone > 0 && filesDone < files;
}

function errorOf({ error }: Failure): OneShotAnswer['error'] {
  return { code: error.code, message: error.message, hint: error.hint ?? null };
}

/** Gives the outcome of an interruption some time after the abort; never before it. */
function overdue(clock: Clock, signal: AbortSignal, graceMs = GRACE_MS): Promise<Outcome> {
  return new Promise((resolve) => {
    const give = () => resolve({ ...nothingToDo(), failure: { error: cancelled(), unexpected: false } });
    const wait = () => (graceMs === 0 ? give() : clock.after(graceMs, give));
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait, { once: true });
  });
}

function nothingToDo(): Outcome {
  const error = new ShoalError('USAGE', 'there is no command on the line');
  return { command: '', json: true, result: undefined, failure: { error, unexpected: false } };
}

function cancelled(): ShoalError {
  return new ShoalError('CANCELLED', 'interrupted');
}

function interrupted(download: DownloadStatus): ShoalError {
  const name = baseName(download.path);
  return new ShoalError(
    'CANCELLED',
    `${name} is interrupted at ${percent(download.bytes, download.size)} %; what is here stays`,
    { hint: 'Run the same command again: it goes on from there.' },
  );
}

function statusOf(controls: PeerControls, number: number): DownloadStatus | undefined {
  return controls.downloads().find((each) => each.number === number);
}

function numberOf({ number }: DownloadStatus): number {
  return number;
}
