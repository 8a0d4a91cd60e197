import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import { COMMANDS } from '../All/Commands.ts';
import { quoteWord } from '../Line/CommandParser.ts';
import { findCommand } from '../Line/FindCommand.ts';
import { failed, type Outcome } from '../Running/CommandRunner.ts';

/** The question that the next line answers. */
type Asking =
  | { readonly kind: 'command' }
  | { readonly kind: 'choice' }
  | { readonly kind: 'name' }
  /** A choice between different files. */
  | { readonly kind: 'which'; readonly ids: readonly string[] };

export interface MenuAnswer {
  /** Outcome of the command, if one was run. */
  readonly outcome: Outcome | undefined;
  /** The outcome is a table to choose from, and not a failure yet. */
  readonly isChoice: boolean;
  /** Printed after the outcome; '' for nothing. */
  readonly text: string;
}

export const MENU_TEXT = '(1) download a file\n(2) list files\n(3) quit';

const CHOICES: Readonly<Record<string, string>> = { 1: 'download', 2: 'list', 3: 'quit' };

/**
 * The numbered menu in front of the commands. It translates a choice, a file name or the number of a file to a command
 * line. While it is closed, it passes lines through unchanged.
 */
export class Menu {
  /** Whether the console started with the menu; else an empty line returns to the commands. */
  readonly #isHome: boolean;
  #asking: Asking;

  /** @param isHome - starts open, and an empty line shows it again */
  constructor(isHome: boolean) {
    this.#isHome = isHome;
    this.#asking = { kind: isHome ? 'choice' : 'command' };
  }

  get isOpen(): boolean {
    return this.#asking.kind !== 'command';
  }

  /** Whether the user still has to choose between files. */
  get isUnanswered(): boolean {
    return this.#asking.kind === 'which';
  }

  /** Prompt of the typed line; '' while closed. */
  get prompt(): string {
    return promptOf(this.#asking);
  }

  /** @param execute - runs a command line */
  async answer(line: string, execute: (line: string) => Promise<Outcome | undefined>): Promise<MenuAnswer> {
    const asking = this.#asking;
    const typed = line.trim();
    if (asking.kind === 'command') return this.#run(line, execute);
    if (typed === '') return this.#back();
    if (asking.kind === 'name')
      return this.#run(`download ${quoteWord(withoutQuotes(typed), true)}`, execute);
    if (asking.kind === 'which') {
      const id = /^\d{1,4}$/.test(typed) ? asking.ids[Number(typed) - 1] : undefined;
      if (id !== undefined) return this.#run(`download ${id}`, execute);
      return wrong(
        `"${shown(typed)}" is not a number of the list`,
        `Choose 1-${asking.ids.length}, or enter an empty line to choose none.`,
      );
    }
    const command = CHOICES[typed.replace(/^\((.)\)$/, '$1')] ?? findCommand(COMMANDS, typed)?.name;
    if (command === 'download') {
      this.#asking = { kind: 'name' };
      return { outcome: undefined, isChoice: false, text: '' };
    }
    if (command === 'list' || command === 'quit') return this.#run(command, execute);
    return wrong(`"${shown(typed)}" is not in the menu`, 'Choose 1, 2 or 3.');
  }

  async #run(line: string, execute: (line: string) => Promise<Outcome | undefined>): Promise<MenuAnswer> {
    const outcome = await execute(line);
    const ids = choiceOf(outcome);
    const opens = this.isOpen || outcome?.result?.opensMenu === true;
    if (!opens) return { outcome, isChoice: false, text: '' };
    this.#asking = ids === undefined ? { kind: 'choice' } : { kind: 'which', ids };
    const isOver = ids !== undefined || outcome?.result?.quits === true;
    return { outcome, isChoice: ids !== undefined, text: isOver ? '' : MENU_TEXT };
  }

  #back(): MenuAnswer {
    const leaves = this.#asking.kind === 'choice' && !this.#isHome;
    this.#asking = { kind: leaves ? 'command' : 'choice' };
    return { outcome: undefined, isChoice: false, text: leaves ? '' : MENU_TEXT };
  }
}

function promptOf(asking: Asking): string {
  switch (asking.kind) {
    case 'command':
      return '';
    case 'choice':
      return 'Choose 1-3: ';
    case 'name':
      return 'Name of the file: ';
    case 'which':
      return `Which one, 1-${asking.ids.length}: `;
  }
}

/** Ids of the files to choose from. */
function choiceOf(outcome: Outcome | undefined): readonly string[] | undefined {
  if (outcome?.failure?.error.code !== 'AMBIGUOUS') return undefined;
  const ids = (outcome.result?.items ?? []).flatMap((item) =>
    'id' in item && typeof item.id === 'string' ? [item.id] : [],
  );
  return ids.length === 0 ? undefined : ids;
}

function wrong(message: string, hint: string): MenuAnswer {
  return { outcome: failed(new ShoalError('USAGE', message, { hint })), isChoice: false, text: '' };
}

/** Accepts quotes around a name, although the menu needs none. */
function withoutQuotes(text: string): string {
  const [, , inner] = /^(["'])(.+)\1$/.exec(text) ?? [];
  return inner ?? text;
}

function shown(text: string): string {
  return safeText(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
