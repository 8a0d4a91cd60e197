import { formatBytes, formatDuration, formatRate, percent } from '../Peer/Commands/Views/HumanUnits.ts';
import { type Column, renderTable } from '../Peer/Commands/Views/TextTable.ts';
import { makePaint } from '../Peer/Commands/Views/ViewStyle.ts';
import type { DemoDownload } from './DemoPeer.ts';

const BAR = 30;

/** `third   ██████░░░░   61 %   98 MB/s   from first 40 MB, second 42 MB` */
export function progressText(name: string, download: DemoDownload | undefined): string {
  if (download === undefined) return `  ${name.padEnd(8)}waiting`;
  const done = percent(download.bytes, download.size);
  const filled = Math.floor((done / 100) * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  const speed = download.state === 'done' ? 'done' : formatRate(download.bytesPerSecond);
  return `  ${name.padEnd(8)}${bar} ${String(done).padStart(3)} %  ${speed.padStart(9)}`;
}

/** Bytes that each peer received from each other peer. */
export function givenTable(
  names: readonly string[],
  got: ReadonlyMap<string, DemoDownload>,
  color: boolean,
): string {
  const columns: Column[] = [
    { title: 'Received by' },
    ...names.map((name): Column => ({ title: `from ${name}`, align: 'right' })),
    { title: 'Time', align: 'right' },
    { title: 'Speed', align: 'right' },
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
  return renderTable(columns, rows, Number.POSITIVE_INFINITY, makePaint(color));
}

/** The hash of each copy, and whether all are equal. */
export function equalityTable(hashes: ReadonlyMap<string, string>, color: boolean): string {
  const [first] = hashes.values();
  const paint = makePaint(color);
  const rows = [...hashes].map(([name, hash]) => {
    const equal = hash === first;
    return [name, hash, { text: equal ? 'equal' : 'DIFFERENT', paint: equal ? paint.good : paint.bad }];
  });
  return renderTable(
    [{ title: 'Copy of' }, { title: 'SHA-256' }, { title: '' }],
    rows,
    Number.POSITIVE_INFINITY,
    paint,
  );
}

/** Bytes of a download that one peer sent. */
export function givenBy(download: DemoDownload, giver: string): number {
  return download.sources
    .filter((source) => source.name === giver)
    .reduce((sum, source) => sum + source.bytes, 0);
}
