import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './launch.ts';
import { NATS_SERVER } from './Requires.ts';

const LOOK_MS = 25;
const WAIT_MS = 120_000;

/** A NATS server on loopback that keeps its port across restarts. */
export class NatsServer {
  readonly port: number;
  readonly #folder: string;
  readonly #config: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, config: string) {
    this.port = port;
    this.#folder = folder;
    this.#config = config;
  }

  /** Starts a server that ends with the running test. @param config - further lines of its configuration */
  static async forTest(config = ''): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-nats-'));
    const server = new NatsServer(await freePort(), folder, config);
    onTestFinished(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const path = join(this.#folder, 'nats.conf');
    await writeFile(path, `listen: "127.0.0.1:${this.port}"\n${this.#config}\n`);
    this.#child = spawn(NATS_SERVER, ['-c', path], { stdio: 'ignore' });
    await until(() => isOpen(this.port));
  }

  /** Kills the server. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** Resolves when the condition holds. @throws Error after WAIT_MS */
export async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + WAIT_MS;
  while (!(await isReached())) {
    if (Date.now() > endMs) throw new Error('it never happens');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => end(true)).on('error', () => end(false));
    function end(is: boolean) {
      socket.destroy();
      resolve(is);
    }
  });
}
