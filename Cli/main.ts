import { type Command, CommanderError } from 'commander';
import type { OneShotAnswer } from '../Peer/CommandInterface.ts';
import { settingsOf } from '../Peer/Settings/CommandLine.ts';
import { type ConfigFile, parseConfig } from '../Peer/Settings/ConfigLines.ts';
import { configPath, readConfigText } from '../Peer/Settings/ConfigPath.ts';
import { applyLayers } from '../Peer/Settings/SettingLayers.ts';
import { ignoreClosedOutput, interruption } from '../Shared/Program.ts';
import { asShoalError, ShoalError } from '../Shared/ShoalError.ts';
import { failureAnswer } from './Answers.ts';
import { completionScript } from './CompletionScript.ts';
import { configAnswer } from './ConfigView.ts';
import { EXIT } from './ExitCodes.ts';
import { get, getToStdout } from './Get.ts';
import { completedCommands, makeProgram } from './Program.ts';
import { consoleLine, Run } from './Run.ts';
import { Screen, written } from './Screen.ts';
import { send, share } from './Share.ts';

/** These make sense without a peer that stays. */
const FOR_GUESTS = new Set(['search', 'peers', 'status', 'ls', 'whoami', 'refresh', 'connect']);

const args = process.argv.slice(2);
const json = args.includes('--json');
// Not process.exitCode alone: timers of libraries must not keep an ended program alive.
process.exit(await main());

async function main(): Promise<number> {
  ignoreClosedOutput();
  const signal = interruption();
  let exitCode: number = EXIT.ok;
  const program = makeProgram(async (command, words) => {
    exitCode = await runCommand(command, words, signal);
  });
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({ outputError: () => {} });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    if (failure.exitCode === 0) return EXIT.ok;
    if (args.length === 0) return EXIT.usage; // commander has shown the help.
    const message = failure.message.replace(/^error: /, '').replaceAll('\n', ' ');
    const error = new ShoalError('USAGE', message, { hint: 'All commands: shoal help' });
    return new Screen({ json, progress: false }).answer(failureAnswer(args[0] ?? '', error));
  }
}

async function runCommand(command: Command, words: readonly string[], signal: AbortSignal): Promise<number> {
  const name = command.name();
  try {
    return await perform(command, words, signal);
  } catch (failure) {
    const interrupted = signal.aborted && !(failure instanceof ShoalError);
    const error = interrupted
      ? new ShoalError('CANCELLED', 'interrupted', { cause: failure })
      : asShoalError(failure, 'DISK_FAILED');
    if (args.includes('--verbose'))
      process.stderr.write(`${String((error.cause as Error | undefined)?.stack)}\n`);
    return new Screen({ json, progress: false }).answer(failureAnswer(name, error));
  }
}

async function perform(command: Command, words: readonly string[], signal: AbortSignal): Promise<number> {
  if (command.name() === 'completion') {
    const program = command.parent;
    await written(completionScript(words[0] ?? '', program === null ? [] : completedCommands(program)));
    return EXIT.ok;
  }
  const path = configPath(process.env);
  const text = await readConfigText(path);
  const config: ConfigFile | undefined = text === undefined ? undefined : parseConfig(text, path);
  const origins = applyLayers(command, { environment: process.env, config });
  const { peer, progress } = command.opts<{ peer?: number; progress?: boolean }>();
  const run = new Run(
    { settings: settingsOf(command), origins, json, progress: progress === true, peer },
    signal,
  );
  if (command.name() === 'config')
    return run.screen.answer(configAnswer(origins, path, config !== undefined));
  const { output } = command.opts<{ output?: string }>();
  if (output === '-') return streamed(run, words);
  return run.screen.answer(await answerOf(run, command, words));
}

async function answerOf(run: Run, command: Command, words: readonly string[]): Promise<OneShotAnswer> {
  const name = command.name();
  const { output, wait } = command.opts<{ output?: string; wait?: boolean }>();
  const flags = wait === false ? ['--no-wait'] : [];
  if (name === 'get') return get(run, words, { ...(output === undefined ? {} : { into: output }), flags });
  if (name === 'share') return share(run, words);
  if (name === 'send') {
    const [file = '', ...to] = words.filter((word) => !isFlag(word));
    const verbose = run.wishes.settings.verbose ? ['--verbose'] : [];
    return send(run, file, to, [...words.filter(isFlag), ...verbose]);
  }
  const literal = args.includes('--') ? args.length - 1 - args.indexOf('--') : 0;
  const line = consoleLine(name === 'ls' ? 'list' : name, words, literal);
  const isAboutHere =
    !FOR_GUESTS.has(name) || (name === 'ls' && words.length === 0 && run.share === undefined);
  if (!isAboutHere) return run.line(name, line);
  const running = await run.runningPeer();
  if (running !== undefined) return run.inRunning(running, name, line);
  throw new ShoalError('UNREACHABLE', `no peer runs on this machine, and ${name} is about one`, {
    hint: name === 'ls' ? 'Name a peer: shoal ls <peer>. Or start one: shoal peer' : 'Start one: shoal peer',
  });
}

function isFlag(word: string): boolean {
  return word.startsWith('--');
}

/** Stdout belongs to the file: the answer goes to stderr. */
async function streamed(run: Run, words: readonly string[]): Promise<number> {
  try {
    await getToStdout(run, words);
    return EXIT.ok;
  } catch (failure) {
    const error = asShoalError(failure, 'DISK_FAILED');
    return run.screen.answer(failureAnswer('get', error), 'stderr');
  }
}
