import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Scene, SendingSide } from '../Contender.ts';
import { findProgram } from '../Places.ts';
import { freePort, untilListening } from '../Ports.ts';
import { runMeasured } from '../Usage.ts';

/** nginx with sendfile, and curl. Verifies nothing. */
export const nginx: Contender = {
  name: 'nginx + curl',

  async missing() {
    const absent = [];
    for (const program of ['nginx', 'curl'])
      if ((await findProgram(program)) === undefined) absent.push(program);
    return absent.length === 0 ? undefined : `${absent.join(' and ')} not installed`;
  },

  async open(scene: Scene): Promise<SendingSide> {
    const folder = join(scene.folder, 'nginx');
    await mkdir(folder);
    const port = await freePort();
    const config = join(folder, 'nginx.conf');
    await writeFile(config, configText(folder, scene.source, port));
    const command = (await findProgram('nginx')) ?? 'nginx';
    const server = spawn(command, ['-e', 'stderr', '-c', config, '-p', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise((resolve) => server.once('close', resolve));
    await untilListening(port);
    return {
      pids: [server.pid ?? -1],
      async receiver(target) {
        const path = join(target, scene.name);
        return {
          take: () => runMeasured('curl', ['-sf', '-o', path, `http://127.0.0.1:${port}/${scene.name}`]),
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

/** One process, so that its CPU is easy to count; no log. */
function configText(folder: string, root: string, port: number): string {
  return `
daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 64; }
http {
  access_log off; sendfile on; tcp_nopush on; sendfile_max_chunk 2m; types {} default_type application/octet-stream;
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  server { listen 127.0.0.1:${port}; root "${root}"; }
}
`;
}
