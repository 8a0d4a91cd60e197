import { link } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Giving, Scene } from '../Contender.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';
import { usage, usageSince } from '../Usage.ts';

/** Ours: a tracker, peers that share, and for each turn a fresh peer whose console is told to download. */
export const shoal: Contender = {
  name: 'Shoal',

  missing: async () => undefined,

  async open(scene: Scene): Promise<Giving> {
    const rig = await Rig.make(scene.folder);
    const seeders = [];
    for (let index = 1; index <= scene.seeders; index++) {
      const seeder = await rig.peer(`seeder-${index}`);
      await link(scene.file.path, join(rig.share(`seeder-${index}`), scene.file.name));
      seeders.push(seeder);
    }
    for (const seeder of seeders) await untilShared(seeder, 1);
    let turn = 0;
    return {
      pids: seeders.map(({ pid }) => pid),
      async taker(folder) {
        const leecher = await rig.peer(`leecher-${++turn}`, ['--share', folder]);
        await status(leecher);
        return {
          path: join(folder, scene.file.name),
          async take() {
            const before = await usage(leecher.pid);
            await leecher.ask(`download ${scene.file.name}`, /is done/, PATIENCE_MS);
            return usageSince(leecher.pid, before);
          },
          close: async () => {
            await leecher.kill();
          },
        };
      },
      close: () => rig.close(),
    };
  },
};
