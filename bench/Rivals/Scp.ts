import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Contender, Scene, SendingSide } from '../Contender.ts';
import { findProgram } from '../Places.ts';
import { freePort, untilListening } from '../Ports.ts';
import { children, runMeasured } from '../Usage.ts';

const run = promisify(execFile);
/** The fastest of OpenSSH's ciphers on computers with AES instructions. */
const CIPHER = 'aes128-gcm@openssh.com';

/** scp from an sshd of its own. Encrypted; verified by the cipher's tags. */
export const scp: Contender = {
  name: 'scp',

  async missing() {
    if (process.getuid?.() !== 0) return 'sshd needs root';
    const absent = [];
    for (const program of ['sshd', 'scp', 'ssh-keygen'])
      if ((await findProgram(program)) === undefined) absent.push(program);
    return absent.length === 0 ? undefined : `${absent.join(' and ')} not installed`;
  },

  async open(scene: Scene): Promise<SendingSide> {
    const folder = join(scene.folder, 'scp');
    await mkdir(folder, { mode: 0o700 });
    await mkdir('/run/sshd', { recursive: true });
    const key = join(folder, 'key');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    await chmod(key, 0o600);
    const port = await freePort();
    const config = join(folder, 'sshd_config');
    await writeFile(config, configText(folder, key, port));
    const command = (await findProgram('sshd')) ?? 'sshd';
    const server = spawn(command, ['-D', '-e', '-f', config], { stdio: 'ignore' });
    const ended = new Promise((resolve) => server.once('close', resolve));
    await untilListening(port);
    const pid = server.pid ?? -1;
    const options = ['UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=no', 'LogLevel=ERROR'];
    return {
      pids: [pid],
      async receiver(target) {
        const from = `root@127.0.0.1:${join(scene.source, scene.name)}`;
        const args = ['-q', '-F', 'none', '-i', key, '-P', String(port), '-c', CIPHER];
        return {
          async take() {
            const used = await runMeasured('scp', [
              ...args,
              ...options.flatMap((option) => ['-o', option]),
              from,
              join(target, scene.name),
            ]);
            while ((await children(pid)).length > 0) await sleep(5); // The CPU of an ended child is in the daemon's account.
            return used;
          },
          close: async () => {},
        };
      },
      async close() {
        server.kill('SIGKILL');
        await ended;
      },
    };
  },
};

function configText(folder: string, key: string, port: number): string {
  return `
ListenAddress 127.0.0.1
Port ${port}
HostKey ${key}
AuthorizedKeysFile ${key}.pub
PidFile ${folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
`;
}
