import { ShoalError } from '../../../Shared/ShoalError.ts';

/** Longest command line, in UTF-16 units: far above any path, and bounds a pipe of garbage without line ends. */
export const LINE_LENGTH_MAX = 64 * 1_024;

type Quote = '"' | "'";

/** One word of a command line. */
export interface Word {
  readonly text: string;
  /** A quoted word is never a flag. */
  readonly quoted: boolean;
  /** Index of its first character in the line, its quote included. */
  readonly start: number;
}

export interface ScannedLine {
  readonly words: readonly Word[];
  /** The missing closing quote of the last word, if any. */
  readonly open: Quote | undefined;
  /** The line is empty or ends in white space: the next character begins a new word. */
  readonly ended: boolean;
}

/**
 * Splits a line into words at spaces and tabs. A word that begins with `"` or `'` extends to the same quote, spaces
 * included; elsewhere quotes are letters (`don't.txt`). Inside quotes `\"` (or `\'`) is the quote itself; every other
 * backslash is a backslash, so that Windows paths survive. Characters directly after a closing quote belong to the
 * word.
 */
export function scanLine(line: string): ScannedLine {
  const words: Word[] = [];
  let at = 0;
  let open: Quote | undefined;
  while (at < line.length) {
    if (isBlank(line[at])) {
      at++;
      continue;
    }
    const start = at;
    const first = line[at];
    let text = '';
    const quoted = first === '"' || first === "'";
    if (quoted) {
      open = first;
      for (at++; at < line.length && line[at] !== first; at++) {
        if (line[at] === '\\' && line[at + 1] === first) at++;
        text += line[at];
      }
      if (at < line.length) {
        open = undefined;
        at++;
      }
    }
    while (at < line.length && !isBlank(line[at])) text += line[at++];
    words.push({ text, quoted, start });
  }
  const ended = open === undefined && (line === '' || isBlank(line.at(-1)));
  return { words, open, ended };
}

/**
 * Splits a complete line.
 * @throws ShoalError USAGE when a quote is not closed
 */
export function splitLine(line: string): readonly Word[] {
  const { words, open } = scanLine(line);
  if (open === undefined) return words;
  const other = open === '"' ? "'" : '"';
  throw new ShoalError('USAGE', `the quote ${open} has no closing quote`, {
    hint: `Close it with ${open}. A name that begins with ${open} goes between ${other} and ${other}.`,
  });
}

/** Quotes a text where needed, so that it parses as one word that is no flag. @param always - quotes in any case */
export function quoteWord(text: string, always = false): string {
  const plain = text !== '' && !/[ \t]|^["']|^--/.test(text);
  if (plain && !always) return text;
  const quote: Quote = text.includes('"') && !text.includes("'") ? "'" : '"';
  // A final backslash would escape the closing quote, so it goes after that quote.
  const tail = /\\+$/.exec(text)?.[0] ?? '';
  const body = text.slice(0, text.length - tail.length);
  return quote + body.replaceAll(quote, `\\${quote}`) + quote + tail;
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}

/** The error for a line above LINE_LENGTH_MAX. */
export function lineTooLong(): ShoalError {
  return new ShoalError('USAGE', `the line is longer than ${LINE_LENGTH_MAX / 1_024} KiB`, {
    hint: (command) => `Write one command per line. List of commands: ${command('help')}`,
  });
}
