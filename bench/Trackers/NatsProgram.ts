import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { freeUdpPort } from './Servers.ts';

const NATS = process.env.NATS_SERVER_PATH ?? '/usr/sbin/nats-server';

/** Why no NATS server can be started; undefined: it can. */
export async function natsMissing(): Promise<string | undefined> {
  return access(NATS).then(
    () => undefined,
    () => `there is no ${NATS} (Debian: apt install nats-server)`,
  );
}

/** Starts a NATS server on loopback. @param wanted - its port; undefined: any */
export async function startNats(wanted?: number) {
  const port = wanted ?? (await freeUdpPort());
  const child = spawn(NATS, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'pipe' });
  const program = new LaunchedProgram('nats-server', child, tmpdir());
  await program.line(/Server is ready/, { output: 'stderr' });
  return { port, url: `nats://127.0.0.1:${port}`, program };
}
