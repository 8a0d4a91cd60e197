import { type Command, CommanderError } from 'commander';
import { settingsOf } from '../Peer/Settings/CommandLine.ts';
import { applyLayers, misspeltVariables } from '../Peer/Settings/SettingLayers.ts';
import { readConfig } from '../Shared/Program/ConfigPath.ts';
import { interruption, watchOutputs } from '../Shared/Program/Program.ts';
import { asShoalError, ShoalError } from '../Shared/ShoalError.ts';
import { safeText } from '../Shared/Text/SafeText.ts';
import { commandFirst, withoutSeparator } from './CommandFirst.ts';
import type { Invocation, ShoalCommand } from './Commands/ShoalCommand.ts';
import { completedCommands, makeProgram } from './Program.ts';
import { failureAnswer } from './Running/Answers.ts';
import { EXIT } from './Running/ExitCodes.ts';
import { Run } from './Running/Run.ts';
import { Screen } from './Running/Screen.ts';

const LIST_HINT = 'List of commands: shoal help';
const typed = process.argv.slice(2);
/** Number of last words that are arguments in any form: those after `--`. Undefined: no `--` is there. */
const literal = typed.includes('--') ? typed.length - 1 - typed.indexOf('--') : undefined;
const options = typed.slice(0, typed.length - (literal ?? 0));
const json = options.includes('--json');
// Not process.exitCode alone: timers of libraries must not keep the process alive.
process.exit(await main());

async function main(): Promise<number> {
  const outputFailure = watchOutputs();
  const signal = interruption();
  let name = '';
  let exitCode: number = EXIT.ok;
  const program = makeProgram(async (command, specification, parsed) => {
    name = command;
    exitCode = await runCommand(command, specification, parsed, signal);
  });
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({ outputError: () => {} });
  const args = commandFirst(typed, (option) => takesValue(program, option));
  try {
    checkWord(program, args);
    await program.parseAsync(args, { from: 'user' });
  } catch (failure) {
    const error = commandLineError(program, failure, args);
    if (error !== undefined) exitCode = await report(args[0] ?? '', error);
    else if (args.length === 0) exitCode = EXIT.usage; // commander has printed the help.
  }
  const unwritten = await outputFailure();
  return unwritten === undefined || exitCode !== EXIT.ok ? exitCode : report(name, unwritten, 'stderr');
}

function report(name: string, error: ShoalError, output?: 'stderr'): Promise<number> {
  return new Screen({ json, progress: false }).answer(failureAnswer(name, error), output);
}

function takesValue(program: Command, option: string): boolean {
  return program.commands
    .flatMap((command) => command.options)
    .some(({ short, long, required }) => required && (option === short || option === long));
}

function isCommand(program: Command, name: string): boolean {
  return program.commands.some((each) => each.name() === name || each.aliases().includes(name));
}

/** @throws ShoalError USAGE if there are options, but no command after them, or if `help` names no command */
function checkWord(program: Command, [word, topic]: readonly string[]): void {
  if (word?.startsWith('-') && word !== '-h' && word !== '--help')
    throw new ShoalError('USAGE', `no command is given with ${safeText(word)}`, { hint: LIST_HINT });
  if (
    word === 'help' &&
    topic !== undefined &&
    topic !== 'help' &&
    !topic.startsWith('-') &&
    !isCommand(program, topic)
  )
    throw new ShoalError('USAGE', `unknown command "${safeText(topic.slice(0, 40))}"`, { hint: LIST_HINT });
}

/** The error that a failed command line means; undefined: commander has printed the help. */
function commandLineError(
  program: Command,
  failure: unknown,
  args: readonly string[],
): ShoalError | undefined {
  if (failure instanceof ShoalError) return failure;
  if (!(failure instanceof CommanderError)) throw failure;
  if (failure.exitCode === 0 || args.length === 0) return undefined;
  const [word = ''] = args;
  const hint = isCommand(program, word) ? `Its arguments and options: shoal help ${word}` : LIST_HINT;
  const message = failure.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new ShoalError('USAGE', message, { hint });
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
      words: withoutSeparator(parsed.args, literal),
      literal: literal ?? 0,
      options: parsed.opts<Invocation['options']>(),
      open: () => openRun(parsed, signal),
      completed: () => (parsed.parent === null ? [] : completedCommands(parsed.parent)),
    });
    return code ?? EXIT.ok;
  } catch (failure) {
    const interrupted = signal.aborted && !(failure instanceof ShoalError);
    const error = interrupted
      ? new ShoalError('CANCELLED', 'interrupted', { cause: failure })
      : asShoalError(failure, 'DISK_FAILED');
    if (options.includes('--verbose') && error.cause instanceof Error)
      process.stderr.write(`${error.cause.stack ?? error.cause.message}\n`);
    return report(name, error);
  }
}

/** Merges flags, environment and config file. */
async function openRun(parsed: Command, signal: AbortSignal): Promise<Run> {
  const { path, config } = await readConfig(process.env);
  const origins = applyLayers(parsed, { environment: process.env, config });
  for (const warning of misspeltVariables(parsed, process.env)) process.stderr.write(`${warning}\n`);
  const { peer, progress = false } = parsed.opts<{ peer?: number; progress?: boolean }>();
  const configFile = { path, exists: config !== undefined };
  return new Run({ settings: settingsOf(parsed), origins, configFile, json, progress, peer }, signal);
}
