import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atTheEnd, removeFolder, temporaryFolder } from './Places.ts';
import { freePort } from './Ports.ts';
import { LaunchedProgram } from './Programs/LaunchedProgram.ts';

export { usage } from './Usage.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Quiet time of a wait for one program: a download of many GiB prints nothing for minutes. */
export const PATIENCE_MS = 600_000;

/** Environment of a program. */
export interface Surroundings {
  /** Added to a clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of the command: `['ip', 'netns', 'exec', name]`. */
  readonly prefix?: readonly string[];
}

/** Peers and a tracker on loopback for one measurement, started by the real launchers in a temporary folder. */
export class Rig {
  readonly folder: string;
  readonly #programs: LaunchedProgram[] = [];
  #forgotten: () => void = () => {};
  #tracker = '';
  #trackerProgram: LaunchedProgram | undefined;
  #runTracker: () => LaunchedProgram | undefined = () => undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * @param parent - folder for the files: /dev/shm for memory, a folder on a disk for the disk
   * @param at - address of the tracker, and its further options. Default: loopback
   */
  static async make(
    parent = process.env.SHOAL_BENCH_DIR ?? tmpdir(),
    {
      ip,
      prefix,
      args = [],
    }: {
      readonly ip: string;
      readonly prefix: readonly string[];
      readonly args?: readonly string[];
    } = { ip: '127.0.0.1', prefix: [] },
  ): Promise<Rig> {
    const rig = new Rig(await temporaryFolder(parent));
    rig.#forgotten = atTheEnd(() => rig.close()); // An interrupted bench leaves no process behind.
    const port = String(await freePort());
    rig.#runTracker = () =>
      rig.#start('tracker', 'Tracker.js', ['--host', ip, '--port', port, ...args], { prefix });
    await rig.startTracker();
    return rig;
  }

  /** Starts the tracker; after a stop, at the same address. */
  async startTracker(): Promise<void> {
    this.#trackerProgram = this.#runTracker();
    const [address] = (await this.#trackerProgram?.line(/^\S+:\d+$/)) ?? [];
    this.#tracker = address ?? '';
  }

  /** Kills the tracker without a farewell to its peers. */
  async stopTracker(): Promise<void> {
    await this.#trackerProgram?.kill();
  }

  /** `host:port` of the tracker. */
  get tracker(): string {
    return this.#tracker;
  }

  /** Starts a peer with an open console, or, with `commands`, one that runs these and ends. */
  async peer(
    name: string,
    args: readonly string[] = [],
    commands?: readonly string[],
    surroundings: Surroundings = {},
  ): Promise<LaunchedProgram> {
    await mkdir(this.share(name), { recursive: true });
    const port = String(await freePort());
    const peer = this.#start(
      name,
      'Peer.js',
      [port, '--name', name, '--tracker', this.#tracker, '--share', this.share(name), ...args],
      surroundings,
    );
    if (commands !== undefined) {
      peer.type(...commands);
      peer.endInput();
    }
    return peer;
  }

  share(name: string): string {
    return join(this.folder, name, 'share');
  }

  /** Removes the files of a peer that has ended. */
  async forget(name: string): Promise<void> {
    await removeFolder(join(this.folder, name));
  }

  async close(): Promise<void> {
    this.#forgotten();
    await Promise.all(this.#programs.map((program) => program.kill()));
    await removeFolder(this.folder);
  }

  #start(
    name: string,
    script: string,
    args: readonly string[],
    { env: added = {}, prefix = [] }: Surroundings = {},
  ): LaunchedProgram {
    const home = join(this.folder, name, 'home');
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      XDG_STATE_HOME: join(home, 'state'),
      XDG_CACHE_HOME: join(home, 'cache'),
      SHOAL_DISCOVERY: 'off',
      ...added,
    };
    const [command = '', ...rest] = [...prefix, process.execPath, join(ROOT, script), ...args];
    const child = spawn(command, rest, { env, stdio: 'pipe' });
    const program = new LaunchedProgram(`${name}: ${script}`, child, home);
    this.#programs.push(program);
    return program;
  }
}

/** The fields of `status --json` that benches read. */
export interface PeerStatus {
  readonly share: {
    readonly files: number;
    readonly scanned: boolean;
    readonly hashing: { readonly files: number; readonly bytes: number };
  };
  /** Payload bytes since the start. */
  readonly sent: number;
  readonly received: number;
}

export async function status(peer: LaunchedProgram): Promise<PeerStatus> {
  const [line] = await peer.ask('status --json', /^\{.*"command":"status".*\}$/, PATIENCE_MS);
  return JSON.parse(line) as PeerStatus;
}

/** Waits until a peer serves at least `files` files. */
export async function untilShared(peer: LaunchedProgram, files: number): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    const { share } = await status(peer);
    if (share.scanned && share.hashing.files === 0 && share.files >= files) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the peer never shared ${files} files`);
}
