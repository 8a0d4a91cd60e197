import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Giving, Scene, Taker } from '../Contender.ts';
import { freePort } from '../Ports.ts';
import { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { PATIENCE_MS } from '../Rig.ts';
import { type Usage, usage, usageSince } from '../Usage.ts';
import { fixedTracker, writeTorrent } from './Torrent.ts';

/** What is needed to start one client: its file lies in `folder`, it listens on `port`. */
export interface ClientOptions {
  readonly torrent: string;
  readonly folder: string;
  readonly port: number;
  readonly seederPorts: readonly number[];
}

/** A BitTorrent client, driven by a line: "seed" and "fetch" print "ready"; fetch begins at a line on stdin and ends with "done". */
export interface Client {
  readonly name: string;
  missing(): Promise<string | undefined>;
  /** The command of a process for one side. */
  command(role: 'seed' | 'fetch', options: ClientOptions): readonly string[];
  /** A client that cannot wait begins with its process and is done when it ends. */
  readonly runsToItsEnd?: (options: ClientOptions) => Promise<Usage>;
  /** How to see that a seeder is ready. Default: the line "ready". */
  readonly untilSeeding?: (port: number) => Promise<void>;
}

/** Makes a contender of a client: the torrent, a tracker that names the seeders, and the seeders. */
export function bitTorrent(client: Client): Contender {
  return {
    name: client.name,
    missing: () => client.missing(),
    async open(scene: Scene): Promise<Giving> {
      const home = join(scene.folder, client.name);
      await mkdir(home);
      const seederPorts: number[] = [];
      while (seederPorts.length < scene.seeders) seederPorts.push(await freePort());
      const tracker = await fixedTracker(seederPorts);
      const torrent = join(home, 'bench.torrent');
      await writeTorrent(
        torrent,
        { name: scene.name, path: join(scene.source, scene.name), bytes: scene.bytes },
        tracker.url,
      );
      const seeders: LaunchedProgram[] = [];
      for (const port of seederPorts) {
        const folder = join(home, String(port));
        await mkdir(folder);
        await symlink(join(scene.source, scene.name), join(folder, scene.name));
        const seeder = launch(client, 'seed', { torrent, folder, port, seederPorts }, home);
        seeders.push(seeder);
        if (client.untilSeeding === undefined) await seeder.line(/^ready$/, { quietMs: PATIENCE_MS });
        else await client.untilSeeding(port);
      }
      return {
        pids: seeders.map(({ pid }) => pid),
        async taker(folder) {
          const options = { torrent, folder, port: await freePort(), seederPorts };
          return taker(client, options, home);
        },
        async close() {
          await Promise.all(seeders.map((seeder) => seeder.kill()));
          tracker.close();
        },
      };
    },
  };
}

async function taker(client: Client, options: ClientOptions, home: string): Promise<Taker> {
  const { runsToItsEnd } = client;
  if (runsToItsEnd !== undefined) return { take: () => runsToItsEnd(options), close: async () => {} };
  const program = launch(client, 'fetch', options, home);
  await program.line(/^ready$/, { quietMs: PATIENCE_MS });
  return {
    async take() {
      const before = await usage(program.pid);
      await program.ask('go', /^done$/, PATIENCE_MS);
      return usageSince(program.pid, before);
    },
    close: async () => {
      await program.kill();
    },
  };
}

function launch(
  client: Client,
  role: 'seed' | 'fetch',
  options: ClientOptions,
  home: string,
): LaunchedProgram {
  const [command = '', ...args] = client.command(role, options);
  const child = spawn(command, args, { stdio: 'pipe', cwd: options.folder });
  return new LaunchedProgram(`${client.name} ${role}`, child satisfies ChildProcess, home);
}
