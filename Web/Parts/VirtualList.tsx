import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

interface Props<Item> {
  readonly items: readonly Item[];
  readonly label: string;
  readonly keyOf: (item: Item) => string;
  readonly row: (item: Item) => ComponentChild;
  /** Called when the last items are near. */
  readonly onEnd?: () => void;
}

/** Height of a row in pixels, as in the style sheet. */
const ROW = 68;
const OVERSCAN = 8;

/** A list that keeps only the rows near the window in the document: 100,000 items scroll like ten. */
export function VirtualList<Item>({ items, label, keyOf, row, onEnd }: Props<Item>) {
  const list = useRef<HTMLUListElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const options = {
    count: items.length,
    getScrollElement: () => window,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
    scrollMargin: list.current === null ? 0 : list.current.getBoundingClientRect().top + scrollY,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    onChange: redraw,
  };
  const [virtual] = useState(() => new Virtualizer<Window, HTMLLIElement>(options));
  virtual.setOptions(options);
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - 1 - OVERSCAN * 2) onEnd?.();
  }, [last, items.length]);

  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const at = (document.activeElement?.closest('[data-index]') as HTMLElement | null)?.dataset.index;
    if (step === undefined || at === undefined) return;
    event.preventDefault();
    const to = Math.min(items.length - 1, Math.max(0, Number(at) + step));
    virtual.scrollToIndex(to, { align: 'auto' });
    // A row that is not in the document yet is there after the next drawing.
    if (!focusRow(list.current, to)) requestAnimationFrame(() => focusRow(list.current, to));
  };

  return (
    <ul
      class="rows"
      ref={list}
      aria-label={label}
      onKeyDown={move}
      style={{ height: `${virtual.getTotalSize()}px` }}
    >
      {rows.map(({ index, start }) => {
        const item = items[index];
        if (item === undefined) return null;
        return (
          <li
            key={keyOf(item)}
            class="row"
            data-index={index}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start - (virtual.options.scrollMargin ?? 0)}px)` }}
          >
            {row(item)}
          </li>
        );
      })}
    </ul>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

function focusRow(list: HTMLElement | null, index: number): boolean {
  const link = list?.querySelector<HTMLElement>(`[data-index="${index}"] a`);
  link?.focus({ preventScroll: true });
  return link !== null && link !== undefined;
}
