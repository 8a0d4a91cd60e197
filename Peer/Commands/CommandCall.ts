import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { splitLine, type Word } from './CommandParser.ts';
import { type CommandSpec, findCommand, JSON_FLAG, suggestCommand, usageLines } from './CommandTable.ts';

/** A line that makes sense: a known command with as many arguments as it takes and flags that it knows. */
export interface CommandCall {
  readonly spec: CommandSpec;
  readonly args: readonly string[];
  /** Lower case, with their dashes. */
  readonly flags: ReadonlySet<string>;
}

/**
 * Reads a line; undefined when there is nothing on it, or a comment.
 * @throws ShoalError USAGE
 */
export function readCall(line: string): CommandCall | undefined {
  if (line.trimStart().startsWith('#')) return undefined;
  const [first, ...rest] = splitLine(line);
  if (first === undefined) return undefined;
  const spec = findCommand(first.text);
  if (spec === undefined) throw unknownCommand(first.text);
  const args = rest.filter((word) => !isFlag(word)).map((word) => word.text);
  const flags = new Set(rest.filter(isFlag).map((word) => word.text.toLowerCase()));
  checkFlags(spec, flags);
  if (args.length < spec.minArguments || args.length > spec.maxArguments) {
    throw wrongArguments(spec, args);
  }
  if (args.includes('')) throw usageError(spec, 'an empty name means nothing');
  return { spec, args, flags };
}

/** Whether a line asks for JSON, even if it makes no sense otherwise. */
export function wantsJson(line: string): boolean {
  return /(^|[ \t])--json([ \t]|$)/i.test(line);
}

/** A usage error of a known command, with its forms as the hint. */
export function usageError(spec: CommandSpec, message: string): ShoalError {
  return new ShoalError('USAGE', message, { hint: `Usage: ${usageLines(spec).join(' | ')}` });
}

export function unknownCommand(word: string): ShoalError {
  const suggestion = suggestCommand(word);
  const shown = safeText(word.length > 40 ? `${word.slice(0, 40)}…` : word);
  return new ShoalError('USAGE', `there is no command "${shown}"`, {
    hint: suggestion === undefined ? 'Type help for the list.' : `Did you mean ${suggestion}?`,
  });
}

function isFlag(word: Word): boolean {
  return !word.quoted && /^--./.test(word.text);
}

function checkFlags(spec: CommandSpec, flags: ReadonlySet<string>): void {
  const known: string[] = [JSON_FLAG, ...spec.flags].map((flag) => flag.name);
  for (const flag of flags) {
    if (known.includes(flag)) continue;
    throw new ShoalError('USAGE', `${spec.name} knows no ${safeText(flag.slice(0, 40))}`, {
      hint: `It knows ${known.join(', ')}. A name that begins with -- goes in quotes.`,
    });
  }
}

function wrongArguments(spec: CommandSpec, args: readonly string[]): ShoalError {
  if (args.length < spec.minArguments) {
    return usageError(
      spec,
      args.length === 0 ? `${spec.name} needs to know what` : `${spec.name} needs more`,
    );
  }
  if (spec.maxArguments === 0) return usageError(spec, `${spec.name} takes no arguments`);
  return new ShoalError(
    'USAGE',
    `${spec.name} takes at most ${spec.maxArguments} argument${spec.maxArguments === 1 ? '' : 's'}`,
    {
      hint: `Usage: ${usageLines(spec).join(' | ')}. Names with spaces go in quotes: "my film.mkv".`,
    },
  );
}
