import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';

/** One turn, milliseconds. */
interface Turn {
  /** Time from the start of `node Peer.js` to the answer of a `search` that waits on its stdin. */
  readonly firstAnswer: number;
  /** Time of a download of 64 KiB by a fresh peer: an upper bound of the time to its first byte. */
  readonly firstBytes: number;
}

/** Time to the first answer and to the first bytes of a fresh peer. */
export async function run({ pairs }: Settings): Promise<Report> {
  const rig = await Rig.make();
  const turns: Turn[] = [];
  try {
    const seeder = await rig.peer('seeder');
    await writeFile(join(rig.share('seeder'), 'small.bin'), randomBytes(65_536));
    await untilShared(seeder, 1);
    for (let turn = 1; turn <= 2 * pairs + 1; turn++) {
      const started = performance.now();
      const leecher = await rig.peer(`leecher-${turn}`);
      await leecher.ask('search small --json', /small\.bin/, PATIENCE_MS);
      const answered = performance.now();
      await leecher.ask('download small.bin', /is done/, PATIENCE_MS);
      const firstBytes = performance.now() - answered;
      turns.push({ firstAnswer: answered - started, firstBytes });
      await leecher.kill();
    }
  } finally {
    await rig.close();
  }
  const [answer, bytes] = [
    spread(turns.map((turn) => turn.firstAnswer)),
    spread(turns.map((turn) => turn.firstBytes)),
  ];
  return {
    title: 'Start',
    tables: [
      {
        columns: ['', 'milliseconds'],
        rows: [
          ['from `node Peer.js` to the first answered `search`', spreadText(answer, 0)],
          ['from `download` to the end of 64 KiB', spreadText(bytes, 0)],
        ],
      },
    ],
    goals: [
      atMost('first answer within 1,000 ms', 1_000, answer.median, 0),
      atMost('first byte within 300 ms of the command', 300, bytes.median, 0),
    ],
    notes: [`${turns.length} fresh peers, one after the other; the tracker runs.`],
    figures: turns,
  };
}
