import stringWidth from 'fast-string-width';
import { expect, test } from 'vitest';
import type { DemoDownload } from '../../Demo/DemoPeer.ts';
import { equalityTable, givenTable, progressText } from '../../Demo/DemoViews.ts';
import { makePaint } from '../../Peer/Commands/Views/ViewStyle.ts';

const NAMES = ['first', 'second', 'third', 'fourth'];
const download: DemoDownload = {
  state: 'fetching',
  size: 268_000_000,
  bytes: 100_000_000,
  bytesPerSecond: 112e6,
  tookMs: 2_345,
  error: null,
  sources: NAMES.map((name) => ({ name, bytes: 25_000_000 })),
};

test.each([40, 80, 200])('the output of the demo fits into %i columns', (width) => {
  const style = { width, paint: makePaint(false), rowsMax: Infinity };
  const texts = [
    progressText('fourth', download, width - 1),
    givenTable(NAMES, new Map(NAMES.map((name) => [name, download])), style),
    equalityTable(new Map(NAMES.map((name) => [name, 'ab'.repeat(32)])), style),
  ];
  for (const line of texts.join('\n').split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  expect(texts[1]?.includes('Speed')).toBe(width > 40);
});
