import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Scene } from '../Contender.ts';
import { linkAll } from '../Files.ts';
import { findProgram } from '../Places.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { Rig, untilShared } from '../Rig.ts';
import { runMeasured, type Usage, usage, usageSince } from '../Usage.ts';

/**
 * curl from the port of a peer. `files`: of its own share. `network`: of a fresh peer without files, which fetches from
 * all senders.
 */
export function shoalHttp(name: string, from: 'files' | 'network'): Contender {
  const share = (scene: Scene, seeder: number) => join(scene.folder, `${name}, seeder ${seeder}`);
  return {
    name,

    missing: async () => ((await findProgram('curl')) === undefined ? 'curl not installed' : undefined),

    async prepare(scene) {
      for (let seeder = 1; seeder <= scene.seeders; seeder++) {
        await mkdir(share(scene, seeder));
        await linkAll(scene.source, scene.name, share(scene, seeder));
      }
    },

    async open(scene) {
      const rig = await Rig.make(scene.folder);
      const seeders: LaunchedProgram[] = [];
      for (let seeder = 1; seeder <= scene.seeders; seeder++)
        seeders.push(await rig.peer(`seeder-${seeder}`, ['--share', share(scene, seeder)]));
      for (const seeder of seeders) await untilShared(seeder, scene.files);
      const [first] = seeders;
      let turn = 0;
      return {
        pids: seeders.map(({ pid }) => pid),
        async receiver(folder) {
          const gate = from === 'network' || first === undefined ? await rig.peer(`gate-${++turn}`) : first;
          const address = `http://127.0.0.1:${await portOf(gate)}/${from}/${scene.name}`;
          return {
            async take() {
              const before = await usage(gate.pid);
              const taken = await runMeasured('curl', ['-sf', '-o', join(folder, scene.name), address]);
              return gate === first ? taken : sum(taken, await usageSince(gate.pid, before));
            },
            close: async () => {
              if (gate !== first) await gate.kill();
            },
          };
        },
        close: () => rig.close(),
      };
    },
  };
}

/** Milliseconds from the request to the first byte, of one with four senders. */
export async function firstByteMs(scene: Scene): Promise<number> {
  const rig = await Rig.make(scene.folder);
  try {
    const seeders: LaunchedProgram[] = [];
    for (let seeder = 1; seeder <= scene.seeders; seeder++) {
      const name = `seeder-${seeder}`;
      await mkdir(rig.share(name), { recursive: true });
      await linkAll(scene.source, scene.name, rig.share(name));
    }
    for (let seeder = 1; seeder <= scene.seeders; seeder++) seeders.push(await rig.peer(`seeder-${seeder}`));
    for (const seeder of seeders) await untilShared(seeder, scene.files);
    const gate = await rig.peer('gate');
    const address = `http://127.0.0.1:${await portOf(gate)}/network/${scene.name}`;
    const { seconds } = await runMeasured('curl', ['-sf', '-r', '0-0', '-o', '/dev/null', address]);
    return seconds * 1_000;
  } finally {
    await rig.close();
  }
}

/** The port of a peer; also waits until it runs and its tracker answers. */
async function portOf(peer: LaunchedProgram): Promise<number> {
  const [line] = await peer.ask('whoami --json', /^\{"version":.*$/);
  const { port } = JSON.parse(line ?? '{}') as { port?: number };
  if (port === undefined) throw new Error(`no port in ${line}`);
  return port;
}

function sum(one: Usage, other: Usage): Usage {
  return { cpuSeconds: one.cpuSeconds + other.cpuSeconds, peakMiB: Math.max(one.peakMiB, other.peakMiB) };
}
