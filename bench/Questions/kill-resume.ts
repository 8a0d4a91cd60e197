import { join } from 'node:path';
import { hashFile, writeRandomFile } from '../Files.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';

/** Five times kill -9 at random moments of one download: total bytes fetched, and no verified chunk twice. */
export async function run({ quick }: Settings): Promise<undefined> {
  const [gibibytes, kills] = [quick ? 0.5 : 2, 5];
  const rig = await Rig.make();
  try {
    const bytes = gibibytes * 2 ** 30;
    await rig.peer('seeder').then(async (seeder) => {
      await writeRandomFile(join(rig.share('seeder'), 'large.bin'), bytes);
      await untilShared(seeder, 1);
      let fetched = 0;
      for (let attempt = 0; attempt <= kills; attempt++) {
        const before = (await status(seeder)).sent;
        const leecher = await rig.peer('leecher', [], ['download large.bin']);
        if (attempt < kills) {
          await Promise.race([
            new Promise((resolve) => setTimeout(resolve, 900 + Math.random() * 500)),
            leecher.ended,
          ]);
          await leecher.kill();
        } else if ((await leecher.exitCode(PATIENCE_MS)) !== 0) {
          throw new Error(`the last run failed: ${leecher.stderr}`);
        }
        const sent = (await status(seeder)).sent - before;
        fetched += sent;
        console.log(`  run ${attempt + 1}: ${(sent / 2 ** 20).toFixed(0)} MiB sent by the seeder`);
      }
      const [from, to] = await Promise.all(
        ['seeder', 'leecher'].map((name) => hashFile(join(rig.share(name), 'large.bin'))),
      );
      if (from !== to) throw new Error('the copy differs');
      const extra = (fetched - bytes) / 2 ** 20;
      console.log(
        `${gibibytes} GiB with ${kills} kill -9: byte-equal, ${extra.toFixed(0)} MiB more than the file were sent`,
      );
    });
  } finally {
    await rig.close();
  }
}
