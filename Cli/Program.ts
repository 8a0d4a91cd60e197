import { Command, type Option } from 'commander';
import { wrapLines } from '../Peer/CommandInterface.ts';
import { peerOptions } from '../Peer/Settings/CommandLine.ts';
import { readPort } from '../Shared/Network/Address.ts';
import { HELP_FORMAT } from '../Shared/Text/HelpFormat.ts';
import { SHOAL_COMMANDS } from './Commands/Commands.ts';
import type { CompletedCommand } from './Commands/CompletionScript.ts';
import type { ShoalCommand } from './Commands/ShoalCommand.ts';

/** Runs a command with its words; `parsed` holds its flags. Resolves when the command is done. */
export type Act = (name: string, command: ShoalCommand, parsed: Command) => Promise<void>;

/** Settings that help shows; all others are flags, too, but serve long-running peers. */
const SHOWN_SETTINGS = ['--tracker', '--share', '--no-discovery', '--verbose'];

/** Width of help that is no output of a terminal: that of Commander. */
const PIPED_WIDTH = 80;

const HELP_SUMMARY = 'flags and arguments of a command';

/** The command line of `shoal`, from the table of commands. */
export function makeProgram(act: Act): Command {
  const program = new Command('shoal')
    .description('Find, download and share files on this network, one command at a time.')
    .option('-V, --version', 'the version of Shoal')
    .helpCommand('help [command]', HELP_SUMMARY)
    .configureHelp({
      ...HELP_FORMAT,
      // Arguments and options stand in the help of each.
      subcommandTerm: (command) => [command.name(), ...command.aliases()].join(', '),
    })
    .exitOverride();
  for (const [name, command] of Object.entries(SHOAL_COMMANDS)) {
    const parsed = program.command(`${name} ${command.usage}`.trimEnd()).description(command.summary);
    parsed.aliases([...(command.aliases ?? [])]);
    if (command.run === undefined) parsed.allowUnknownOption();
    else parsed.allowExcessArguments(false).action(() => act(name, command, parsed));
    addFlags(parsed, command);
    const { forms = [command.usage] } = command;
    parsed.usage(forms.map((form) => `[options] ${form}`.trimEnd()).join(`\n       shoal ${name} `));
    const { details } = command;
    const width = () => parsed.configureOutput().getOutHelpWidth?.() ?? PIPED_WIDTH;
    if (details) parsed.addHelpText('after', () => wrapLines(details, width()));
  }
  return program;
}

function addFlags(parsed: Command, { run, flags = {}, passedFlags, hasSettings = true }: ShoalCommand): void {
  if (run === undefined) return;
  for (const [flag, summary] of Object.entries(flags)) parsed.option(flag, summary);
  parsed.option('--json', 'one object of JSON instead of text');
  if (passedFlags !== undefined) parsed.allowUnknownOption();
  if (!hasSettings) return;
  parsed
    .option('--progress', 'show the progress on stderr, also without a terminal')
    .option('--peer <port>', 'use the peer that runs on this computer with this port', readPort);
  for (const option of peerOptions(new Command()).options)
    parsed.addOption(option.hideHelp(!SHOWN_SETTINGS.includes(option.long ?? '')));
}

/** Placeholders of values that are paths, in the notation of options. */
const PATH_VALUE = /<(dir|file)/;

/** The commands as shells complete them. `help` is commander's own. */
export function completedCommands(program: Command): CompletedCommand[] {
  const commands = program.commands.map((parsed): CompletedCommand => {
    const name = parsed.name();
    const { completes = 'nothing', passedFlags = [] } = SHOAL_COMMANDS[name] ?? {};
    const shown = parsed.options.filter(({ hidden }) => !hidden);
    const spellings = (options: readonly Option[]) =>
      options.flatMap(({ short, long }) => [short, long].flatMap((flag) => flag ?? []));
    const flags = [...new Set([...spellings(shown), ...passedFlags])];
    const pathFlags = spellings(shown.filter((option) => PATH_VALUE.test(option.flags)));
    return { name, summary: parsed.description(), flags, pathFlags, completes };
  });
  const help = { name: 'help', summary: HELP_SUMMARY, flags: [], pathFlags: [] };
  return [...commands, { ...help, completes: 'commands' }];
}
