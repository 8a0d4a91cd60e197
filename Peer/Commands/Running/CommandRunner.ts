import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { COMMANDS } from '../All/Commands.ts';
import type { CommandContext } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { nameOf, readCall, wantsJson } from './ReadCall.ts';

/** Longest wait for a tracker before the first command that needs the network, in milliseconds. */
export const NETWORK_WAIT_MS = 3_000;
/** Time for a command to end by itself after an abort, in milliseconds; its result is ignored afterwards. */
const GRACE_MS = 1_000;

/** Outcome of one line. */
export interface Outcome {
  /** Full name of the command; '' if the line names none. */
  readonly command: string;
  readonly json: boolean;
  readonly result: CommandResult | undefined;
  /** With a result, the result holds the details. */
  readonly failure: Failure | undefined;
}

interface Failure {
  readonly error: ShoalError;
  /** A defect of the program, not a fault of the user or the environment: its stack is of use. */
  readonly unexpected: boolean;
}

/** The outcome of a line without a result. */
export function failed(error: ShoalError, unexpected = false): Outcome {
  return { command: '', json: false, result: undefined, failure: { error, unexpected } };
}

/**
 * Runs one line; undefined for an empty line or a comment. Never rejects. After an abort it resolves within GRACE_MS,
 * also if the command ignores its signal.
 */
export async function runLine(
  line: string,
  context: Omit<CommandContext, 'commands'>,
  clock: Clock,
): Promise<Outcome | undefined> {
  const { signal } = context;
  let stopTimer = () => {};
  let stopWaiting = () => {};
  const overdue = new Promise<Outcome>((resolve) => {
    const giveUp = () => resolve(failed(new ShoalError('CANCELLED', 'interrupted')));
    const startTimer = () => {
      stopTimer = clock.after(GRACE_MS, giveUp);
    };
    if (signal.aborted) startTimer();
    else stopWaiting = onAbort(signal, startTimer);
  });
  try {
    return await Promise.race([perform(line, { ...context, commands: COMMANDS }), overdue]);
  } finally {
    stopWaiting();
    stopTimer();
  }
}

async function perform(line: string, context: CommandContext): Promise<Outcome | undefined> {
  const name = nameOf(line, context.commands);
  let json = wantsJson(line);
  try {
    const call = readCall(line, context.commands);
    if (call === undefined) return undefined;
    json = call.flags.has('--json');
    if (call.command.needsNetwork) await context.networkReady();
    const result = await call.command.run(call, context);
    const failure = result.failure && { error: result.failure, unexpected: false };
    return { command: name, json, result, failure };
  } catch (thrown) {
    return { command: name, json, result: undefined, failure: failureOf(thrown, context.signal) };
  }
}

function failureOf(thrown: unknown, signal: AbortSignal): Failure {
  if (thrown instanceof ShoalError) return { error: thrown, unexpected: false };
  if (signal.aborted)
    return { error: new ShoalError('CANCELLED', 'interrupted', { cause: thrown }), unexpected: false };
  return { error: asShoalError(thrown, 'CLOSED'), unexpected: true };
}
