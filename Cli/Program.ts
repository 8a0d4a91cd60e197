import { Command } from 'commander';
import { COMMANDS, type CommandSpec } from '../Peer/CommandInterface.ts';
import { checked, peerOptions } from '../Peer/Settings/CommandLine.ts';
import { readPort } from '../Shared/Address.ts';
import type { CompletedCommand } from './CompletionScript.ts';

/** What runs a command: its name, its words, and commander's own view of it. @returns when it is done */
export type Act = (command: Command, words: readonly string[]) => Promise<void>;

/** Told by the console only, or written another way here. */
const ELSEWHERE = new Set(['list', 'download', 'get', 'send', 'tracker', 'help', 'quit', 'menu']);

/** The command line of `shoal`, from the tables of the console and what only makes sense here. */
export function makeProgram(act: Act): Command {
  const program = new Command('shoal')
    .description('Find, fetch and share files on this network, one command at a time.')
    .helpCommand('help [command]', 'more about a command')
    .exitOverride();
  const add = (usage: string, summary: string) => {
    const command = program.command(usage).description(summary).allowExcessArguments(false);
    return command.action(() => act(command, command.args));
  };
  program.command('tracker').description('run a tracker: see shoal tracker --help').allowUnknownOption();
  program
    .command('peer')
    .description('run a peer with its console: see shoal peer --help')
    .allowUnknownOption();
  common(
    add('get <file> [more...]', 'fetch a file: <file|id|folder/>, <peer> <file>, or <ip> <port> <file>')
      .alias('download')
      .option('-o, --output <dir>', 'put it into this folder; - writes it to stdout, in order and verified')
      .option('--no-wait', 'let the running peer go on with it, and do not wait'),
  );
  common(
    add('ls [place] [more...]', 'what a peer shares: [folder] or <peer> [folder]')
      .alias('list')
      .alias('files'),
  );
  common(add('send <file> <peer> [port]', 'push a file to another peer'), true);
  common(add('share <paths...>', 'share these files or folders until Ctrl-C'));
  for (const spec of forwarded()) common(add(`${spec.name} [words...]`, spec.summary), true);
  common(add('config', 'which settings hold, and where they come from'));
  add('completion <shell>', 'print a completion script for bash, zsh or fish').option('--json', 'as JSON');
  return program;
}

/** Commands of the console that run here as they are. */
function forwarded(): readonly CommandSpec[] {
  return COMMANDS.filter(({ name }) => !ELSEWHERE.has(name));
}

/** @param open - flags that are not ours go to the console */
function common(command: Command, open = false): Command {
  command
    .option('--json', 'one object of JSON instead of text')
    .option('--progress', 'tell on stderr how far it is, also without a terminal')
    .option('--peer <port>', 'use the peer that runs here with this port', checked(readPort));
  // What belongs to a program that stays is still a key of the config file.
  for (const option of peerOptions(new Command()).options)
    command.addOption(option.hideHelp(isForPeers(option.long)));
  return open ? command.allowUnknownOption() : command;
}

function isForPeers(long: string | undefined): boolean {
  return !['--tracker', '--share', '--no-discovery', '--verbose'].includes(long ?? '');
}

/** For completion scripts. */
export function completedCommands(program: Command): CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    flags: command.options
      .filter(({ hidden }) => !hidden)
      .flatMap(({ short, long }) => [short, long].flatMap((flag) => flag ?? [])),
    completes: completionOf(command.name()),
  }));
}

function completionOf(name: string): CompletedCommand['completes'] {
  if (name === 'share' || name === 'send') return 'files';
  if (name === 'completion') return 'shells';
  return name === 'help' ? 'commands' : 'nothing';
}
