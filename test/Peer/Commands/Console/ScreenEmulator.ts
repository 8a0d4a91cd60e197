import { Writable } from 'node:stream';
import stringWidth from 'fast-string-width';

/** Emulates the screen of a terminal. Supports the sequences that readline and the console send; any other throws. */
export class ScreenEmulator extends Writable {
  readonly columns: number;
  /** Everything written, for golden tests. */
  raw = '';
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** Pending wrap: the cursor stays behind the last column until the next character. */
  #hanging = false;

  constructor(columns: number) {
    super({ decodeStrings: false });
    this.columns = columns;
  }

  /** Rows without trailing blanks, without empty rows at the end. */
  get lines(): string[] {
    const lines = this.#rows.map((row) =>
      Array.from({ length: row.length }, (_, column) => row[column] ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** An empty screen, as another program leaves it. */
  clear(): void {
    this.#rows = [[]];
    this.#moveTo(0, 0);
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString();
    this.raw += text;
    for (const [token] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|[\s\S]/gu)) {
      if (token.startsWith('\u001b['))
        this.#control(Number(token.slice(2, -1) || '1'), token.slice(-1), token);
      else this.#letter(token);
    }
    done();
  }

  #letter(letter: string): void {
    if (letter === '\r') this.#moveTo(this.#row, 0);
    else if (letter === '\n') {
      this.#moveTo(this.#row + 1, 0);
    } else {
      if (letter < ' ') throw new Error(`control character ${JSON.stringify(letter)}`);
      const width = stringWidth(letter);
      if (this.#hanging || this.#column + width > this.columns) this.#moveTo(this.#row + 1, 0);
      const row = this.#rows[this.#row] ?? [];
      row[this.#column] = letter;
      for (let more = 1; more < width; more++) row[this.#column + more] = '';
      this.#column += width;
      if (this.#column >= this.columns) {
        this.#column = this.columns - 1;
        this.#hanging = true;
      }
    }
  }

  #control(count: number, kind: string, token: string): void {
    if (kind === 'A') this.#moveTo(Math.max(0, this.#row - count), this.#column);
    else if (kind === 'B') this.#moveTo(Math.min(this.#rows.length - 1, this.#row + count), this.#column);
    else if (kind === 'C') this.#moveTo(this.#row, Math.min(this.columns - 1, this.#column + count));
    else if (kind === 'D') this.#moveTo(this.#row, Math.max(0, this.#column - count));
    else if (kind === 'G') this.#moveTo(this.#row, count - 1);
    else if (kind === 'K') this.#rows[this.#row]?.splice(this.#column);
    else if (kind === 'J') {
      this.#rows.splice(this.#row + 1);
      this.#rows[this.#row]?.splice(this.#column);
    } else throw new Error(`unknown sequence ${JSON.stringify(token)}`);
  }

  #moveTo(row: number, column: number): void {
    while (this.#rows.length <= row) this.#rows.push([]);
    this.#row = row;
    this.#column = column;
    this.#hanging = false;
  }
}
