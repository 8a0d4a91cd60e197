import { Command, type Option } from 'commander';
import { makeProgram } from '../Cli/Program.ts';
import { peerOptions } from '../Peer/Settings/CommandLine.ts';
import { trackerCommand } from '../Tracker/CommandLine.ts';

/** A manual page: file name such as `shoal.1`, and its text in roff (man macros). */
export interface ManPage {
  readonly name: string;
  readonly text: string;
}

/** The manual pages, made from the tables that also make help and completion. @param version - of Shoal */
export function manPages(version: string): ManPage[] {
  return [
    { name: 'shoal.1', text: shoalPage(version) },
    { name: 'shoal.conf.5', text: configPage(version) },
    { name: 'shoal-tracker.8', text: trackerPage(version) },
  ];
}

function shoalPage(version: string): string {
  const program = makeProgram(() => Promise.resolve());
  return [
    header('SHOAL', 1, version),
    section('NAME', 'shoal \\- find, download and share files on this network'),
    section('SYNOPSIS', '.B shoal\n.I command\n.RI [ options ]\n.RI [ arguments ]'),
    section(
      'DESCRIPTION',
      [
        roff(
          'Peers share a folder each; a file is found by name and comes from every peer that has it, chunk by chunk, verified.',
        ),
        '.PP',
        roff(
          'A command is run by the peer of this user on this computer if there is one, else by a temporary peer.',
        ),
      ].join('\n'),
    ),
    section('COMMANDS', program.commands.map(commandEntry).join('\n')),
    section('FILES', entry('~/.config/shoal/shoal.conf', 'settings, see shoal.conf(5)')),
    section('SEE ALSO', '.BR shoal.conf (5),\n.BR shoal-tracker (8)'),
  ].join('\n');
}

function configPage(version: string): string {
  const settings = peerOptions(new Command()).options.flatMap((option) => {
    const key = option.long?.replace(/^--(no-)?/, '');
    if (key === undefined || key === 'version') return [];
    const value = /<(.+)>/.exec(option.flags)?.[1] ?? 'on or off';
    return entry(`${key} = ${value}`, option.description);
  });
  return [
    header('SHOAL.CONF', 5, version),
    section('NAME', 'shoal.conf \\- settings of Shoal'),
    section(
      'DESCRIPTION',
      roff(
        'One setting a line, "key = value"; # begins a comment. Flags beat the environment (SHOAL_UPLOAD_LIMIT and so on), which beats this file. "shoal config" shows the settings in force and where each comes from.',
      ),
    ),
    section('SETTINGS', settings.join('\n')),
    section('FILES', entry('~/.config/shoal/shoal.conf', 'or the file that SHOAL_CONFIG names')),
    section('SEE ALSO', '.BR shoal (1)'),
  ].join('\n');
}

function trackerPage(version: string): string {
  const command = trackerCommand();
  return [
    header('SHOAL-TRACKER', 8, version),
    section('NAME', 'shoal\\-tracker \\- list the peers of a network and the files they share'),
    section('SYNOPSIS', '.B shoal tracker\n.RI [ options ]\n.RI [ port ]'),
    section('DESCRIPTION', roff(command.description())),
    section('OPTIONS', command.options.map(optionEntry).join('\n')),
    section('SEE ALSO', '.BR shoal (1)'),
  ].join('\n');
}

function commandEntry(command: Command): string {
  const aliases = command.aliases().map((alias) => `, ${alias}`);
  const forms = command.usage().replaceAll('[options] ', '').split('\n').join(' or ').replace(/\s+/g, ' ');
  const options = command.options.filter(({ hidden }) => !hidden).map(optionEntry);
  return [
    `.TP\n.B ${roff([command.name(), ...aliases].join(''))}\n${roff(`${forms}: ${command.description()}`)}`,
    ...(options.length > 0 ? ['.RS', ...options, '.RE'] : []),
  ].join('\n');
}

function optionEntry({ flags, description }: Option): string {
  return entry(flags, description);
}

function entry(term: string, text: string): string {
  return `.TP\n.B ${roff(term)}\n${roff(text)}`;
}

function header(title: string, chapter: number, version: string): string {
  return `.TH ${title} ${chapter} "" "Shoal ${version}" "Shoal"`;
}

function section(title: string, body: string): string {
  return `.SH ${title}\n${body}`;
}

/** Text for literal output by roff: backslashes and hyphens escaped, no line that starts like a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map((line) => line.trim().replace(/^(?=[.'])/, '\\&'))
    .filter((line) => line !== '')
    .join('\n.br\n');
}
