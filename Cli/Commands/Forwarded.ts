import { COMMANDS, type ConsoleCommand, readCall, wrapWords } from '../../Peer/CommandInterface.ts';
import { consoleLine } from '../Running/Run.ts';
import type { Invocation, ShoalCommand } from './ShoalCommand.ts';

/** Columns of help, as commander has them without a terminal. */
const HELP_WIDTH = 80;
/** A flag of `shoal` itself, too: it takes this one out of the words. */
const VERBOSE = '--verbose';

/** Commands of the console that `shoal` runs in the same form: those with `oneShot` 'any peer' or 'running peer'. */
export function forwardedCommands(): Readonly<Record<string, ShoalCommand>> {
  const forwarded = Object.entries<ConsoleCommand>(COMMANDS).flatMap(([name, command]) =>
    command.oneShot === 'any peer' || command.oneShot === 'running peer'
      ? [[name, forwardedCommand(command, command.oneShot)] as const]
      : [],
  );
  return Object.fromEntries(forwarded);
}

function forwardedCommand(
  { usage, summary, details = [], flags = [] }: ConsoleCommand,
  where: 'any peer' | 'running peer',
): ShoalCommand {
  const lines = [
    ...details.flatMap((line) => wrapWords(line, HELP_WIDTH)),
    ...flags.map((flag) => `  ${[flag.name, flag.value ?? ''].join(' ').trimEnd()}  ${flag.summary}`),
  ];
  return {
    usage: '[words...]',
    forms: usage,
    summary,
    details: lines.map((line) => `\n${line}`).join(''),
    passedFlags: flags.map((flag) => flag.name),
    async run({ name, words, literal, open }: Invocation) {
      readCall(consoleLine(name, words, literal), COMMANDS); // A mistake is one without a running peer, too.
      const run = await open();
      const isVerbose = run.options.settings.verbose && flags.some((flag) => flag.name === VERBOSE);
      const line = consoleLine(name, isVerbose ? [VERBOSE, ...words] : words, literal);
      return run.screen.answer(
        await (where === 'any peer' ? run.line(name, line) : run.lineInRunning(name, line)),
      );
    },
  };
}
