import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atTheEnd } from '../Places.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../../../bench/RoundTrip/relay.c', import.meta.url));
let serial = 0;

export interface LineOptions {
  readonly roundTripMs: number;
  /** Fraction of the packets of each direction. */
  readonly lossPercent: number;
  readonly bitsPerSecond: number;
}

/** One end of the line: a network namespace. */
export interface End {
  readonly name: string;
  readonly ip: string;
  /** Prefix of a command to run in the namespace. */
  readonly prefix: readonly string[];
}

/** Congestion control of TCP at both ends: the machine's default, as in real transfers. */
export async function congestionControl({ prefix }: End): Promise<string> {
  const [command = '', ...args] = [...prefix, 'cat', '/proc/sys/net/ipv4/tcp_congestion_control'];
  return (await run(command, args)).stdout.trim();
}

/** Two network namespaces, joined by a line with a rate, a delay and loss. */
export class SlowLine {
  readonly ends: readonly [End, End];
  readonly #relay: ReturnType<typeof spawn>;
  readonly #forget: () => void;

  private constructor(ends: readonly [End, End], relay: ReturnType<typeof spawn>) {
    this.ends = ends;
    this.#relay = relay;
    this.#forget = atTheEnd(() => this.close());
  }

  /** Compiles the relay into `folder`. @throws Error that names the missing part: root, `ip`, a C compiler, TUN */
  static async compile(folder: string): Promise<string> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('needs Linux and root');
    const program = join(folder, 'relay');
    await run('cc', ['-O2', '-o', program, SOURCE]);
    return program;
  }

  static async make(
    program: string,
    { roundTripMs, lossPercent, bitsPerSecond }: LineOptions,
  ): Promise<SlowLine> {
    const id = `shoal-bench-${process.pid}-${serial++}`;
    const end = (index: number): End => {
      const name = `${id}-${index}`;
      return { name, ip: `10.78.0.${index}`, prefix: ['ip', 'netns', 'exec', name] };
    };
    const ends = [end(1), end(2)] as const;
    for (const { name } of ends) await run('ip', ['netns', 'add', name]);
    const numbers = [(roundTripMs / 2) * 1_000, lossPercent * 10_000, bitsPerSecond].map(String);
    const relay = spawn(program, [...ends.map(({ name }) => name), ...numbers], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = new SlowLine(ends, relay);
    await new Promise<void>((resolve, reject) => {
      relay.stdout?.once('data', () => resolve());
      relay.once('exit', () => reject(new Error('the relay ended')));
    });
    for (const { name, ip } of ends) {
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      await run('ip', ['-n', name, 'address', 'add', `${ip}/24`, 'dev', 'line0']);
      await run('ip', ['-n', name, 'link', 'set', 'line0', 'txqueuelen', '10000', 'up']);
    }
    return line;
  }

  /** Removes the line; programs that still run there lose their network. Safe to call twice. */
  async close(): Promise<void> {
    this.#forget();
    this.#relay.kill('SIGKILL');
    for (const { name } of this.ends) await run('ip', ['netns', 'delete', name]).catch(() => {});
  }
}
