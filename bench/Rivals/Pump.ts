import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender, Giving, Scene } from '../Contender.ts';
import { freePort, untilListening } from '../Ports.ts';
import { runMeasured } from '../Usage.ts';

const CLIENT = fileURLToPath(new URL('./PumpClient.js', import.meta.url));

/** A yardstick, no rival: what is left for anybody who writes this in Node. One giver, one file. */
export const pump: Contender = {
  name: 'bare Node pump',

  missing: async () => undefined,

  async open(scene: Scene): Promise<Giving> {
    const port = String(await freePort());
    const giver = spawn(process.execPath, [CLIENT, 'give', join(scene.source, scene.name), port], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise((resolve) => giver.once('close', resolve));
    await untilListening(Number(port));
    return {
      pids: [giver.pid ?? -1],
      async taker(target) {
        const args = [CLIENT, 'take', join(target, scene.name), port, String(scene.bytes)];
        return { take: () => runMeasured(process.execPath, args), close: async () => {} };
      },
      async close() {
        giver.kill('SIGKILL');
        await ended;
      },
    };
  },
};
