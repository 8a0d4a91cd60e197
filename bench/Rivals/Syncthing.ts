import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Scene, SendingSide } from '../Contender.ts';
import { linkAll } from '../Files.ts';
import { findProgram } from '../Places.ts';
import { freePort, untilListening } from '../Ports.ts';
import { usage, usageSince } from '../Usage.ts';

const KEY = 'bench';
const FOLDER = 'bench';
const POLL_MS = 20;
const WHOLE_MS = 900_000;

/** Syncthing: encrypted links, SHA-256 of every block. A fresh receiver for each turn; the sender has hashed before. */
export const syncthing: Contender = {
  name: 'Syncthing',

  async missing() {
    return (await findProgram('syncthing')) === undefined ? 'syncthing is not installed' : undefined;
  },

  async prepare(scene) {
    await mkdir(sharedFolder(scene));
    await linkAll(scene.source, scene.name, sharedFolder(scene));
  },

  async open(scene: Scene): Promise<SendingSide> {
    const sender = await Instance.start(join(scene.folder, 'syncthing sender'));
    await sender.share(sharedFolder(scene), 'sendonly', []);
    await sender.until(scene.bytes);
    let turn = 0;
    const known: Instance[] = [];
    return {
      pids: [sender.pid],
      async receiver(folder) {
        const receiver = await Instance.start(join(scene.folder, `syncthing receiver ${++turn}`));
        known.push(receiver);
        await receiver.knows(sender);
        await sender.knows(receiver);
        await sender.share(sharedFolder(scene), 'sendonly', [receiver]);
        await receiver.untilConnected(sender);
        return {
          async take() {
            const before = await usage(receiver.pid);
            await receiver.share(folder, 'receiveonly', [sender]);
            await receiver.until(scene.bytes);
            return usageSince(receiver.pid, before);
          },
          close: () => receiver.close(),
        };
      },
      async close() {
        for (const each of [sender, ...known]) await each.close();
      },
    };
  },
};

function sharedFolder({ folder }: Scene): string {
  return join(folder, 'syncthing shared');
}

/** One running Syncthing, ruled over its REST interface. */
class Instance {
  readonly #child: ChildProcess;
  readonly #gui: number;
  readonly #address: string;
  readonly #ended: Promise<unknown>;
  #id = '';

  private constructor(child: ChildProcess, gui: number, address: string) {
    this.#child = child;
    this.#gui = gui;
    this.#address = address;
    this.#ended = new Promise((resolve) => child.once('close', resolve));
  }

  static async start(home: string): Promise<Instance> {
    await mkdir(home);
    const [gui, port] = [await freePort(), await freePort()];
    const args = [
      'serve',
      `--home=${home}`,
      '--no-browser',
      '--no-restart',
      '--no-default-folder',
      '--no-upgrade',
    ];
    const child = spawn(
      'syncthing',
      [...args, '--skip-port-probing', `--gui-address=127.0.0.1:${gui}`, `--gui-apikey=${KEY}`],
      {
        stdio: 'ignore', // Without its monitor, so that the measured process is the one that works.
        env: { ...process.env, HOME: home, STNOUPGRADE: '1', STMONITORED: 'yes' },
      },
    );
    const made = new Instance(child, gui, `tcp://127.0.0.1:${port}`);
    await untilListening(gui);
    made.#id = ((await made.#ask('GET', 'system/status')) as { myID: string }).myID;
    await made.#ask('PATCH', 'config/options', {
      listenAddresses: [made.#address],
      globalAnnounceEnabled: false,
      localAnnounceEnabled: false,
      relaysEnabled: false,
      natEnabled: false,
      urAccepted: -1,
      crashReportingEnabled: false,
      setLowPriority: false,
    });
    return made;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async knows(other: Instance): Promise<void> {
    await this.#ask('POST', 'config/devices', { deviceID: other.#id, addresses: [other.#address] });
  }

  async share(path: string, type: 'sendonly' | 'receiveonly', others: readonly Instance[]): Promise<void> {
    const devices = [this, ...others].map((each) => ({ deviceID: each.#id }));
    const rest = { fsWatcherEnabled: false, rescanIntervalS: 0, minDiskFree: { value: 0, unit: '%' } };
    await this.#ask('POST', 'config/folders', { id: FOLDER, path, type, devices, ...rest });
  }

  /** Waits until the folder holds that many bytes and lacks none. */
  async until(bytes: number): Promise<void> {
    await until('the folder is complete', async () => {
      const status = (await this.#ask('GET', `db/status?folder=${FOLDER}`).catch(() => ({}))) as {
        localBytes?: number;
        needBytes?: number;
        state?: string;
      };
      return status.state === 'idle' && status.needBytes === 0 && (status.localBytes ?? 0) >= bytes;
    });
  }

  async untilConnected(other: Instance): Promise<void> {
    await until('the two are connected', async () => {
      const { connections } = (await this.#ask('GET', 'system/connections')) as {
        connections: Record<string, { connected: boolean }>;
      };
      return connections[other.#id]?.connected === true;
    });
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#gui}/rest/${path}`, {
      method,
      headers: { 'X-API-Key': KEY },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Syncthing: ${method} ${path}: ${response.status} ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : undefined;
  }
}

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + WHOLE_MS; performance.now() < deadline; await sleep(POLL_MS))
    if (await reached()) return;
  throw new Error(`Syncthing: not reached: ${what}`);
}
