import { asShoalError, ShoalError } from '../../Shared/ShoalError.ts';
import { readCall, wantsJson } from './CommandCall.ts';
import type { CommandContext, CommandHandlers, CommandResult } from './CommandResult.ts';
import { help, menu, quit } from './ConsoleCommands.ts';
import { cancel, download, downloads, get, pause, resume } from './DownloadCommands.ts';
import { list, search } from './FileCommands.ts';
import { limit } from './LimitCommand.ts';
import { connect, join, peers, refresh, status, tracker, whoami } from './NetworkCommands.ts';
import { accept, parts, reject, send } from './PushCommands.ts';
import { swarm } from './SwarmCommand.ts';

const HANDLERS: CommandHandlers = {
  list,
  search,
  download,
  get,
  downloads,
  pause,
  resume,
  cancel,
  send,
  accept,
  reject,
  parts,
  swarm,
  peers,
  join,
  connect,
  refresh,
  status,
  tracker,
  whoami,
  limit,
  menu,
  help,
  quit,
};

/** What became of one line. */
export interface Outcome {
  /** The command's full name; '' when the line names none. */
  readonly command: string;
  readonly json: boolean;
  readonly result: CommandResult | undefined;
  /** Why it failed. With a result: the result says more. */
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly error: ShoalError;
  /** A mistake of ours, not of the user or the environment: the stack is worth something. */
  readonly unexpected: boolean;
}

/** Runs one line. Never throws; undefined for an empty line or a comment. */
export async function runLine(line: string, context: CommandContext): Promise<Outcome | undefined> {
  let command = '';
  let json = wantsJson(line);
  try {
    const call = readCall(line);
    if (call === undefined) return undefined;
    command = call.spec.name;
    json = call.flags.has('--json');
    if (call.spec.needsNetwork) await context.networkReady();
    const result = await HANDLERS[call.spec.name](call, context);
    const failure = result.failure && { error: result.failure, unexpected: false };
    return { command, json, result, failure };
  } catch (thrown) {
    return { command, json, result: undefined, failure: failureOf(thrown, context.signal) };
  }
}

function failureOf(thrown: unknown, signal: AbortSignal): Failure {
  if (thrown instanceof ShoalError) return { error: thrown, unexpected: false };
  if (signal.aborted)
    return { error: new ShoalError('CANCELLED', 'interrupted', { cause: thrown }), unexpected: false };
  const wrapped = asShoalError(thrown, 'CLOSED');
  return { error: wrapped, unexpected: true };
}
