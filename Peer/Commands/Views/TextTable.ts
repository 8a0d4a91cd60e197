import CliTable from 'cli-table3';
import { formatCount } from './HumanUnits.ts';
import { pad, shortenEnd, shortenMiddle, widthOf } from './TextFit.ts';
import type { ViewStyle } from './ViewStyle.ts';

/** One column of a table of items. */
export interface Column<T> extends ColumnLayout {
  /** Content of the cell of an item. */
  readonly of: (item: T, index: number) => Cell | string;
}

interface ColumnLayout {
  readonly title: string;
  readonly align?: 'right';
  /** Place of shortening: names in the middle, lists at the end. Left out: the column is dropped or kept whole. */
  readonly shrink?: 'middle' | 'end';
  /** Narrowest width before a column is dropped instead. */
  readonly min?: number;
  /** The column may be dropped on a narrow terminal; the highest number goes first. */
  readonly drop?: number;
}

interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Columns between two cells. */
const GAP = 2;
const MIN_SHRUNK = 12;
/** Placeholder for one column of a cell while cli-table3 lays out the table. */
const FILLER = '\uE001';
const FIRST = '\uE000';

/** A table of at most `rowsMax` rows, with a line that counts the rest. @param narrower - how to get a shorter list */
export function limitedTable<T>(
  items: readonly T[],
  style: ViewStyle,
  narrower: string,
  columns: readonly Column<T>[],
): string {
  const table = renderTable(items.slice(0, style.rowsMax), style, columns);
  const more = items.length - style.rowsMax;
  return more <= 0 ? table : `${table}\n${style.paint.dim(`… and ${formatCount(more)} more. ${narrower}`)}`;
}

/**
 * Renders a table without frame: titles, a rule, a row for each item. No line is wider than `width` columns (from 20
 * on; `Infinity` shortens nothing). Every text must have gone through `safeText` and contain no line end.
 */
export function renderTable<T>(
  items: readonly T[],
  { width, paint }: Pick<ViewStyle, 'width' | 'paint'>,
  columns: readonly Column<T>[],
): string {
  // Cells are made twice: those of a million rows would take a gigabyte.
  const natural = columns.map((column) =>
    items.reduce(
      (widest, item, index) => Math.max(widest, widthOf(textOf(column.of(item, index)))),
      widthOf(column.title),
    ),
  );
  const widths = planWidths(columns, natural, width);
  const kept = columns.map((_, index) => index).filter((index) => (widths[index] ?? 0) > 0);
  const [head = '', rule = '', template = ''] = layOut(kept.map((index) => widths[index] ?? 0));
  const place = (index: number, text: string) => {
    const column = columns[index];
    const room = widths[index] ?? 0;
    const short = column?.shrink === 'middle' ? shortenMiddle(text, room) : shortenEnd(text, room);
    return pad(short, room, column?.align ?? 'left');
  };
  const titles = kept.map((index) => paint.head(place(index, columns[index]?.title ?? '')));
  const lines = items.map((item, row) =>
    fillIn(
      template,
      kept.map((index) => {
        const cell = columns[index]?.of(item, row);
        const text = place(index, textOf(cell));
        return typeof cell === 'object' && cell.paint !== undefined ? cell.paint(text) : text;
      }),
    ),
  );
  return [fillIn(head, titles), paint.dim(rule), ...lines].map((line) => line.trimEnd()).join('\n');
}

/**
 * Plans widths that fit: first the widest columns with `shrink` are narrowed, then columns with `drop` are dropped
 * (width 0), at last all columns are narrowed.
 */
function planWidths(columns: readonly ColumnLayout[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const total = () => {
    const kept = widths.filter((column) => column > 0);
    return kept.reduce((sum, column) => sum + column, 0) + GAP * Math.max(0, kept.length - 1);
  };
  const shrinkTo = (floor: (index: number) => number) => {
    while (total() > width) {
      let widest = -1;
      let second = 0;
      for (let index = 0; index < widths.length; index++) {
        const current = widths[index] ?? 0;
        if (current <= floor(index)) continue;
        if (widest < 0 || current > (widths[widest] ?? 0)) {
          second = widest < 0 ? 0 : (widths[widest] ?? 0);
          widest = index;
        } else second = Math.max(second, current);
      }
      if (widest < 0) return;
      const current = widths[widest] ?? 0;
      const wanted = Math.min(current - 1, Math.max(second, current - (total() - width)));
      widths[widest] = Math.max(floor(widest), wanted);
    }
  };
  const floorOf = (index: number) => {
    const column = columns[index];
    return column?.shrink === undefined ? Number.POSITIVE_INFINITY : (column.min ?? MIN_SHRUNK);
  };
  const dropOrder = columns
    .map((column, index) => ({ index, drop: column.drop ?? 0 }))
    .filter((entry) => entry.drop > 0)
    .sort((a, b) => b.drop - a.drop);
  shrinkTo(floorOf);
  for (const { index } of dropOrder) {
    if (total() <= width) break;
    widths[index] = 0;
    for (let other = 0; other < widths.length; other++) {
      if ((widths[other] ?? 0) > 0) widths[other] = natural[other] ?? 0;
    }
    shrinkTo(floorOf);
  }
  shrinkTo((index) => (columns[index]?.shrink === undefined ? Number.POSITIVE_INFINITY : 4));
  shrinkTo(() => 1);
  return widths;
}

/**
 * Title line, rule and one row as cli-table3 draws them, with placeholders for the texts. The texts are filled in
 * afterwards: cli-table3 measures emoji differently from terminals, supports no colours, and takes minutes for
 * 100,000 rows.
 */
function layOut(widths: readonly number[]): string[] {
  const fillers = widths.map((width) => FIRST + FILLER.repeat(width - 1));
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const under = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  const sides = { left: '', 'left-mid': '', right: '', 'right-mid': '' };
  const table = new CliTable({
    head: fillers,
    chars: { ...none, ...under, ...sides, mid: '─', 'mid-mid': '─'.repeat(GAP), middle: ' '.repeat(GAP) },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(fillers);
  return table.toString().split('\n');
}

function fillIn(template: string, texts: readonly string[]): string {
  let next = 0;
  return template.replace(/\uE000\uE001*/g, () => texts[next++] ?? '');
}

function textOf(cell: Cell | string | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}
