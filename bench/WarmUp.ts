import { setTimeout as sleep } from 'node:timers/promises';
import { writeRandomFile } from './Files.ts';
import { PATIENCE_MS, Rig, status, untilShared } from './Rig.ts';

/** Runs of more than 2 s add to the bytecode that is there (Cli/Scripts.js). */
const LONG_RUN_MS = 2_500;

/**
 * Transfers a file and ends both peers in order, so that the bytecode of both roles is kept, as on a computer where
 * Shoal is in use: the build removes it, and benches kill their peers. The second round adds to that of the first.
 */
export async function warmUp(): Promise<void> {
  for (let round = 1; round <= 2; round++) {
    const rig = await Rig.make();
    try {
      const seeder = await rig.peer('seeder');
      await writeRandomFile(`${rig.share('seeder')}/warm.bin`, 64 * 2 ** 20);
      await untilShared(seeder, 1);
      const leecher = await rig.peer('leecher');
      await status(leecher);
      await leecher.ask('download warm.bin', /is done/, PATIENCE_MS);
      await sleep(LONG_RUN_MS);
      for (const peer of [leecher, seeder]) {
        peer.type('quit');
        await peer.exitCode();
      }
    } finally {
      await rig.close();
    }
  }
}
