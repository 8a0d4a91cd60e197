import fastStringWidth from 'fast-string-width';

const ELLIPSIS = '…';
const ASCII = /^[\x20-\x7e]*$/;
/** Made when a text is split for the first time: it loads 17 ms of tables, which few commands need. */
let graphemes: Intl.Segmenter | undefined;

/** Width of a safe text on a terminal, in columns. Composed first: a Korean syllable may come as three letters. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : fastStringWidth(text.normalize('NFC'));
}

/** Pads with spaces to `width` columns; a longer text is returned unchanged. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + fill : fill + text;
}

/** Shortens to `width` columns with an ellipsis at the end. */
export function shortenEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  return takeFitting(split(text), width - 1).join('') + ELLIPSIS;
}

/** Shortens to `width` columns with an ellipsis in the middle: a file name keeps its beginning and its extension. */
export function shortenMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 5) return shortenEnd(text, width);
  const parts = split(text);
  // A third of the width for the end; a usual extension stays whole.
  const extension = /\.[^./\\ ]{1,8}\/?$/.exec(text)?.[0] ?? '';
  const tailWidth = Math.min(width - 3, Math.max(Math.floor((width - 1) / 3), widthOf(extension) + 1));
  const tail = takeFitting(parts.toReversed(), tailWidth).reverse();
  const tailText = tail.join('');
  const head = takeFitting(parts, width - 1 - widthOf(tailText));
  return head.join('') + ELLIPSIS + tailText;
}

/** The longest run of first parts that fits. */
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

/** Splits into graphemes: an accent or a skin tone stays with its base. */
function split(text: string): string[] {
  if (ASCII.test(text)) return Array.from(text);
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(graphemes.segment(text), (part) => part.segment);
}
