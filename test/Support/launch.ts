import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { LaunchedProgram } from '../../bench/Programs/LaunchedProgram.ts';
import { TempFolder } from './TempFolder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Environment variables that would leak into a launched program: settings of Shoal, npm and the test runner. */
const LEAKING = /^(SHOAL_|XDG_|NODE_|VITEST|npm_|FORCE_COLOR|NO_COLOR|CI$)/i;

export interface LaunchOptions {
  /** Added to a clean environment; undefined removes a variable. Discovery is off unless set here. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** HOME that keeps state between two launches; by default a new folder, removed at the end. */
  readonly home?: string;
  /** By default the HOME, so that nothing depends on the location of the repository. */
  readonly cwd?: string;
  /** Put in front of the command: `['ip', 'netns', 'exec', name]`. */
  readonly prefix?: readonly string[];
}

/**
 * Starts the real launchers with separate HOME folders, and ends and removes them all.
 * They run on this Node binary, or on that of SHOAL_TEST_NODE.
 */
export class Launcher {
  readonly #programs: LaunchedProgram[] = [];
  readonly #folders: TempFolder[] = [];

  /** Makes a launcher that is closed at the end of the running test. */
  static forTest(): Launcher {
    const launcher = new Launcher();
    onTestFinished(() => launcher.close());
    return launcher;
  }

  /** `node Peer.js …args` */
  peer(args: readonly string[] = [], options: LaunchOptions = {}): Promise<LaunchedProgram> {
    return this.start(join(ROOT, 'Peer.js'), args, options);
  }

  /** `node Tracker.js …args` */
  tracker(args: readonly string[] = [], options: LaunchOptions = {}): Promise<LaunchedProgram> {
    return this.start(join(ROOT, 'Tracker.js'), args, options);
  }

  /** `node shoal.js …args` */
  shoal(args: readonly string[] = [], options: LaunchOptions = {}): Promise<LaunchedProgram> {
    return this.start(join(ROOT, 'shoal.js'), args, options);
  }

  /** Starts a tracker on a free port of 127.0.0.1 and waits until it is ready. `address` is `host:port`. */
  async readyTracker(options: LaunchOptions = {}): Promise<{ program: LaunchedProgram; address: string }> {
    const program = await this.tracker(['--host', '127.0.0.1', '--port', String(await freePort())], options);
    const [address] = await program.line(/^\d+\.\d+\.\d+\.\d+:\d+$/);
    return { program, address };
  }

  /** Starts any script in the same environment. */
  async start(
    script: string,
    args: readonly string[],
    options: LaunchOptions = {},
  ): Promise<LaunchedProgram> {
    const home = options.home ?? (await this.folder()).path;
    const env = { ...(await cleanEnvironment(home)), SHOAL_DISCOVERY: 'off', ...options.env };
    const [command = '', ...rest] = [...(options.prefix ?? []), nodeBinary(), script, ...args];
    const child = spawn(command, rest, { cwd: options.cwd ?? home, env, stdio: 'pipe' });
    const program = new LaunchedProgram([command, ...rest].join(' '), child, home);
    this.#programs.push(program);
    running.add(program);
    void program.ended.then(() => running.delete(program));
    return program;
  }

  /** Creates a temporary folder that is removed with the launcher: a share, or a HOME for two launches. */
  async folder(): Promise<TempFolder> {
    const folder = await TempFolder.make();
    this.#folders.push(folder);
    return folder;
  }

  /** Ends all programs and removes all folders. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program.kill()));
    await Promise.all(this.#folders.splice(0).map((folder) => folder.remove()));
  }
}

/** Programs to kill when the test runner ends. */
const running = new Set<LaunchedProgram>();
process.on('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});

/** The Node that runs the launchers. */
export function nodeBinary(): string {
  const { SHOAL_TEST_NODE } = process.env;
  return SHOAL_TEST_NODE || process.execPath;
}

const handedOut = new Set<number>();
/** Upper bound of parallel workers; each has its own range of ports. */
const WORKERS_MAX = 10;
const PORTS_EACH = 1_000;
const FIRST_PORT = 20_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS_MAX) * PORTS_EACH;

/**
 * Finds a port that is free for TCP and UDP, below the ephemeral range of the system.
 * @param random - a number from 0 to below 1
 */
export async function freePort(random = Math.random): Promise<number> {
  for (let attempt = 0; attempt < 2 * PORTS_EACH; attempt++) {
    const port = FIRST_PORT + Math.floor(random() * PORTS_EACH);
    if (handedOut.has(port)) continue;
    // Before the check, during which other tests draw ports too.
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS_EACH - 1}`);
}

/** Whether a port is free for TCP and UDP. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(port, '0.0.0.0', resolve),
    );
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '0.0.0.0', resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
}

async function cleanEnvironment(home: string): Promise<NodeJS.ProcessEnv> {
  const kept = Object.entries(process.env).filter(([name]) => !LEAKING.test(name));
  const xdg = {
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_RUNTIME_DIR: join(home, '.run'),
  };
  await Promise.all(Object.values(xdg).map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
  return { ...Object.fromEntries(kept), ...xdg, HOME: home, USERPROFILE: home };
}
