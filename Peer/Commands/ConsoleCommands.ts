import { unknownCommand } from './CommandCall.ts';
import type { CommandHandler, ViewStyle } from './CommandResult.ts';
import { COMMANDS, type CommandSpec, findCommand, JSON_FLAG, usageLines } from './CommandTable.ts';
import { isActive } from './Views/DownloadTexts.ts';
import { plural } from './Views/HumanUnits.ts';
import { pad, widthOf } from './Views/TextFit.ts';
import { wrapWords } from './Views/WordWrap.ts';

/** Text is wrapped here when there is no terminal to say how wide it is. */
const USUAL_WIDTH = 80;

export const help: CommandHandler = async (call) => {
  const [word] = call.args;
  if (word === undefined) return { items: COMMANDS.map(helpItem), text: helpText };
  const spec = findCommand(word);
  if (spec === undefined) throw unknownCommand(word);
  return { items: [helpItem(spec)], text: (style) => commandHelpText(spec, style) };
};

export const quit: CommandHandler = async (_call, { controls }) => {
  const unfinished = controls.downloads().filter((download) => isActive(download.state)).length;
  const text = unfinished === 0 ? '' : `${plural(unfinished, 'download')} will go on next time`;
  return { text: () => text, quits: true };
};

/** The console shows it: a program has no use for it. */
export const menu: CommandHandler = async () => ({ data: {}, text: () => '', opensMenu: true });

function helpItem(spec: CommandSpec) {
  return { name: spec.name, aliases: spec.aliases, usage: usageLines(spec), summary: spec.summary };
}

/** All commands with their aliases, by group. */
export function helpText(style: ViewStyle): string {
  const width = Math.min(style.width, USUAL_WIDTH);
  const names = COMMANDS.map((spec) => [spec.name, ...spec.aliases].join(', '));
  const left = Math.max(...names.map(widthOf)) + 4;
  const groups = [...new Set(COMMANDS.map((spec) => spec.group))];
  const parts = groups.map((group) => {
    const lines = COMMANDS.flatMap((spec, index) => {
      if (spec.group !== group) return [];
      const summary = wrapWords(spec.summary, width - left);
      return summary.map((text, row) => pad(row === 0 ? `  ${names[index] ?? ''}` : '', left) + text);
    });
    return [style.paint.head(group), ...lines].join('\n');
  });
  const foot = 'More about one: help <command>. Names with spaces go in quotes. Every command knows --json.';
  return [...parts, wrapWords(foot, width).map(style.paint.dim).join('\n')].join('\n\n');
}

/** Forms, aliases and details of one command. */
export function commandHelpText(spec: CommandSpec, style: ViewStyle): string {
  const width = Math.min(style.width, USUAL_WIDTH);
  const flags = [...spec.flags, JSON_FLAG].map((flag) => `  ${pad(flag.name, 11)}${flag.summary}`);
  const aliases = spec.aliases.length === 0 ? [] : [`Also: ${spec.aliases.join(', ')}`];
  const details = [`${spec.summary}.`, ...spec.details].flatMap((line) => wrapWords(line, width));
  const usage = usageLines(spec).map((line) => style.paint.head(line));
  return [...usage, '', ...details, ...aliases, '', ...flags].join('\n');
}
