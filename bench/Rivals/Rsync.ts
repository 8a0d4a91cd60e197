import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Scene, SendingSide } from '../Contender.ts';
import { findProgram } from '../Places.ts';
import { freePort, untilListening } from '../Ports.ts';
import { children, runMeasured } from '../Usage.ts';

/** rsync from a daemon; the receiver verifies a checksum over the whole file. */
export const rsync: Contender = {
  name: 'rsync daemon',

  async missing() {
    return (await findProgram('rsync')) === undefined ? 'rsync is not installed' : undefined;
  },

  async open(scene: Scene): Promise<SendingSide> {
    const { port, pid, close } = await rsyncDaemon(join(scene.folder, 'rsync'), scene.source);
    return {
      pids: [pid],
      async receiver(target) {
        const path = join(target, scene.name);
        const from = `rsync://127.0.0.1:${port}/share/${scene.name}`;
        return {
          async take() {
            const used = await runMeasured('rsync', ['--recursive', '--times', '--whole-file', from, path]);
            while ((await children(pid)).length > 0) await sleep(5); // The CPU of an ended child is in the daemon's account.
            return used;
          },
          close: async () => {},
        };
      },
      close,
    };
  },
};

/** Starts a daemon with one module, `share`, that reads `path`. */
async function rsyncDaemon(
  folder: string,
  path: string,
): Promise<{ port: number; pid: number; close(): Promise<void> }> {
  await mkdir(folder);
  const port = await freePort();
  const config = join(folder, 'rsyncd.conf');
  const owner = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : '';
  await writeFile(config, `use chroot = no\n${owner}[share]\npath = ${path}\nread only = yes\n`);
  const args = ['--daemon', '--no-detach', `--config=${config}`, '--address=127.0.0.1', `--port=${port}`];
  const server = spawn('rsync', args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => server.once('close', resolve));
  await untilListening(port);
  return {
    port,
    pid: server.pid ?? -1,
    async close() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}
