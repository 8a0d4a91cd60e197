import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { USE_RENO } from '../Network.ts';
import { atTheEnd } from '../Places.ts';

const run = promisify(execFile);
let serial = 0;
/** Ports of peers in benches (freePort). */
const PEER_PORTS = '20000-29999';

/** A network namespace. */
export interface Computer {
  readonly name: string;
  readonly ip: string;
  /** Prefix of a command to run in the namespace. */
  readonly prefix: readonly string[];
}

/** Two network namespaces, joined by a virtual cable, each with a firewall that can be shut. */
export class TwoComputers {
  readonly both: readonly [Computer, Computer];
  readonly #forget: () => void;

  private constructor(both: readonly [Computer, Computer]) {
    this.both = both;
    this.#forget = atTheEnd(() => this.close());
  }

  /** @throws Error without Linux, root and `ip` */
  static async make(): Promise<TwoComputers> {
    const id = `shoal-bench-${process.pid}-way-${serial++}`;
    const computer = (index: number): Computer => {
      const name = `${id}-${index}`;
      return { name, ip: `10.79.0.${index}`, prefix: ['ip', 'netns', 'exec', name] };
    };
    const made = new TwoComputers([computer(1), computer(2)]);
    const [one, other] = made.both;
    try {
      for (const { name } of made.both) await run('ip', ['netns', 'add', name]);
      const cable = ['link', 'add', 'cable0', 'type', 'veth', 'peer', 'name', 'cable0', 'netns', other.name];
      await run('ip', ['-n', one.name, ...cable]);
      for (const { name, ip } of made.both) {
        await run('ip', ['-n', name, 'address', 'add', `${ip}/24`, 'dev', 'cable0']);
        await run('ip', ['netns', 'exec', name, 'sh', '-c', USE_RENO]);
        for (const device of ['lo', 'cable0']) await run('ip', ['-n', name, 'link', 'set', device, 'up']);
      }
      return made;
    } catch (failure) {
      await made.close();
      throw failure;
    }
  }

  /** Blocks connections to peers of a computer: the answers of their ports are dropped. */
  async shut({ name }: Computer): Promise<void> {
    await run('ip', ['-n', name, ...rule('add')]);
  }

  /** Ends `shut`. */
  async open({ name }: Computer): Promise<void> {
    await run('ip', ['-n', name, ...rule('delete')]);
  }

  async close(): Promise<void> {
    this.#forget();
    for (const { name } of this.both) await run('ip', ['netns', 'delete', name]).catch(() => {}); // Not created.
  }
}

function rule(change: 'add' | 'delete'): string[] {
  return ['rule', change, 'pref', '10', 'ipproto', 'tcp', 'sport', PEER_PORTS, 'blackhole'];
}
