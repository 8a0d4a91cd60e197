import { formatBytes, formatDuration, formatRate, percent } from '../Peer/Commands/Views/HumanUnits.ts';
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
  const filled = Math.floor((done / 100) * columns);
  const bar = '█'.repeat(filled) + '░'.repeat(columns - filled);
  const speed = download.state === 'done' ? 'done' : formatRate(download.bytesPerSecond);
  return `  ${name.padEnd(8)}${bar} ${String(done).padStart(3)} %  ${speed.padStart(9)}`;
}

/** Bytes that each peer received from each other peer. */
export function givenTable(
  names: readonly string[],
  got: ReadonlyMap<string, DemoDownload>,
  { width, paint }: ViewStyle,
): string {
  const columns: Column[] = [
    { title: 'Received by' },
    ...names.map((name): Column => ({ title: `from ${name}`, align: 'right' })),
    { title: 'Time', align: 'right', drop: 2 },
    { title: 'Speed', align: 'right', drop: 1 },
  ];
  const rows = [...got].map(([name, download]) => {
    const tookMs = download.tookMs ?? 0;
    const from = (giver: string) => {
      const bytes = givenBy(download, giver);
      return giver === name ? '' : bytes === 0 ? '-' : formatBytes(bytes);
    };
    return [
      name,
      ...names.map(from),
      formatDuration(tookMs),
      tookMs === 0 ? '' : formatRate((download.bytes * 1_000) / tookMs),
    ];
  });
  return renderTable(columns, rows, width, paint);
}

/** The hash of each copy, and whether all are equal. */
export function equalityTable(hashes: ReadonlyMap<string, string>, { width, paint }: ViewStyle): string {
  const [first] = hashes.values();
  const rows = [...hashes].map(([name, hash]) => {
    const equal = hash === first;
    return [name, hash, { text: equal ? 'equal' : 'DIFFERENT', paint: equal ? paint.good : paint.bad }];
  });
  const columns: Column[] = [{ title: 'Copy of' }, { title: 'SHA-256', shrink: 'middle' }, { title: '' }];
  return renderTable(columns, rows, width, paint);
}

/** Bytes of a download that one peer sent. */
export function givenBy(download: DemoDownload, giver: string): number {
  return download.sources
    .filter((source) => source.name === giver)
    .reduce((sum, source) => sum + source.bytes, 0);
}
