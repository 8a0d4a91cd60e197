import stringWidth from 'string-width';

const ELLIPSIS = '…';
const ASCII = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that a safe text takes on a terminal. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** Fills with spaces up to `width` columns; longer text stays as it is. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + fill : fill + text;
}

/** Cut to `width` columns with an ellipsis at the end. */
export function shortenEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  return takeFitting(split(text), width - 1).join('') + ELLIPSIS;
}

/** Cut to `width` columns with an ellipsis in the middle, so that a file name keeps its beginning and its extension. */
export function shortenMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 5) return shortenEnd(text, width);
  const parts = split(text);
  // A third of the place for the end; all of a usual extension if that is more.
  const extension = /\.[^./\\ ]{1,8}\/?$/.exec(text)?.[0] ?? '';
  const tailWidth = Math.min(width - 3, Math.max(Math.floor((width - 1) / 3), widthOf(extension) + 1));
  const tail = takeFitting(parts.toReversed(), tailWidth).reverse();
  const tailText = tail.join('');
  const head = takeFitting(parts, width - 1 - widthOf(tailText));
  return head.join('') + ELLIPSIS + tailText;
}

/** As many of the parts, from the first, as fit. */
function takeFitting(parts: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const part of parts) {
    used += widthOf(part);
    if (used > width) break;
    taken.push(part);
  }
  return taken;
}

/** What the user sees as letters: an accent or a skin tone is not torn from its base. */
function split(text: string): string[] {
  return ASCII.test(text) ? Array.from(text) : Array.from(graphemes.segment(text), (part) => part.segment);
}
