import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Closing } from '../Shared/Async/Closing.ts';
import { DemoPeer, homeEnvironment } from './DemoPeer.ts';
import { DemoProgram } from './DemoProgram.ts';

const POLL_MS = 200;

/** A tracker and peers on this computer, in a folder that is removed at the end. */
export class DemoNetwork {
  readonly root: string;
  readonly #programs: DemoProgram[];
  #tracker = '';

  private constructor(root: string, programs: DemoProgram[]) {
    this.root = root;
    this.#programs = programs;
  }

  /** Makes the folder. @param opened - ends the programs and removes the folder */
  static async open(opened: Closing): Promise<DemoNetwork> {
    const root = await mkdtemp(join(tmpdir(), 'shoal-demo-'));
    opened.add(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
    const programs: DemoProgram[] = [];
    process.on('exit', () => {
      for (const program of programs) program.kill();
    });
    opened.add(async () => {
      await Promise.all(programs.map((program) => program.close()));
    });
    return new DemoNetwork(root, programs);
  }

  /** Starts the tracker that all peers are given. @returns its address */
  async startTracker(signal: AbortSignal): Promise<string> {
    const { address } = await this.addTracker('tracker', [], signal);
    this.#tracker = address;
    return address;
  }

  /** Starts a further tracker. */
  async addTracker(
    name: string,
    more: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly address: string; readonly program: DemoProgram }> {
    const home = join(this.root, name);
    await mkdir(home);
    const args = ['--host', '127.0.0.1', '--port', String(await freeUdpPort()), ...more];
    const program = new DemoProgram(`the ${name}`, launcher('Tracker.js'), args, homeEnvironment(home));
    this.#programs.push(program);
    return { address: await program.line(signal), program };
  }

  /** A peer with its folders, not started. */
  async peer(name: string): Promise<DemoPeer> {
    const peer = new DemoPeer(this.root, name);
    await peer.makeFolders();
    return peer;
  }

  start(peer: DemoPeer, args: readonly string[], tracker = this.#tracker): void {
    this.#programs.push(peer.start(launcher('Peer.js'), tracker, args));
  }

  /** Waits until a search finds a file at a number of peers. */
  async untilShared(asker: DemoPeer, file: string, holders: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const [hit] = await asker.search(file, signal);
      if (hit !== undefined && hit.sources.filter((source) => source.complete).length >= holders) return;
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** The launchers are two folders above `dist/Demo`. */
function launcher(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
