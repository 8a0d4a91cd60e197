import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let serial = 0;

/** One host of a private network: a network namespace with one interface on the common bridge. */
export interface Namespace {
  readonly name: string;
  /** Its IPv4 address, in 10.77.0.0/24. */
  readonly ip: string;
  /** Command prefix that runs a program there, for `LaunchOptions.prefix`. */
  readonly prefix: readonly string[];
}

/**
 * An isolated LAN on this machine: every host is a network namespace, the switch a bridge in a further namespace.
 * Needs Linux, root and `ip` (Debian: iproute2).
 */
export class Namespaces {
  readonly hosts: readonly Namespace[];
  readonly #switchName: string;

  private constructor(switchName: string, hosts: readonly Namespace[]) {
    this.#switchName = switchName;
    this.hosts = hosts;
  }

  /**
   * Makes `count` hosts, 10.77.0.1 and up, that reach each other.
   * @throws Error of `ip`; nothing is left behind
   */
  static async make(count: number): Promise<Namespaces> {
    const id = `${process.pid}-${serial++}`;
    const hosts = Array.from({ length: count }, (_, index): Namespace => {
      const name = `shoal-${id}-${index + 1}`;
      return { name, ip: `10.77.0.${index + 1}`, prefix: ['ip', 'netns', 'exec', name] };
    });
    const made = new Namespaces(`shoal-${id}-switch`, hosts);
    try {
      await made.#build();
    } catch (failure) {
      await made.close();
      const reason = failure instanceof Error ? failure.message : String(failure);
      throw new Error(`network namespaces cannot be made here: ${reason.trim()}`, { cause: failure });
    }
    return made;
  }

  /** Unplugs a host from the switch, or plugs it in again. Programs get no notice. */
  async plug(host: Namespace, isIn: boolean): Promise<void> {
    const port = `port${this.hosts.indexOf(host) + 1}`;
    await ip('-n', this.#switchName, 'link', 'set', port, isIn ? 'up' : 'down');
  }

  /** Runs a command on a host to its end. @throws Error when it fails */
  async run(host: Namespace, ...command: string[]): Promise<{ stdout: string; stderr: string }> {
    const [program = '', ...args] = [...host.prefix, ...command];
    return run(program, args);
  }

  /** Removes the LAN; programs that still run there lose their network. Safe to call twice. */
  async close(): Promise<void> {
    for (const name of [...this.hosts.map((host) => host.name), this.#switchName]) {
      await ip('netns', 'delete', name).catch(() => {}); // Never made, or removed before.
    }
  }

  async #build(): Promise<void> {
    const inSwitch = (...args: string[]) => ip('-n', this.#switchName, ...args);
    await ip('netns', 'add', this.#switchName);
    await inSwitch('link', 'add', 'bridge0', 'type', 'bridge');
    await inSwitch('link', 'set', 'bridge0', 'up');
    for (const [index, host] of this.hosts.entries()) {
      const port = `port${index + 1}`;
      await ip('netns', 'add', host.name);
      // Made inside the switch, with the other end in the host: the machine's own namespace never sees it.
      await inSwitch('link', 'add', port, 'type', 'veth', 'peer', 'name', 'lan0', 'netns', host.name);
      await inSwitch('link', 'set', port, 'master', 'bridge0', 'up');
      await ip('-n', host.name, 'link', 'set', 'lo', 'up');
      await ip('-n', host.name, 'address', 'add', `${host.ip}/24`, 'brd', '+', 'dev', 'lan0');
      await ip('-n', host.name, 'link', 'set', 'lan0', 'up');
      await ip('-n', host.name, 'route', 'add', 'default', 'dev', 'lan0');
    }
  }
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args);
}
