import { bar, formatBytes, formatDuration, formatRate, percent } from '../Peer/Commands/Views/HumanUnits.ts';
import { type Column, renderTable } from '../Peer/Commands/Views/TextTable.ts';
import type { ViewStyle } from '../Peer/Commands/Views/ViewStyle.ts';
import type { DemoDownload } from './DemoPeer.ts';

const BAR_MAX = 30;
const BAR_MIN = 6;
/** Columns of a progress line without its bar. */
const BESIDE_BAR = 28;

/** `third   ██████░░░░   61 %   98 MB/s   from first 40 MB, second 42 MB` */
export function progressText(name: string, download: DemoDownload | undefined, width: number): string {
  if (download === undefined) return `  ${name.padEnd(8)}waiting`;
  const columns = Math.max(BAR_MIN, Math.min(BAR_MAX, width - BESIDE_BAR));
  const done = percent(download.bytes, download.size);
  const speed = download.state === 'done' ? 'done' : formatRate(download.bytesPerSecond);
  return `  ${name.padEnd(8)}${bar(done, columns)} ${String(done).padStart(3)} %  ${speed.padStart(9)}`;
}

/** Bytes that each peer received from each other peer. */
export function givenTable(
  names: readonly string[],
  got: ReadonlyMap<string, DemoDownload>,
  style: ViewStyle,
): string {
  type Row = readonly [name: string, download: DemoDownload];
  const from = (giver: string): Column<Row> => ({
    title: `from ${giver}`,
    align: 'right',
    of: ([name, download]) => {
      const bytes = givenBy(download, giver);
      return giver === name ? '' : bytes === 0 ? '-' : formatBytes(bytes);
    },
  });
  const speed = ([, { bytes, tookMs }]: Row) => (tookMs ? formatRate((bytes * 1_000) / tookMs) : '');
  return renderTable<Row>([...got], style, [
    { title: 'Received by', of: ([name]) => name },
    ...names.map(from),
    { title: 'Time', align: 'right', drop: 2, of: ([, { tookMs }]) => formatDuration(tookMs ?? 0) },
    { title: 'Speed', align: 'right', drop: 1, of: speed },
  ]);
}

/** The hash of each copy, and whether all are equal. */
export function equalityTable(hashes: ReadonlyMap<string, string>, style: ViewStyle): string {
  const [first] = hashes.values();
  const { good, bad } = style.paint;
  return renderTable([...hashes], style, [
    { title: 'Copy of', of: ([name]) => name },
    { title: 'SHA-256', shrink: 'middle', of: ([, hash]) => hash },
    {
      title: '',
      of: ([, hash]) => (hash === first ? { text: 'equal', paint: good } : { text: 'DIFFERENT', paint: bad }),
    },
  ]);
}

/** Bytes of a download that one peer sent. */
export function givenBy(download: DemoDownload, giver: string): number {
  return download.sources
    .filter((source) => source.name === giver)
    .reduce((sum, source) => sum + source.bytes, 0);
}
