import { safeText } from '../../../Shared/Text/SafeText.ts';
import { COMMANDS } from '../All/Commands.ts';
import type { CompletionSources } from '../Command.ts';
import { quoteWord, scanLine, type Word } from '../Line/CommandParser.ts';
import { commandWords, findCommand } from '../Line/FindCommand.ts';
import { argumentRange, JSON_FLAG } from '../Line/Usage.ts';

/** Effect of the Tab key. */
export interface Completion {
  /** Replacement for `replaces`; undefined: nothing to insert. */
  readonly insert: string | undefined;
  /** The text directly before the cursor that is replaced. */
  readonly replaces: string;
  /** All candidates, in order; safe to print. */
  readonly choices: readonly string[];
}

/** Completes the text before the cursor. */
export function complete(line: string, peer: Omit<CompletionSources, 'commands'>): Completion {
  const sources = { ...peer, commands: typedCommands };
  const { words, open, ended } = scanLine(line);
  const current = ended ? undefined : words.at(-1);
  const before = current === undefined ? words : words.slice(0, -1);
  const typed = current === undefined ? '' : line.slice(current.start);
  const text = current?.text ?? '';
  const [first, ...rest] = before;
  const command = first && findCommand(COMMANDS, first.text)?.command;
  const isFlag = (word: Word | undefined) => word?.quoted === false && word.text.startsWith('--');
  const awaitsValue = (word: Word | undefined) =>
    isFlag(word) &&
    command?.flags?.some(({ name, value }) => value !== undefined && name === word?.text.toLowerCase());
  const args = rest
    .filter((word, index) => !isFlag(word) && !awaitsValue(rest[index - 1]))
    .map((word) => word.text);
  const candidates = () => {
    if (first === undefined) return typedCommands();
    if (command === undefined || awaitsValue(rest.at(-1))) return [];
    if (text.startsWith('--') && !current?.quoted)
      return [...(command.flags ?? []), JSON_FLAG].map((flag) => flag.name);
    const { completes = [] } = command;
    if (args.length >= argumentRange(command).max) return [];
    return completes[Math.min(args.length, completes.length - 1)]?.(sources) ?? [];
  };
  const wanted = text.toLowerCase();
  const hits = [...new Set(candidates())]
    .filter((candidate) => !args.includes(candidate))
    .filter((candidate) => candidate.toLowerCase().startsWith(wanted) && isNextLevel(candidate, text))
    // An unsafe name can be neither shown nor typed: its file is downloaded by its id.
    .filter((candidate) => safeText(candidate) === candidate)
    .sort((a, b) => (a < b ? -1 : 1));
  return choose(hits, typed, open !== undefined || current?.quoted === true);
}

function choose(hits: readonly string[], typed: string, quoted: boolean): Completion {
  const [only] = hits;
  if (only === undefined) return { insert: undefined, replaces: typed, choices: [] };
  if (hits.length === 1) {
    const whole = only.startsWith('--') ? only : quoteWord(only, quoted);
    // Typing continues inside a folder; any other word is complete.
    const insert = only.endsWith('/') ? openEnded(whole) : `${whole} `;
    return { insert, replaces: typed, choices: [only] };
  }
  const prefix = commonPrefix(hits);
  const anyQuoted = quoted || hits.some((hit) => !hit.startsWith('--') && quoteWord(hit) !== hit);
  const start = anyQuoted ? openEnded(quoteWord(prefix, true)) : prefix;
  return { insert: start.length > typed.length ? start : undefined, replaces: typed, choices: hits };
}

/** A quoted word without its closing quote, so that typing can continue. */
function openEnded(word: string): string {
  const quote = word[0];
  return (quote === '"' || quote === "'") && word.length > 1 && word.endsWith(quote)
    ? word.slice(0, -1)
    : word;
}

/** One-letter aliases need no completion. */
function typedCommands(): string[] {
  return commandWords(COMMANDS).filter((word) => word.length > 1);
}

/** Offers folders one level at a time. */
function isNextLevel(candidate: string, typed: string): boolean {
  if (!candidate.endsWith('/')) return true;
  return candidate !== typed && candidate.split('/').length <= typed.split('/').length + 1;
}

function commonPrefix(words: readonly string[]): string {
  let prefix = words[0] ?? '';
  for (const word of words) {
    while (!word.startsWith(prefix)) prefix = prefix.slice(0, -1);
  }
  // Never half of a surrogate pair.
  return /[\ud800-\udbff]$/.test(prefix) ? prefix.slice(0, -1) : prefix;
}
