import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender, Giving, Scene } from '../Contender.ts';
import { freePort } from '../Ports.ts';
import { usage, usageSince } from '../Usage.ts';
import { startGiver } from './PumpGiver.ts';

const CLIENT = fileURLToPath(new URL('./TreePumpClient.js', import.meta.url));

/** A yardstick, no rival: what Node does at best with a tree of small files. The receiver runs already and is fresh, as ours is. */
export const treePump: Contender = {
  name: 'bare Node pump of files',

  missing: async () => undefined,

  async open(scene: Scene): Promise<Giving> {
    const port = await freePort();
    const giver = await startGiver([CLIENT, 'give', join(scene.source, scene.name), String(port)], [port]);
    return {
      pids: [giver.pid],
      async taker(target) {
        const args = [CLIENT, 'take', join(target, scene.name), String(port), String(scene.files)];
        const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        const gone = once(child, 'close');
        const pid = child.pid ?? -1;
        await word(child);
        return {
          async take() {
            const before = await usage(pid);
            child.stdin.write('go\n');
            await word(child);
            return usageSince(pid, before);
          },
          async close() {
            child.kill('SIGKILL');
            await gone;
          },
        };
      },
      close: () => giver.close(),
    };
  },
};

/** Waits until the program says that it is ready, or done. @throws Error when it ends instead */
async function word({ stdout }: { readonly stdout: NodeJS.ReadableStream }): Promise<void> {
  const told = await Promise.race([once(stdout, 'data'), once(stdout, 'end')]);
  if (told.length === 0) throw new Error('the pump ended too early');
}
