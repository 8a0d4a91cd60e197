import { randomBytes } from 'node:crypto';
import { test as base } from 'vitest';
import type { LaunchedProgram } from '../../bench/Programs/LaunchedProgram.ts';
import { formatInvite, NETWORK_SECRET_BYTES } from '../../Protocol/Private/Invite.ts';
import { freePort, Launcher, type LaunchOptions } from './launch.ts';
import type { TempFolder } from './TempFolder.ts';
import { TestPeer } from './TestPeer.ts';
import { openTracker } from './Trackers.ts';

export interface PeerSetup extends LaunchOptions {
  /** Path in the share -> content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly share?: TempFolder;
  readonly port?: number;
  /** By default the tracker of the LAN; undefined: none. */
  readonly tracker?: string | undefined;
  readonly args?: readonly string[];
}

/** Result of a script. */
export interface ScriptEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly share: TempFolder;
}

/** Programs on loopback with a common tracker. */
export class TestLan {
  readonly launcher = new Launcher();
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  #tracker: Promise<string> | undefined;

  /** `host:port` of the tracker, which the first call starts. */
  tracker(): Promise<string> {
    this.#tracker ??= this.#openTracker();
    return this.#tracker;
  }

  /** The tracker as a program, for tests that end it or read its output. Call it before the peers start. */
  async trackerProgram(): Promise<{ program: LaunchedProgram; address: string }> {
    if (this.#tracker !== undefined) throw new Error('the LAN has a tracker already');
    const tracker = await this.launcher.readyTracker();
    this.#tracker = Promise.resolve(tracker.address);
    return tracker;
  }

  async #openTracker(): Promise<string> {
    const port = await freePort();
    this.onClose(await openTracker(port));
    return `127.0.0.1:${port}`;
  }

  /** Starts a peer with an open console. */
  async peer(name: string, setup: PeerSetup = {}): Promise<TestPeer> {
    const { share, port, args } = await this.#prepared(name, setup);
    return new TestPeer(name, await this.launcher.peer(args, setup), share, port);
  }

  /** Starts a peer and waits until its files are published. */
  async seeder(name: string, setup: PeerSetup = {}): Promise<TestPeer> {
    const peer = await this.peer(name, setup);
    await peer.isPublished();
    return peer;
  }

  /** Runs `printf '…' | node Peer.js` to its end. */
  async script(name: string, lines: readonly string[], setup: PeerSetup = {}): Promise<ScriptEnd> {
    const { share, args } = await this.#prepared(name, setup);
    const program = await this.launcher.peer(args, setup);
    program.type(...lines);
    program.endInput();
    const code = await program.exitCode();
    return { code, stdout: program.stdout, stderr: program.stderr, share };
  }

  async #prepared(name: string, setup: PeerSetup) {
    const share = setup.share ?? (await this.launcher.folder());
    for (const [path, content] of Object.entries(setup.files ?? {})) await share.write(path, content);
    const port = setup.port ?? (await freePort());
    const tracker = 'tracker' in setup ? setup.tracker : await this.tracker();
    const known = tracker === undefined ? [] : ['--tracker', tracker];
    const args = [String(port), ...known, '--share', share.path, '--name', name, ...(setup.args ?? [])];
    return { share, port, args };
  }

  /** Registers a cleanup that runs before the programs end and the folders are removed. */
  onClose(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    await this.launcher.close();
  }
}

/** A test with its own LAN, closed at its end; works with `test.concurrent`. */
export const lanTest = base.extend<{ lan: TestLan }>({
  lan: async ({ task: _task }, use) => {
    const lan = new TestLan();
    try {
      await use(lan);
    } finally {
      await lan.close();
    }
  },
});

/** An invite of a new private network, as `shoal network create` makes it. */
export function newInvite(name = 'lab 3'): string {
  return formatInvite({ name, secret: randomBytes(NETWORK_SECRET_BYTES) });
}

const MIB = 1_048_576;

/** Incompressible bytes, different for every seed. */
export function someBytes(seed: number, bytes: number): Buffer {
  const out = Buffer.allocUnsafe(bytes);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const words = bytes >> 2;
  for (let at = 0; at < words; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out.writeInt32LE(state, at * 4);
  }
  for (let at = words * 4; at < bytes; at++) out[at] = (state >>> (at & 3)) & 0xff;
  return out;
}

/** The same in mebibytes. */
export function someMebibytes(seed: number, count: number): Buffer {
  return someBytes(seed, count * MIB);
}
