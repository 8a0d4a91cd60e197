import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { access, chmod, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, rivalsFolder, temporaryFolder } from '../Places.ts';
import { untilListening } from '../Ports.ts';
import { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { PATIENCE_MS } from '../Rig.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const LAUNCHER = here('../../../Tracker.js');
const RIVAL = join(rivalsFolder(), 'node_modules', 'bittorrent-tracker', 'server.js');
/** The one torrent of Load.ts. */
const TORRENT = '5a'.repeat(20);

/** A server that answers announces on a UDP port of loopback. */
export interface Server {
  readonly name: string;
  /** Protocol of its announces, by the names of Load.ts. */
  readonly protocol: 'shoal' | 'bittorrent' | 'echo';
  missing(): Promise<string | undefined>;
  start(port: number): Promise<LaunchedProgram>;
}

export const shoalTracker: Server = {
  name: 'Shoal',
  protocol: 'shoal',
  missing: async () => undefined,
  start: (port) => startTracker(port),
};

export async function startTracker(port: number, ...args: string[]): Promise<LaunchedProgram> {
  const program = launch('tracker', [
    process.execPath,
    LAUNCHER,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    ...args,
  ]);
  await program.line(/^\S+:\d+$/, { quietMs: PATIENCE_MS });
  return program;
}

/**
 * A tracker whose peers, from number `first` on, live in its process. @param nats - server of the cluster that it
 * joins
 */
export async function startLoadedTracker(
  port: number,
  peers: number,
  names: number,
  first: number,
  nats?: string,
): Promise<LaunchedProgram> {
  const args = [port, peers, names, first, ...(nats === undefined ? [] : [nats])].map(String);
  return started('tracker', [process.execPath, here('./LoadedTracker.js'), ...args]);
}

export const echo: Server = {
  name: 'bare UDP echo in Node',
  protocol: 'echo',
  missing: async () => undefined,
  start: (port) => started('echo', [process.execPath, here('./Echo.js'), String(port)]),
};

export const bitTorrentTracker: Server = {
  name: 'npm bittorrent-tracker',
  protocol: 'bittorrent',
  missing: () => access(RIVAL).then(none, () => 'bittorrent-tracker is not installed'),
  start: (port) =>
    started('bittorrent-tracker', [process.execPath, here('./BitTorrentTracker.js'), RIVAL, String(port)]),
};

export const openTracker: Server = {
  name: 'opentracker (C)',
  protocol: 'bittorrent',
  missing: async () =>
    (await findProgram('opentracker')) === undefined ? 'opentracker is not installed' : undefined,
  async start(port) {
    const folder = await temporaryFolder(tmpdir());
    const whitelist = join(folder, 'whitelist'); // Debian's build serves only listed torrents.
    await writeFile(whitelist, `${TORRENT}\n`);
    await chmod(folder, 0o755); // opentracker changes its root to this folder and its user to nobody.
    const ports = ['-i', '127.0.0.1', '-p', String(port), '-P', String(port)];
    const command = (await findProgram('opentracker')) ?? 'opentracker';
    const program = launch('opentracker', [command, ...ports, '-d', folder, '-w', '/whitelist']);
    await untilListening(port);
    return program;
  },
};

/** Runs one of the programs in this folder to its end. @returns its output */
export async function runProgram(name: string, ...args: readonly (string | number)[]): Promise<string> {
  const program = launch(name, [process.execPath, here(`./${name}.js`), ...args.map(String)]);
  if ((await program.exitCode(PATIENCE_MS)) !== 0) throw new Error(`${name}: ${program.stderr}`);
  return program.stdout;
}

/** Finds a free UDP port of loopback. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function started(name: string, command: readonly string[]): Promise<LaunchedProgram> {
  const program = launch(name, command);
  await program.line(/^ready$/, { quietMs: PATIENCE_MS });
  return program;
}

function launch(name: string, [command = '', ...args]: readonly string[]): LaunchedProgram {
  return new LaunchedProgram(name, spawn(command, args, { stdio: 'pipe' }), tmpdir());
}

function none(): undefined {
  return undefined;
}
