import stringWidth from 'string-width';

/** The control sequences that keep a block of live lines above the line being typed (ECMA-48). */

/** The line under the user's hands, as it stands on the screen. */
export interface TypedLine {
  readonly prompt: string;
  readonly text: string;
  /** UTF-16 units of `text` before the cursor. */
  readonly cursor: number;
}

export interface Block {
  /** Each fits one row. */
  readonly live: readonly string[];
  readonly typed: TypedLine;
}

interface Position {
  readonly row: number;
  readonly column: number;
}

const CLEAR_DOWN = '\u001b[J';
const CLEAR_RIGHT = '\u001b[K';
/** Columns of a tab stop; a pasted tab stays in the line. */
const TAB = 8;

/** Where a terminal of so many columns is after printing a text from the first column on. */
export function positionAfter(text: string, columns: number): Position {
  let row = 0;
  let column = 0;
  for (const char of text) {
    const width = char === '\t' ? TAB - (column % TAB) : stringWidth(char);
    // A wide letter is not torn: it goes to the next row.
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

/** Takes the block away; the cursor is left where it began. */
export function eraseFrame(block: Block, columns: number): string {
  const { row } = cursorOf(block.typed, columns);
  return `${up(block.live.length + row)}\r${CLEAR_DOWN}`;
}

/** Takes the block away after Enter was echoed: the cursor stands below the typed line. */
export function enteredFrame(block: Block, columns: number): string {
  const { row } = positionAfter(block.typed.prompt + block.typed.text, columns);
  return `${up(block.live.length + row + 1)}\r${CLEAR_DOWN}`;
}

/** Draws the block from the first column of an empty row on. */
export function drawFrame(block: Block, columns: number): string {
  const { prompt, text } = block.typed;
  const end = positionAfter(prompt + text, columns);
  const cursor = cursorOf(block.typed, columns);
  const live = block.live.map((line) => `${line}\n`).join('');
  // A row that is just full leaves the cursor on its last column: a blank makes the terminal begin the next one.
  const turn = end.column === 0 && end.row > 0 ? ' ' : '';
  return `${live}${prompt}${text}${turn}${up(end.row - cursor.row)}\r${right(cursor.column)}`;
}

/** New live lines, as many as before, in place: what is being typed is not touched at all. */
export function updateFrame(block: Block, columns: number): string {
  const { row, column } = cursorOf(block.typed, columns);
  const live = block.live.map((line) => `\r${line}${CLEAR_RIGHT}\n`).join('');
  return `${up(block.live.length + row)}${live}${down(row)}\r${right(column)}`;
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
