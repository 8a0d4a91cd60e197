import { join } from 'node:path';
import { writeTree } from '../Files.ts';
import { PATIENCE_MS, Rig, untilShared, usage } from '../Rig.ts';
import type { Settings } from '../Settings.ts';

/** A share of many files: the first start hashes them, the second must not. */
export async function run({ quick }: Settings): Promise<undefined> {
  const count = quick ? 10_000 : 100_000;
  const rig = await Rig.make();
  try {
    await writeTree(join(rig.share('peer'), 'tree'), count, 16);
    for (const name of ['first start', 'restart']) {
      const started = performance.now();
      const peer = await rig.peer('peer');
      await untilShared(peer, count);
      const seconds = (performance.now() - started) / 1_000;
      const { cpuSeconds, peakMiB } = await usage(peer.pid);
      console.log(
        `${name}, ${count} files: serves after ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} CPU s, peak ${peakMiB.toFixed(0)} MiB`,
      );
      peer.type('quit');
      await peer.exit(PATIENCE_MS);
    }
  } finally {
    await rig.close();
  }
}
