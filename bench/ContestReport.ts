import { type Spread, spread, spreadText } from './Statistics.ts';
import type { Contest, Pair, Turn } from './Turns.ts';

export const CONTEST_COLUMNS = [
  '',
  'GB/s',
  'Shoal is times as fast',
  'CPU s per GB, all sides',
  "Shoal's CPU, of it",
  'peak MiB of a sender',
  'of the receiver',
];

/** One row for Shoal over all its turns, one for each rival. Ratios are taken per pair: median (least to most). */
export function contestRows({ pairs, alone }: Contest): string[][] {
  const ours = [...pairs.values()].flat().map((pair) => pair.ours);
  const all = [...ours, ...alone];
  const rows = [[all[0]?.contender ?? 'Shoal', ...figures(all, '', '')]];
  for (const [name, of] of pairs) {
    const [faster, cpu] = [speedRatio(of), cpuRatio(of)].map((ratio) => spreadText(ratio));
    rows.push([
      name,
      ...figures(
        of.map(({ rival }) => rival),
        faster ?? '',
        cpu ?? '',
      ),
    ]);
  }
  return rows;
}

/** Shoal's speed as a multiple of the rival's. */
export function speedRatio(pairs: readonly Pair[]): Spread {
  return spread(pairs.map(({ ours, rival }) => rival.seconds / ours.seconds));
}

/** Shoal's CPU seconds per GB as a fraction of the rival's. */
export function cpuRatio(pairs: readonly Pair[]): Spread {
  return spread(pairs.map(({ ours, rival }) => ours.cpuSecondsPerGigabyte / rival.cpuSecondsPerGigabyte));
}

function figures(turns: readonly Turn[], faster: string, cpu: string): string[] {
  const over = (pick: (turn: Turn) => number) => spread(turns.map(pick));
  return [
    spreadText(over((turn) => turn.gigabytesPerSecond)),
    faster,
    spreadText(over((turn) => turn.cpuSecondsPerGigabyte)),
    cpu,
    over((turn) => turn.senderPeakMiB).most.toFixed(0),
    over((turn) => turn.receiverPeakMiB).most.toFixed(0),
  ];
}

/** Converts a contest for the JSON file. */
export function contestFigures({ pairs, alone, skipped }: Contest): unknown {
  return { pairs: Object.fromEntries(pairs), alone, skipped };
}
