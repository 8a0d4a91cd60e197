import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { natsMissing, startNats } from '../bench/Trackers/NatsProgram.ts';
import { freeUdpPort, startTracker } from '../bench/Trackers/Servers.ts';
import { usage, usageSince } from '../bench/Usage.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { LivePeers } from './Cluster/LivePeers.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const TRACKERS = 3;
const LOOK_MS = 200;
/** Limit on time without progress: more than a heartbeat of the largest network and the goal together. */
const GIVE_UP_MS = 120_000;
/** Goal for the recovery of a peer after its heartbeat. */
const BACK_MS = 5_000;
/** Peers of the killed tracker whose files are searched for. */
const SEARCHED = 50;
/** Searches for one file. */
const ATTEMPTS = 100;

/**
 * One of three trackers is killed under thousands of peers: time until all have another home, and their files are
 * found.
 */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const missing = await natsMissing();
  if (missing !== undefined) return [{ name: 'not run', value: missing, met: true }];
  const count = short ? 200 : 10_000;
  const nats = await startNats();
  const places = await Promise.all(
    Array.from({ length: TRACKERS }, async () => ({ host: '127.0.0.1', port: await freeUdpPort() })),
  );
  const join = ['--max-peers', '200000', '--cluster', nats.url, '--cluster-name', 'harden'];
  const trackers = await Promise.all(places.map(({ port }) => startTracker(port, ...join)));
  const peers = new LivePeers(count, places);
  try {
    const joiningMs = await timeUntil(
      Array.from({ length: count }, (_, peer) => peer),
      (peer) => peers.homeOf(peer) !== undefined,
      peers.start(),
    );
    const random = new SeededRandom(seed);
    const victim = random.int(0, TRACKERS - 1);
    const dead = `127.0.0.1:${places[victim]?.port}`;
    const before = peers.homes();
    const homeless = before.flatMap((home, peer) => (home === dead ? [peer] : []));
    const asking = before.findIndex((home) => home !== dead);
    const wantedMs = peers.intervalMs() + BACK_MS;
    // Tells a slow machine from slow programs.
    const delays = monitorEventLoopDelay();
    delays.enable();
    const pids = [process.pid, ...trackers.filter((_, at) => at !== victim).map(({ pid }) => pid)];
    const used = await Promise.all(pids.map(usage));
    const killing = trackers[victim]?.kill();
    const isBack = (peer: number) => ![undefined, dead].includes(peers.homeOf(peer));
    const movedMs = await timeUntil(homeless, isBack, killing);
    const startedMs = performance.now();
    const lost = await Promise.all(
      random.sample(homeless, SEARCHED).map(async (peer) => ((await isFound(peers, asking, peer)) ? 0 : 1)),
    );
    const searchedMs = movedMs + performance.now() - startedMs;
    const spent = await Promise.all(
      pids.map(async (pid, at) => usageSince(pid, used[at] ?? { cpuSeconds: 0, peakMiB: 0 })),
    );
    delays.disable();
    const strayed = peers
      .homes()
      .filter((home, peer) => before[peer] !== dead && home !== before[peer]).length;
    return [
      { name: 'peers, each with a home', value: `${count} after ${seconds(joiningMs)}`, met: true },
      {
        name: `peers of the killed tracker (${homeless.length}) at others, and found`,
        value: seconds(searchedMs),
        wanted: `a heartbeat and 5 s: ${seconds(wantedMs)}`,
        met: searchedMs <= wantedMs,
        timed: true,
      },
      {
        name: 'CPU meanwhile: all peers (one process), each of the other trackers',
        value: spent.map(({ cpuSeconds }) => `${cpuSeconds.toFixed(1)} s`).join(', '),
        met: true,
      },
      {
        name: 'delay of timers in the process of the peers, p50 and p99',
        value: [50, 99].map((part) => `${(delays.percentile(part) / 1e6).toFixed(0)} ms`).join(', '),
        met: true,
      },
      figure(
        'files of these peers that are not found',
        lost.reduce<number>((sum, one) => sum + one, 0),
      ),
      // On a busy machine any tracker may seem silent for some time.
      { ...figure('peers of the other trackers that moved', strayed), timed: true },
    ];
  } finally {
    await Promise.all([...trackers, nats.program].map((program) => program.kill()));
    await peers.close();
  }
}

/** Whether a file of a peer is found, with retries: an answer may lack a tracker on a busy machine. */
async function isFound(peers: LivePeers, asking: number, wanted: number): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await peers.finds(asking, wanted)) return true;
  return false;
}

/**
 * Time until a task has ended and the condition has held once for each of the peers.
 * @throws Error when no further peer meets it for GIVE_UP_MS
 */
async function timeUntil(
  peers: readonly number[],
  isMet: (peer: number) => boolean,
  task: Promise<unknown> | undefined,
): Promise<number> {
  const startedMs = performance.now();
  let left = peers;
  let progressMs = startedMs;
  let hasEnded = false;
  const ending = task?.then(() => {
    hasEnded = true;
  });
  while (!hasEnded || left.length > 0) {
    await pause(LOOK_MS);
    // Only those that are left: a look at thousands of peers takes CPU from them.
    const now = left.filter((peer) => !isMet(peer));
    if (now.length < left.length) progressMs = performance.now();
    left = now;
    if (performance.now() - progressMs > GIVE_UP_MS)
      throw new Error(`${left.length} of ${peers.length} peers have no home`);
  }
  await ending;
  return performance.now() - startedMs;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function figure(name: string, value: number): Figure {
  return { name, value: String(value), wanted: '0', met: value === 0 };
}
