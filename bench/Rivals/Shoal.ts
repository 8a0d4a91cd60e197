import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Scene } from '../Contender.ts';
import { linkAll } from '../Files.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';
import { usage, usageSince } from '../Usage.ts';

/**
 * Shoal: a tracker, sharing peers, and for each turn a fresh peer that downloads at a console command.
 * @param env - of the sharing peers
 * @param args - of all programs
 */
export function shoalNamed(
  name: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Contender {
  const share = (scene: Scene, seeder: number) => join(scene.folder, `${name}, seeder ${seeder}`);
  return {
    name,

    missing: async () => undefined,

    async prepare(scene) {
      for (let seeder = 1; seeder <= scene.seeders; seeder++) {
        await mkdir(share(scene, seeder));
        await linkAll(scene.source, scene.name, share(scene, seeder));
      }
    },

    async open(scene) {
      const rig = await Rig.make(scene.folder, { ip: '127.0.0.1', prefix: [], args });
      const seeders = [];
      for (let seeder = 1; seeder <= scene.seeders; seeder++) {
        const own = ['--share', share(scene, seeder), ...args];
        seeders.push(await rig.peer(`seeder-${seeder}`, own, undefined, { env }));
      }
      for (const seeder of seeders) await untilShared(seeder, scene.files);
      let turn = 0;
      return {
        pids: seeders.map(({ pid }) => pid),
        async receiver(folder) {
          const leecher = await rig.peer(`leecher-${++turn}`, ['--share', folder, ...args]);
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
}

export const shoal = shoalNamed('Shoal');
