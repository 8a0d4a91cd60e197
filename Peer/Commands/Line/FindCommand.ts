import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CommandTable, ConsoleCommand } from '../Command.ts';
import { nearest } from './EditDistance.ts';

export interface NamedCommand {
  readonly name: string;
  readonly command: ConsoleCommand;
}

/** Names and aliases of all commands. */
export function commandWords(table: CommandTable): string[] {
  return Object.entries(table).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
}

/** Finds a command by name or alias, in upper or lower case. */
export function findCommand(table: CommandTable, typed: string): NamedCommand | undefined {
  const word = typed.toLowerCase();
  for (const [name, command] of Object.entries(table))
    if (name === word || command.aliases?.includes(word)) return { name, command };
  return undefined;
}

/** The USAGE error for a word that names no command, with the most similar command as its hint. */
export function unknownCommand(table: CommandTable, word: string): ShoalError {
  const suggestion = suggestCommand(table, word);
  const shown = safeText(word.length > 40 ? `${word.slice(0, 40)}…` : word);
  return new ShoalError('USAGE', `unknown command "${shown}"`, {
    hint:
      suggestion === undefined
        ? (command) => `List of commands: ${command('help')}`
        : `Did you mean ${suggestion}?`,
  });
}

/** The command or alias that an unknown word is most similar to. */
export function suggestCommand(table: CommandTable, word: string): string | undefined {
  // One-letter aliases are similar to everything.
  return nearest(
    word.toLowerCase(),
    commandWords(table).filter((candidate) => candidate.length > 1),
  );
}
