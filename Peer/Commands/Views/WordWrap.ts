import { pad, shortenMiddle, widthOf } from './TextFit.ts';

/** Narrowest text beside a label, in columns. */
const TEXT_WIDTH_MIN = 20;

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
  if (width === Number.POSITIVE_INFINITY) return text;
  const fits = (line: string) => widthOf(line) <= width;
  return text
    .split('\n')
    .flatMap((line) => (fits(line) ? line : wrapWords(line, width)))
    .join('\n');
}

/**
 * A label, and its text from column `left` of each line on. On a narrow terminal the text is below the label.
 * @param paint - colours the label
 */
export function labelledLines(
  label: string,
  text: string,
  left: number,
  width: number,
  paint = (plain: string) => plain,
): string[] {
  if (width - left < TEXT_WIDTH_MIN)
    return [paint(label), ...wrapWords(text, width - 4).map((line) => `    ${line}`)];
  return wrapWords(text, width - left).map(
    (line, index) => paint(pad(index === 0 ? label : '', left)) + line,
  );
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
