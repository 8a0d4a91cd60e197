import { safeText } from '../../../Shared/SafeText.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { CommandCall, CommandTable } from '../Command.ts';
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
  const args = rest.filter((word) => !isFlag(word)).map((word) => word.text);
  const flags = new Set(rest.filter(isFlag).map((word) => word.text.toLowerCase()));
  const call = { ...named, args, flags };
  checkFlags(call);
  checkArguments(call);
  return call;
}

/** Whether a line asks for JSON, even if it does not parse. */
export function wantsJson(line: string): boolean {
  return /(^|[ \t])--json([ \t]|$)/i.test(line);
}

function isFlag(word: Word): boolean {
  return !word.quoted && /^--./.test(word.text);
}

function checkFlags({ name, command, flags }: CommandCall): void {
  const known: string[] = [JSON_FLAG, ...(command.flags ?? [])].map((flag) => flag.name);
  for (const flag of flags) {
    if (known.includes(flag)) continue;
    throw new ShoalError('USAGE', `${name} has no flag ${safeText(flag.slice(0, 40))}`, {
      hint: `Its flags: ${known.join(', ')}. A name that begins with -- goes in quotes.`,
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
