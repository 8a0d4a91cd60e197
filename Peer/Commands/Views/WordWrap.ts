import { pad, shortenMiddle, widthOf } from './TextFit.ts';

/** Wraps a text at spaces into lines of at most `width` columns; a longer word gets a line of its own. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}

/** Wraps every line that is wider than `width` columns at its spaces; the others stay as they are. */
export function wrapLines(text: string, width: number): string {
  const fits = (line: string) => widthOf(line) <= width;
  return text
    .split('\n')
    .flatMap((line) => (fits(line) ? line : wrapWords(line, width)))
    .join('\n');
}

/** Arranges words in columns, row by row, at most `width` wide; a longer word is shortened. */
export function columnsText(words: readonly string[], width: number): string {
  const column = Math.min(width, Math.max(...words.map(widthOf)) + 2);
  const perRow = Math.max(1, Math.floor(width / column));
  const rows: string[] = [];
  for (let at = 0; at < words.length; at += perRow) {
    const row = words.slice(at, at + perRow).map((word) => pad(shortenMiddle(word, width - 1), column));
    rows.push(row.join('').trimEnd());
  }
  return rows.join('\n');
}
