import { type Command, CommanderError } from 'commander';
import { settingsOf } from '../Peer/Settings/CommandLine.ts';
import { parseConfig } from '../Peer/Settings/ConfigLines.ts';
import { configPath, readConfigText } from '../Peer/Settings/ConfigPath.ts';
import { applyLayers } from '../Peer/Settings/SettingLayers.ts';
import { ignoreClosedOutput, interruption } from '../Shared/Program.ts';
import { asShoalError, ShoalError } from '../Shared/ShoalError.ts';
import type { ShoalCommand } from './Commands/ShoalCommand.ts';
import { completedCommands, makeProgram } from './Program.ts';
import { failureAnswer } from './Running/Answers.ts';
import { EXIT } from './Running/ExitCodes.ts';
import { Run } from './Running/Run.ts';
import { Screen } from './Running/Screen.ts';

const args = process.argv.slice(2);
const json = args.includes('--json');
// Not process.exitCode alone: timers of libraries must not keep the process alive.
process.exit(await main());

async function main(): Promise<number> {
  ignoreClosedOutput();
  const signal = interruption();
  let exitCode: number = EXIT.ok;
  const program = makeProgram(async (name, command, parsed) => {
    exitCode = await runCommand(name, command, parsed, signal);
  });
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({ outputError: () => {} });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    if (failure.exitCode === 0) return EXIT.ok;
    if (args.length === 0) return EXIT.usage; // commander has printed the help.
    const message = failure.message.replace(/^error: /, '').replaceAll('\n', ' ');
    const error = new ShoalError('USAGE', message, { hint: 'List of commands: shoal help' });
    return new Screen({ json, progress: false }).answer(failureAnswer(args[0] ?? '', error));
  }
}

async function runCommand(
  name: string,
  command: ShoalCommand,
  parsed: Command,
  signal: AbortSignal,
): Promise<number> {
  try {
    const code = await command.run?.({
      name,
      words: parsed.args,
      literal: args.includes('--') ? args.length - 1 - args.indexOf('--') : 0,
      options: parsed.opts<{ output?: string; wait?: boolean }>(),
      open: () => openRun(parsed, signal),
      completed: () => (parsed.parent === null ? [] : completedCommands(parsed.parent)),
    });
    return code ?? EXIT.ok;
  } catch (failure) {
    const interrupted = signal.aborted && !(failure instanceof ShoalError);
    const error = interrupted
      ? new ShoalError('CANCELLED', 'interrupted', { cause: failure })
      : asShoalError(failure, 'DISK_FAILED');
    if (args.includes('--verbose') && error.cause instanceof Error)
      process.stderr.write(`${error.cause.stack ?? error.cause.message}\n`);
    return new Screen({ json, progress: false }).answer(failureAnswer(name, error));
  }
}

/** Merges flags, environment and config file. */
async function openRun(parsed: Command, signal: AbortSignal): Promise<Run> {
  const path = configPath(process.env);
  const text = await readConfigText(path);
  const config = text === undefined ? undefined : parseConfig(text, path);
  const origins = applyLayers(parsed, { environment: process.env, config });
  const { peer, progress = false } = parsed.opts<{ peer?: number; progress?: boolean }>();
  const configFile = { path, exists: config !== undefined };
  return new Run({ settings: settingsOf(parsed), origins, configFile, json, progress, peer }, signal);
}
