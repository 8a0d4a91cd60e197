import { ShoalError } from '../../Shared/ShoalError.ts';

/** Longest command line, in UTF-16 units. Far above any path; a pipe of garbage without line ends stops here. */
export const LINE_LENGTH_MAX = 64 * 1_024;

export type Quote = '"' | "'";

/** A word of a command line. */
export interface Word {
  readonly text: string;
  /** A quoted word is never a flag. */
  readonly quoted: boolean;
  /** Where it begins in the line, its quote included. */
  readonly start: number;
}

export interface ScannedLine {
  readonly words: readonly Word[];
  /** The quote that the last word lacks, if any. */
  readonly open: Quote | undefined;
  /** The line ends in white space after the last word (or is empty): what is typed next begins a new word. */
  readonly ended: boolean;
}

/**
 * Splits a line into words at spaces and tabs. A word that begins with `"` or `'` goes on to the same quote, spaces
 * included; elsewhere quotes are letters (`don't.txt`). Inside quotes `\"` (or `\'`) is the quote itself; every other
 * backslash is a backslash, so that Windows paths survive. What follows a closing quote directly belongs to the word.
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
 * The words of a whole line.
 * @throws ShoalError USAGE when a quote is not closed
 */
export function splitLine(line: string): readonly Word[] {
  const { words, open } = scanLine(line);
  if (open === undefined) return words;
  const other = open === '"' ? "'" : '"';
  throw new ShoalError('USAGE', `the quote ${open} is never closed`, {
    hint: `End the name with ${open}; a name that begins with ${open} itself goes between ${other} and ${other}.`,
  });
}

/** How to type a text so that it comes back as one word that is no flag. @param always - quotes even if not needed */
export function quoteWord(text: string, always = false): string {
  const plain = text !== '' && !/[ \t]|^["']|^--/.test(text);
  if (plain && !always) return text;
  const quote: Quote = text.includes('"') && !text.includes("'") ? "'" : '"';
  // A backslash at the end would make the closing quote part of the name: it follows the quote instead.
  const tail = /\\+$/.exec(text)?.[0] ?? '';
  const body = text.slice(0, text.length - tail.length);
  return quote + body.replaceAll(quote, `\\${quote}`) + quote + tail;
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}
