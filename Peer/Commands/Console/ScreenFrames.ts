import { widthOf } from '../Views/TextFit.ts';

/** Control sequences (ECMA-48) that keep a block of live lines above the typed line. */

/** The typed line as it is on the screen. */
export interface TypedLine {
  readonly prompt: string;
  readonly text: string;
  /** UTF-16 units of `text` before the cursor. */
  readonly cursor: number;
}

export interface Block {
  /** Each line fits one row when it is drawn; it wraps when the terminal becomes narrower. */
  readonly live: readonly string[];
  readonly typed: TypedLine;
}

interface Position {
  readonly row: number;
  readonly column: number;
}

const CLEAR_DOWN = '\u001b[J';
const CLEAR_RIGHT = '\u001b[K';
/** Distance of tab stops, in columns: a pasted tab stays in the line. */
const TAB = 8;

/** Cursor position after printing a text from the first column of a terminal with `columns` columns. */
function positionAfter(text: string, columns: number): Position {
  let row = 0;
  let column = 0;
  for (const char of text) {
    const width = char === '\t' ? TAB - (column % TAB) : widthOf(char);
    // A wide character is not split: it goes to the next row.
    if (column + width > columns) {
      row++;
      column = 0;
    }
    column += width;
    if (column === columns && width > 0) {
      row++;
      column = 0;
    }
  }
  return { row, column };
}

/** Erases the block; the cursor ends at its first row. */
export function eraseFrame(block: Block, columns: number): string {
  const { row } = cursorOf(block.typed, columns);
  return `${up(rowsOf(block.live, columns) + row)}\r${CLEAR_DOWN}`;
}

/** Erases the block after Enter was echoed, when the cursor is below the typed line. */
export function enteredFrame(block: Block, columns: number): string {
  const { row } = positionAfter(block.typed.prompt + block.typed.text, columns);
  return `${up(rowsOf(block.live, columns) + row + 1)}\r${CLEAR_DOWN}`;
}

/** Draws the block from the first column of an empty row. */
export function drawFrame(block: Block, columns: number): string {
  const { prompt, text } = block.typed;
  const end = positionAfter(prompt + text, columns);
  const cursor = cursorOf(block.typed, columns);
  const live = block.live.map((line) => `${line}\n`).join('');
  // A full row leaves the cursor on its last column: a blank makes the terminal wrap.
  const wrap = end.column === 0 && end.row > 0 ? ' ' : '';
  return `${live}${prompt}${text}${wrap}${up(end.row - cursor.row)}\r${right(cursor.column)}`;
}

/** Overwrites an equal number of live lines in place; the typed line is not touched. */
export function updateFrame(block: Block, columns: number): string {
  const { row, column } = cursorOf(block.typed, columns);
  const live = block.live.map((line) => `\r${line}${CLEAR_RIGHT}\n`).join('');
  return `${up(block.live.length + row)}${live}${down(row)}\r${right(column)}`;
}

/** Rows that live lines cover. */
export function rowsOf(live: readonly string[], columns: number): number {
  return live.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}

function cursorOf(typed: TypedLine, columns: number): Position {
  return positionAfter(typed.prompt + typed.text.slice(0, typed.cursor), columns);
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}

function down(rows: number): string {
  return rows > 0 ? `\u001b[${rows}B` : '';
}

function right(columns: number): string {
  return columns > 0 ? `\u001b[${columns}C` : '';
}
