import { fold, WORD_LENGTH_MAX } from '../../../Protocol/SearchWords.ts';
import { type FileTable, SHARED } from './FileTable.ts';

/** Rows of a block: building its text again after a change takes about a millisecond. */
const BLOCK_ROWS = 4_096;

/** Folded paths of BLOCK_ROWS rows, a line each; lines of rows that are not shared are empty. */
interface Block {
  readonly text: string;
  /** Position of each line, and of the end. */
  readonly starts: Uint32Array;
}

/**
 * Shared paths as text, for searches by words: finding a word in a long text is 10 times faster than in a million short
 * ones. Built a block at a time, by `buildNext` or at the next search.
 */
export class PathText {
  readonly #table: FileTable;
  readonly #blocks: (Block | undefined)[] = [];

  constructor(table: FileTable) {
    this.#table = table;
  }

  /** Records that a row is shared, or no longer. */
  changed(row: number): void {
    const block = Math.floor(row / BLOCK_ROWS);
    if (block < this.#blocks.length) this.#blocks[block] = undefined;
  }

  /**
   * Rows whose path may match: it has every word, the last one as the start of a word. Words of scripts without spaces
   * are found anywhere, so a match has to be checked by `matchOfPath`.
   * @param words - folded, at least one
   */
  *rowsWith(words: readonly string[]): Generator<number> {
    for (let block = 0; block * BLOCK_ROWS < this.#table.end; block++) {
      this.#blocks[block] ??= this.#build(block * BLOCK_ROWS);
      const { text, starts } = this.#blocks[block] as Block;
      for (const line of linesWith(words, text, starts)) yield block * BLOCK_ROWS + line;
    }
  }

  /** Builds one missing block. @returns whether another one is missing */
  buildNext(): boolean {
    const next = this.#firstMissing();
    if (next === undefined) return false;
    this.#blocks[next] = this.#build(next * BLOCK_ROWS);
    return this.#firstMissing() !== undefined;
  }

  #firstMissing(): number | undefined {
    for (let block = 0; block * BLOCK_ROWS < this.#table.end; block++)
      if (this.#blocks[block] === undefined) return block;
    return undefined;
  }

  #build(first: number): Block {
    const table = this.#table;
    const rows = Math.min(BLOCK_ROWS, table.end - first);
    const lines: string[] = [];
    const starts = new Uint32Array(rows + 1);
    let at = 0;
    for (let index = 0; index < rows; index++) {
      const line = table.has(first + index, SHARED) ? fold(table.path(first + index)) : '';
      lines.push(line);
      starts[index] = at;
      at += line.length + 1;
    }
    starts[rows] = at;
    return { text: lines.join('\n'), starts };
  }
}

/**
 * Lines that have all words. Each step goes to the next line of the word that is farthest ahead: the rarest decides.
 */
function* linesWith(words: readonly string[], text: string, starts: Uint32Array): Generator<number> {
  for (let line = 0; line < starts.length - 1; ) {
    let found = line;
    for (const [index, word] of words.entries()) {
      const isWhole = index < words.length - 1 && word.length < WORD_LENGTH_MAX;
      const at = positionOf(word, isWhole, text, starts[found] ?? 0);
      if (at < 0) return;
      found = lineAt(starts, at, found);
    }
    if (found === line) yield line++;
    else line = found;
  }
}

/** First position from `from` at which a word of the text is this word, or only begins with it. -1: none. */
function positionOf(word: string, isWhole: boolean, text: string, from: number): number {
  let at = text.indexOf(word, from);
  while (at >= 0 && (isWithin(text, at) || (isWhole && isWithin(text, at + word.length))))
    at = text.indexOf(word, at + 1);
  return at;
}

/** Whether a position lies between ASCII letters and digits, within a word. Other scripts may break words anywhere. */
function isWithin(text: string, at: number): boolean {
  return isLetter(text.charCodeAt(at - 1)) && isLetter(text.charCodeAt(at));
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** The line of a position, which is not before `from`. */
function lineAt(starts: Uint32Array, at: number, from: number): number {
  let low = from;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  return low;
}
