import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeRandomFile, writeTree } from '../Files.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { Rig, status, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';

const MEGA = 1e6;
const OVER_MS = 5_000;
/** Data in socket buffers still arrives after a change. */
const SETTLE_MS = 1_500;
const LEECHERS = 3;

/** Accuracy of rate limits over 5 s: one large file and many small ones to three leechers, changed while running. */
export async function run({ quick }: Settings): Promise<undefined> {
  const rig = await Rig.make();
  try {
    await writeRandomFile(join(rig.share('seeder'), 'film.bin'), (quick ? 400 : 1_200) * MEGA);
    await writeTree(join(rig.share('seeder'), 'tree'), quick ? 4_000 : 20_000, 4_096);
    const seeder = await rig.peer('seeder', ['--upload-limit', '10M']);
    await untilShared(seeder, 1 + (quick ? 4_000 : 20_000));
    const leechers = await Promise.all(
      Array.from({ length: LEECHERS }, (_, index) => rig.peer(`leecher-${index}`)),
    );
    const [first, second] = leechers;
    for (const peer of leechers) peer.type('download film.bin --no-wait');
    second?.type('download tree/ --no-wait');
    // Time for the search and the first requests.
    while ((await status(seeder)).sent < 10 * MEGA) await sleep(100);
    await told(seeder, '--upload-limit 10M', 10 * MEGA, 'sent');
    await changed(seeder, 'limit up 20M', 20 * MEGA, 'sent');
    await changed(seeder, 'limit up loopback 5M', 5 * MEGA, 'sent');
    await changed(seeder, 'limit up off', undefined, 'sent');
    await changed(seeder, 'limit up loopback off', undefined, 'sent');
    if (first !== undefined) await changed(first, 'limit down 4M', 4 * MEGA, 'received');
  } finally {
    await rig.close();
  }
}

async function changed(
  peer: LaunchedProgram,
  command: string,
  rate: number | undefined,
  way: 'sent' | 'received',
): Promise<void> {
  await peer.ask(`${command} --json`, /^\{.*"command":"limit".*\}$/);
  if (rate !== undefined) await told(peer, command, rate, way);
}

async function told(
  peer: LaunchedProgram,
  what: string,
  rate: number,
  way: 'sent' | 'received',
): Promise<void> {
  await sleep(SETTLE_MS);
  const before = (await status(peer))[way];
  const started = performance.now();
  await sleep(OVER_MS);
  const bytes = (await status(peer))[way] - before;
  const measured = (bytes * 1_000) / (performance.now() - started);
  const off = (measured / rate - 1) * 100;
  console.log(
    `${what}: ${(measured / MEGA).toFixed(2)} MB/s over 5 s (${off >= 0 ? '+' : ''}${off.toFixed(1)} %)`,
  );
}
