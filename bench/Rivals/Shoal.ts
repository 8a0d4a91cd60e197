import type { Contender, Giving, Scene } from '../Contender.ts';
import { linkAll } from '../Files.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';
import { usage, usageSince } from '../Usage.ts';

/** Ours: a tracker, peers that share, and for each turn a fresh peer whose console is told to download. */
export const shoal: Contender = {
  name: 'Shoal',

  missing: async () => undefined,

  async open(scene: Scene): Promise<Giving> {
    const rig = await Rig.make(scene.folder);
    const seeders = [];
    let files = 0;
    for (let index = 1; index <= scene.seeders; index++) {
      const seeder = await rig.peer(`seeder-${index}`);
      files = await linkAll(scene.source, scene.name, rig.share(`seeder-${index}`));
      seeders.push(seeder);
    }
    for (const seeder of seeders) await untilShared(seeder, files);
    let turn = 0;
    return {
      pids: seeders.map(({ pid }) => pid),
      async taker(folder) {
        const leecher = await rig.peer(`leecher-${++turn}`, ['--share', folder]);
        await status(leecher);
        return {
          async take() {
            const before = await usage(leecher.pid);
            await leecher.ask(`download ${scene.name}`, /is done/, PATIENCE_MS);
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
