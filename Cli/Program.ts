import { Command } from 'commander';
import { checked, peerOptions } from '../Peer/Settings/CommandLine.ts';
import { readPort } from '../Shared/Address.ts';
import { SHOAL_COMMANDS } from './Commands/Commands.ts';
import type { CompletedCommand } from './Commands/CompletionScript.ts';
import type { ShoalCommand } from './Commands/ShoalCommand.ts';

/** Runs a command with its words; `parsed` holds its flags. Resolves when the command is done. */
export type Act = (name: string, command: ShoalCommand, parsed: Command) => Promise<void>;

/** Settings that help shows; all others are flags, too, but serve long-running peers. */
const SHOWN_SETTINGS = ['--tracker', '--share', '--no-discovery', '--verbose'];

/** The command line of `shoal`, from the table of commands. */
export function makeProgram(act: Act): Command {
  const program = new Command('shoal')
    .description('Find, download and share files on this network, one command at a time.')
    .option('-V, --version', 'the version of Shoal')
    .helpCommand('help [command]', 'flags and arguments of a command')
    .exitOverride();
  for (const [name, command] of Object.entries(SHOAL_COMMANDS)) {
    const parsed = program.command(`${name} ${command.usage}`.trimEnd()).description(command.summary);
    parsed.aliases([...(command.aliases ?? [])]);
    if (command.run === undefined) parsed.allowUnknownOption();
    else parsed.allowExcessArguments(false).action(() => act(name, command, parsed));
    addFlags(parsed, command);
    if (command.details) parsed.addHelpText('after', command.details);
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
    .option('--peer <port>', 'use the peer that runs on this machine with this port', checked(readPort));
  for (const option of peerOptions(new Command()).options)
    parsed.addOption(option.hideHelp(!SHOWN_SETTINGS.includes(option.long ?? '')));
}

/** The commands as shells complete them. */
export function completedCommands(program: Command): CompletedCommand[] {
  return program.commands.map((parsed) => {
    const name = parsed.name();
    const { completes = 'nothing', passedFlags = [] } = SHOAL_COMMANDS[name] ?? {};
    const own = parsed.options
      .filter(({ hidden }) => !hidden)
      .flatMap(({ short, long }) => [short, long].flatMap((flag) => flag ?? []));
    return { name, summary: parsed.description(), flags: [...new Set([...own, ...passedFlags])], completes };
  });
}
