import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender, Scene, SendingSide } from '../Contender.ts';
import { freePort } from '../Ports.ts';
import { usage, usageSince } from '../Usage.ts';
import { startSender } from './PumpSender.ts';

const CLIENT = fileURLToPath(new URL('./TreePumpClient.js', import.meta.url));

/**
 * A yardstick, not a rival: the limit of a Node program with a tree of small files. The receiver is fresh, as Shoal's
 * is.
 */
export const treePump: Contender = {
  name: 'bare Node pump of files',

  missing: async () => undefined,

  async open(scene: Scene): Promise<SendingSide> {
    const port = await freePort();
    const sender = await startSender([CLIENT, 'give', join(scene.source, scene.name), String(port)], [port]);
    return {
      pids: [sender.pid],
      async receiver(target) {
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
      close: () => sender.close(),
    };
  },
};

/** Waits for a line "ready" or "done". @throws Error when the program ends without it */
async function word({ stdout }: { readonly stdout: NodeJS.ReadableStream }): Promise<void> {
  const told = await Promise.race([once(stdout, 'data'), once(stdout, 'end')]);
  if (told.length === 0) throw new Error('the pump ended too early');
}
