import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hashTree, writeTree } from './Files.ts';
import { PATIENCE_MS, Rig, status, timeCommand, untilShared } from './Rig.ts';
import type { Settings } from './Settings.ts';

/** A folder of many small files, against rsync of the same in turns. */
export async function run({ quick }: Settings): Promise<undefined> {
  const [count, bytes] = [quick ? 5_000 : 20_000, 4_096];
  const rig = await Rig.make();
  try {
    const tree = join(rig.share('seeder'), 'tree');
    await writeTree(tree, count, bytes);
    const seeder = await rig.peer('seeder');
    await untilShared(seeder, count);
    const expected = await hashTree(tree);
    for (let turn = 1; turn <= 3; turn++) {
      const target = join(rig.folder, `rsync-${turn}`);
      await mkdir(target);
      const rsync = await timeCommand('rsync', ['-a', `${tree}/`, target]).catch(() => undefined);
      const leecher = await rig.peer(`leecher-${turn}`);
      await status(leecher);
      const started = performance.now();
      await leecher.ask('download tree/', /is done/, PATIENCE_MS);
      const seconds = (performance.now() - started) / 1_000;
      const got = await hashTree(join(rig.share(`leecher-${turn}`), 'tree'));
      if (got.hash !== expected.hash)
        throw new Error(`the copy differs: ${got.files} of ${expected.files} files`);
      const rival =
        rsync === undefined
          ? 'rsync is not installed'
          : `rsync -a ${rsync.toFixed(2)} s, ratio ${(seconds / rsync).toFixed(2)}`;
      console.log(`${count} files of ${bytes} bytes: ${seconds.toFixed(2)} s, equal; ${rival}`);
      await leecher.kill();
    }
  } finally {
    await rig.close();
  }
}
