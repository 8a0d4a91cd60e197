import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Receiver, Scene, SendingSide } from '../Contender.ts';
import { freePort } from '../Ports.ts';
import { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { PATIENCE_MS } from '../Rig.ts';
import { type Usage, usage, usageSince } from '../Usage.ts';
import { fixedTracker, writeTorrent } from './Torrent.ts';

/** Start parameters of one client: the folder of its file, and its port. */
export interface ClientOptions {
  readonly torrent: string;
  readonly folder: string;
  readonly port: number;
  readonly seederPorts: readonly number[];
}

/**
 * A BitTorrent client with a line protocol: both sides print "ready"; a fetch starts at a line on stdin and prints
 * "done".
 */
export interface Client {
  readonly name: string;
  missing(): Promise<string | undefined>;
  /** Command line of one side. */
  command(role: 'seed' | 'fetch', options: ClientOptions): readonly string[];
  /** A client that cannot wait starts with its process and is done at its end. */
  readonly runsToItsEnd?: (options: ClientOptions) => Promise<Usage>;
  /** Waits until a seeder is ready. Default: the line "ready". */
  readonly untilSeeding?: (port: number) => Promise<void>;
}

/** Makes a contender from a client, with the torrent, a tracker that lists the seeders, and the seeders. */
export function bitTorrent(client: Client): Contender {
  return {
    name: client.name,
    missing: () => client.missing(),
    async open(scene: Scene): Promise<SendingSide> {
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
        async receiver(folder) {
          const options = { torrent, folder, port: await freePort(), seederPorts };
          return receiver(client, options, home);
        },
        async close() {
          await Promise.all(seeders.map((seeder) => seeder.kill()));
          tracker.close();
        },
      };
    },
  };
}

async function receiver(client: Client, options: ClientOptions, home: string): Promise<Receiver> {
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
