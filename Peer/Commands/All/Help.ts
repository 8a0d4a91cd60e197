import type { CommandTable, ConsoleCommand } from '../Command.ts';
import { commandNames } from '../Line/Arguments.ts';
import { findCommand, unknownCommand } from '../Line/FindCommand.ts';
import { JSON_FLAG, usageLines } from '../Line/Usage.ts';
import { widthOf } from '../Views/TextFit.ts';
import type { ViewStyle } from '../Views/ViewStyle.ts';
import { labelledLines, wrapWords } from '../Views/WordWrap.ts';

/** Widest column of text: longer lines are hard to read, also where no terminal limits them. */
const WIDTH_MAX = 80;

export const help: ConsoleCommand = {
  aliases: ['h', '?'],
  group: 'Console',
  usage: ['[command]'],
  summary: 'list of commands; with a command: its forms, flags and examples',
  examples: ['help', 'help download'],
  completes: [commandNames],
  oneShot: 'console only', // `shoal help` lists the commands of shoal.
  async run({ args: [word] }, { commands }) {
    if (word === undefined) {
      const items = Object.entries(commands).map(([name, command]) => helpItem(name, command));
      return { items, text: (style) => helpText(commands, style) };
    }
    const found = findCommand(commands, word);
    if (found === undefined) throw unknownCommand(commands, word);
    const { name, command } = found;
    return { items: [helpItem(name, command)], text: (style) => commandHelpText(name, command, style) };
  },
};

function helpItem(name: string, command: ConsoleCommand) {
  const { aliases = [], summary, examples } = command;
  return { name, aliases, usage: usageLines(name, command), summary, examples };
}

/** All commands with their aliases, by group. */
export function helpText(commands: CommandTable, style: ViewStyle): string {
  const width = Math.min(style.width, WIDTH_MAX);
  const rows = Object.entries(commands).map(([name, { aliases = [], group, summary }]) => {
    return { names: `  ${[name, ...aliases].join(', ')}`, group, summary };
  });
  const left = Math.max(...rows.map(({ names }) => widthOf(names))) + 2;
  const parts = [...new Set(rows.map((row) => row.group))].map((group) => {
    const lines = rows
      .filter((row) => row.group === group)
      .flatMap(({ names, summary }) => labelledLines(names, summary, left, width));
    return [style.paint.head(group), ...lines].join('\n');
  });
  const foot =
    'More about a command: help <command>. Names with spaces go in quotes. Every command has --json.';
  return [...parts, wrapWords(foot, width).map(style.paint.dim).join('\n')].join('\n\n');
}

/** Forms, details, aliases, flags and examples of one command. */
function commandHelpText(name: string, command: ConsoleCommand, style: ViewStyle): string {
  const width = Math.min(style.width, WIDTH_MAX);
  const { aliases = [], summary, details = [], flags = [], examples } = command;
  const spelt = [...flags, JSON_FLAG].map((flag) => {
    return { name: `  ${flag.name} ${flag.value ?? ''}`.trimEnd(), summary: flag.summary };
  });
  const left = Math.max(...spelt.map((flag) => widthOf(flag.name))) + 2;
  return [
    ...usageLines(name, command).map((line) => style.paint.head(line)),
    '',
    ...[`${summary}.`, ...details].flatMap((line) => wrapWords(line, width)),
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.join(', ')}`]),
    '',
    ...spelt.flatMap(({ name: flag, summary: meaning }) => labelledLines(flag, meaning, left, width)),
    '',
    ...examples.map((line) => `  ${style.paint.dim(line)}`),
  ].join('\n');
}
