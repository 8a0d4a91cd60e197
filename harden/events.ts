import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeRandomFile } from '../bench/Files.ts';
import type { LaunchedProgram } from '../bench/Programs/LaunchedProgram.ts';
import { Rig, untilShared, usage } from '../bench/Rig.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const MIB = 1_048_576;
const BROWSERS = 200;
/** Rate of the watched download: it changes every second, and needs little CPU itself. */
const LIMIT_MIB = 2;
const SHARE_MAX = 0.05;

/** 200 browsers with the events of a peer: the share of a core that they cost when idle and during a download. */
export async function run({ short }: TrialSettings): Promise<readonly Figure[]> {
  const seconds = short ? 2 : 20;
  const rig = await Rig.make();
  const watching = new Watching();
  try {
    await writeRandomFile(join(rig.share('seeder'), 'film.bin'), LIMIT_MIB * MIB * (4 * seconds + 20));
    const seeder = await rig.peer('seeder');
    await untilShared(seeder, 1);
    const peer = await rig.peer('peer', ['--download-limit', `${LIMIT_MIB}M`]);
    const { port, token } = await webOf(peer);
    const idle = await coreShare(peer, seconds);
    await watching.open(port, token);
    await pause(1_000);
    const idleWatched = await coreShare(peer, seconds);
    watching.close();
    peer.type('download film.bin --no-wait');
    await pause(2_000);
    const busy = await coreShare(peer, seconds);
    await watching.open(port, token);
    await pause(1_000);
    const before = watching.events;
    const busyWatched = await coreShare(peer, seconds);
    const events = (watching.events - before) / BROWSERS / seconds;
    return [
      share('while nothing happens', idleWatched - idle),
      share('during a download', busyWatched - busy),
      {
        name: 'events of each browser',
        value: `${events.toFixed(1)} a second`,
        wanted: 'at least 0.8 during the download',
        met: events >= 0.8,
        timed: true,
      },
      {
        name: 'open streams',
        value: `${watching.streams}`,
        wanted: `${BROWSERS}`,
        met: watching.streams === BROWSERS,
      },
    ];
  } finally {
    watching.close();
    await rig.close();
  }
}

function share(when: string, value: number): Figure {
  return {
    name: `${BROWSERS} browsers ${when}`,
    value: `${(value * 100).toFixed(1)} % of a core`,
    wanted: `at most ${SHARE_MAX * 100} %`,
    met: value <= SHARE_MAX,
    timed: true,
  };
}

/** Share of a core that a program uses. */
async function coreShare({ pid }: LaunchedProgram, seconds: number): Promise<number> {
  const before = await usage(pid);
  const startMs = performance.now();
  await pause(seconds * 1_000);
  const { cpuSeconds } = await usage(pid);
  return ((cpuSeconds - before.cpuSeconds) * 1_000) / (performance.now() - startMs);
}

async function webOf(peer: LaunchedProgram): Promise<{ port: number; token: string }> {
  const [line] = await peer.ask('web --json', /^\{.*"command":"web".*\}$/);
  const [, port, token = ''] = /127\.0\.0\.1:(\d+)\/#token=([\w-]+)/.exec(line) ?? [];
  return { port: Number(port), token };
}

/** Streams of events, and the number of received events. */
class Watching {
  events = 0;
  streams = 0;
  #requests: ClientRequest[] = [];

  async open(port: number, token: string): Promise<void> {
    const headers = { Authorization: `Bearer ${token}` };
    const opened = Array.from({ length: BROWSERS }, async () => {
      const request = get({ port, host: '127.0.0.1', path: '/api/v1/events', headers, agent: false });
      this.#requests.push(request);
      request.on('error', () => {});
      const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
      if (answer.statusCode !== 200) throw new Error(`the stream of events has status ${answer.statusCode}`);
      this.streams++;
      answer.on('close', () => this.streams--);
      answer.on('data', (bytes: Buffer) => {
        this.events += bytes.toString('latin1').split('\nevent: ').length - 1 + Number(bytes[0] === 0x65);
      });
    });
    await Promise.all(opened);
  }

  close(): void {
    for (const request of this.#requests.splice(0)) request.destroy();
  }
}
