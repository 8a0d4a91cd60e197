import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CommandCall, CommandTable, ConsoleCommand } from '../Command.ts';
import { splitLine, type Word } from '../Line/CommandParser.ts';
import { findCommand, unknownCommand } from '../Line/FindCommand.ts';
import { argumentRange, JSON_FLAG, usageError } from '../Line/Usage.ts';

/**
 * Parses a line; undefined for an empty line or a comment.
 * @throws ShoalError USAGE
 */
export function readCall(line: string, commands: CommandTable): CommandCall | undefined {
  if (line.trimStart().startsWith('#')) return undefined;
  const [first, ...rest] = splitLine(line);
  if (first === undefined) return undefined;
  const named = findCommand(commands, first.text);
  if (named === undefined) throw unknownCommand(commands, first.text);
  const call = { ...named, ...splitWords(rest, named.command) };
  checkFlags(call);
  checkArguments(call);
  return call;
}

/**
 * Separates arguments, flags and their values. After an unquoted `--` every word is an argument, as in a shell.
 * @throws ShoalError USAGE when a value is missing
 */
function splitWords(words: readonly Word[], command: ConsoleCommand) {
  const args: string[] = [];
  const flags = new Set<string>();
  const values = new Map<string, string>();
  let flagsEnded = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) continue;
    if (flagsEnded || !isFlag(word)) {
      args.push(word.text);
      continue;
    }
    if (word.text === '--') {
      flagsEnded = true;
      continue;
    }
    const [typed = '', ...attached] = word.text.split('=');
    const flag = typed.toLowerCase();
    const spec = command.flags?.find(({ name }) => name === flag);
    if (spec?.value === undefined) flags.add(word.text.toLowerCase());
    else {
      const value = attached.length > 0 ? attached.join('=') : words[++at]?.text;
      if (value === undefined || value === '')
        throw new ShoalError('USAGE', `${flag} needs a value`, { hint: `Write: ${flag} ${spec.value}` });
      flags.add(flag);
      values.set(flag, value);
    }
  }
  return { args, flags, values };
}

/** Full name of the command that a line begins with, even if it does not parse; '' for an unknown word. */
export function nameOf(line: string, commands: CommandTable): string {
  const [first = ''] = line.trimStart().split(/[ \t]/, 1);
  return findCommand(commands, first)?.name ?? '';
}

/** Whether a line asks for JSON, even if it does not parse. */
export function wantsJson(line: string): boolean {
  return /(^|[ \t])--json([ \t]|$)/i.test(line);
}

function isFlag(word: Word): boolean {
  return !word.quoted && word.text.startsWith('--');
}

function checkFlags({ name, command, flags }: CommandCall): void {
  const known: string[] = [JSON_FLAG, ...(command.flags ?? [])].map((flag) => flag.name);
  for (const flag of flags) {
    if (known.includes(flag)) continue;
    throw new ShoalError('USAGE', `${name} has no flag ${safeText(flag.slice(0, 40))}`, {
      hint: `Its flags: ${known.join(', ')}. A name that begins with -- goes in quotes, or after --.`,
    });
  }
}

function checkArguments(call: CommandCall): void {
  const { name, command, args } = call;
  const { min, max } = argumentRange(command);
  const count = (number: number) => `${number} argument${number === 1 ? '' : 's'}`;
  if (args.length < min) throw usageError(call, `${name} needs at least ${count(min)}, not ${args.length}`);
  if (max === 0 && args.length > 0) throw usageError(call, `${name} takes no arguments`);
  if (args.length > max)
    throw usageError(
      call,
      `${name} takes at most ${count(max)}`,
      '. Names with spaces go in quotes: "my film.mkv".',
    );
  if (args.includes('')) throw usageError(call, `an argument of ${name} is empty`);
}
