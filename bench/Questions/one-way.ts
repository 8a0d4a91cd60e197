import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onMedium } from '../FileContest.ts';
import { sameBytes, writeRandomFile } from '../Files.ts';
import { type Computer, TwoComputers } from '../OneWay/TwoComputers.ts';
import { atLeast, atMost, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import { usage, usageSince } from '../Usage.ts';

/** The computer of the two that accepts no connection. */
type Closed = 'nobody' | 'the giver' | 'the taker';
const CASES: readonly Closed[] = ['nobody', 'the giver', 'the taker'];

interface Turn {
  readonly closed: Closed;
  readonly gigabytesPerSecond: number;
  /** Milliseconds from `download` to the end of 64 KiB at a fresh peer. */
  readonly firstByteMs: number;
  /** CPU seconds of the taker, for the large file. */
  readonly cpuSecondsPerGigabyte: number;
}

/** A firewall on one of two computers: does it cost speed, or time to the first byte? */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 0.125 : 1) * 2 ** 30;
  const title = 'A firewall on one side';
  const turns = await onMedium('memory', 3 * bytes, async (folder) => {
    const computers = await TwoComputers.make().catch((failure: unknown) => String(failure));
    if (typeof computers === 'string') return { reason: computers };
    try {
      return await measure(folder, computers, bytes, pairs);
    } finally {
      await computers.close();
    }
  });
  if ('reason' in turns)
    return { title, tables: [], goals: [], notes: [`not measured, ${turns.reason}`], figures: undefined };
  const of = (closed: Closed, pick: (turn: Turn) => number) =>
    spread(turns.filter((turn) => turn.closed === closed).map(pick));
  const rate = ({ gigabytesPerSecond }: Turn) => gigabytesPerSecond;
  const first = ({ firstByteMs }: Turn) => firstByteMs;
  const cpu = ({ cpuSecondsPerGigabyte }: Turn) => cpuSecondsPerGigabyte;
  const openRates = turns.filter(({ closed }) => closed === 'nobody').map(rate);
  const ratio = (closed: Closed) =>
    spread(
      turns.filter((turn) => turn.closed === closed).map((turn, at) => rate(turn) / (openRates[at] ?? 1)),
    );
  return {
    title,
    tables: [
      {
        columns: [
          'closed',
          'GB/s',
          'of the open rate',
          'CPU s per GB of the taker',
          'to the end of 64 KiB, ms',
        ],
        rows: CASES.map((closed) => [
          closed,
          spreadText(of(closed, rate)),
          closed === 'nobody' ? '' : spreadText(ratio(closed)),
          spreadText(of(closed, cpu)),
          spreadText(of(closed, first), 0),
        ]),
      },
    ],
    goals: [
      atLeast('giver closed: at least 0.8 of the open rate', 0.8, ratio('the giver').median),
      atLeast('taker closed: at least 0.8 of the open rate', 0.8, ratio('the taker').median),
      atMost('giver closed: first byte within 1,000 ms', 1_000, of('the giver', first).median, 0),
    ],
    notes: [
      `Two network namespaces with a virtual cable; ${bytes / 2 ** 30} GiB, fresh peers for each turn, in turns. Copies are compared byte by byte.`,
      'The closed computer drops the answers of its peer port, so that dials to it stay without an answer.',
    ],
    figures: turns,
  };
}

async function measure(
  folder: string,
  computers: TwoComputers,
  bytes: number,
  pairs: number,
): Promise<readonly Turn[]> {
  const [giving, taking] = computers.both;
  const source = join(folder, 'source');
  await mkdir(source);
  await writeRandomFile(join(source, 'large.bin'), bytes);
  await writeFile(join(source, 'small.bin'), randomBytes(65_536));
  const rig = await Rig.make(folder, taking);
  const turns: Turn[] = [];
  try {
    for (let pair = 0; pair < pairs; pair++)
      // In a fixed order the open case, the first, had 0.6 of the others; as the last it had as much.
      for (const closed of pair % 2 === 0 ? CASES : CASES.toReversed()) {
        const shut: Computer | undefined = { nobody: undefined, 'the giver': giving, 'the taker': taking }[
          closed
        ];
        if (shut !== undefined) await computers.shut(shut);
        const name = `${pair}-${closed.replace(' ', '-')}`;
        const at = (computer: Computer) => ({ prefix: computer.prefix });
        const seeder = await rig.peer(`seeder-${name}`, ['--share', source], undefined, at(giving));
        await untilShared(seeder, 2);
        const leecher = await rig.peer(`leecher-${name}`, [], undefined, at(taking));
        await leecher.ask('search small --json', /small\.bin/, PATIENCE_MS);
        const asked = performance.now();
        await leecher.ask('download small.bin', /is done/, PATIENCE_MS);
        const firstByteMs = performance.now() - asked;
        await leecher.ask('search large --json', /large\.bin/, PATIENCE_MS);
        const before = await usage(leecher.pid);
        const began = performance.now();
        await leecher.ask('download large.bin', /is done/, PATIENCE_MS);
        const seconds = (performance.now() - began) / 1_000;
        const gigabytes = bytes / 1e9;
        const { cpuSeconds } = await usageSince(leecher.pid, before);
        if (!(await sameBytes(join(source, 'large.bin'), join(rig.share(`leecher-${name}`), 'large.bin'))))
          throw new Error('the copy differs');
        const [rateThen, cost] = [gigabytes / seconds, cpuSeconds / gigabytes];
        turns.push({ closed, gigabytesPerSecond: rateThen, firstByteMs, cpuSecondsPerGigabyte: cost });
        console.log(
          `  closed: ${closed}: ${rateThen.toFixed(2)} GB/s, ${cost.toFixed(2)} CPU s per GB, ${firstByteMs.toFixed(0)} ms`,
        );
        for (const peer of [leecher, seeder]) await peer.kill();
        await rig.forget(`leecher-${name}`);
        if (shut !== undefined) await computers.open(shut);
      }
    return turns;
  } finally {
    await rig.close();
  }
}
