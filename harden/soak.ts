import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Peer } from '../Peer/Peer.ts';
import { silentLog } from '../Shared/Log.ts';
import type { Address } from '../Shared/Network/Address.ts';
import { bindDatagramTelling } from '../Shared/Network/DatagramSockets.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { systemClock } from '../Shared/Time/Clock.ts';
import { Tracker } from '../Tracker/Tracker.ts';
import { wrongCatalogs } from './Soak/Catalogs.ts';
import { Growth, handleCount } from './Soak/Growth.ts';
import { SoakPeer } from './Soak/SoakPeer.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const PEERS = 20;
const SHORT_MS = 8_000;
const LONG_MINUTES = 60;
/** Pause between two changes, short and long. */
const STEP_MS = [10, 100] as const;
/** Changes between two downloads, moves of the tracker, and restarts of a peer at another port. */
const STEPS_PER_DOWNLOAD = 25;
const STEPS_PER_MOVE = 100;
const STEPS_PER_RESTART = 70;
/** Time between two samples, short and long. */
const SAMPLE_MS = [500, 20_000] as const;
/** Time for the catalogs to settle: files become quiet, are hashed and published. */
const SETTLE_MS = 60_000;
/** The tracker lives at one of these addresses, and moves when it is killed. */
const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
/** Handles that may remain after closing: those of the trial itself. */
const HANDLES_LEFT = 3;

/**
 * Twenty peers whose shares change all the time, while the tracker moves and peers restart, end with right catalogs.
 */
export async function run({ short, seed, minutes }: TrialSettings): Promise<readonly Figure[]> {
  const random = new SeededRandom(seed);
  const root = await mkdtemp(join(tmpdir(), 'shoal-soak-'));
  const udpPort = random.int(25_000, 25_999);
  const places = HOSTS.map((host) => ({ host, port: udpPort }));
  const before = handleCount();
  const growth = new Growth();
  const peers = Array.from({ length: PEERS }, (_, index) => new SoakPeer(root, index, places, random));
  let tracker = await startTracker(places[0] as Address);
  try {
    for (const each of peers) await each.start();
    const startMs = performance.now();
    const untilMs = startMs + (short ? SHORT_MS : (minutes ?? LONG_MINUTES) * 60_000);
    let [moves, restarts, sampledMs] = [0, 0, 0];
    for (let step = 1; performance.now() < untilMs; step++) {
      await random.pick(peers).churn.step();
      if (step % STEPS_PER_DOWNLOAD === 0) startDownload(random.pick(peers).peer, random);
      if (step % STEPS_PER_MOVE === 0) {
        await tracker.close();
        tracker = await startTracker(places[++moves % places.length] as Address);
      }
      if (step % STEPS_PER_RESTART === 0) {
        const each = random.pick(peers);
        await each.close();
        await each.start();
        restarts++;
      }
      if (performance.now() - sampledMs > SAMPLE_MS[short ? 0 : 1]) {
        sampledMs = performance.now();
        const text = growth.sample();
        if (!short) process.stderr.write(`${((sampledMs - startMs) / 60_000).toFixed(1)} min: ${text}\n`);
      }
      await pause(STEP_MS[short ? 0 : 1]);
    }
    for (const { peer } of peers)
      for (const { number } of peer.downloads.list()) await peer.downloads.cancel(number);
    const { wrong, tookMs } = await settle(peers, tracker);
    growth.sample();
    await Promise.all(peers.map((each) => each.close()));
    await tracker.close();
    await pause(500); // Sockets report their end in the next turns.
    const left = handleCount() - before;
    const changes = peers.reduce((sum, { churn }) => sum + churn.changes, 0);
    return [
      { name: 'changes of files', value: String(changes), met: true },
      { name: 'moves of the tracker, restarts of peers', value: `${moves}, ${restarts}`, met: true },
      {
        name: 'wrong catalogs',
        value:
          wrong.length === 0 ? `0 of ${PEERS}, after ${(tookMs / 1_000).toFixed(1)} s` : wrong.join('; '),
        wanted: '0',
        met: wrong.length === 0,
      },
      ...growth.figures(!short),
      {
        name: 'handles left when all is closed',
        value: String(left),
        wanted: `at most ${HANDLES_LEFT}`,
        met: left <= HANDLES_LEFT,
      },
    ];
  } finally {
    await Promise.all(peers.map((each) => each.close()));
    await tracker.close();
    await rm(root, { recursive: true, force: true });
  }
}

async function startTracker({ host, port }: Address): Promise<Tracker> {
  const tracker = new Tracker({
    bind: bindDatagramTelling(silentLog),
    clock: systemClock,
    wallClock: Date.now,
    randomBytes,
    log: silentLog,
    host,
    port,
  });
  await tracker.start();
  return tracker;
}

/** Downloads a random file of another peer, which may have been removed. */
function startDownload(peer: Peer, random: SeededRandom): void {
  const signal = AbortSignal.timeout(5_000);
  peer.search(`file ${random.int(1, 20)}`, signal).then(
    ({ hits }) => {
      const hit = hits.find(({ here }) => here !== true);
      if (hit !== undefined) peer.download(hit.fileId, signal).catch(() => {});
    },
    () => {}, // The tracker is moving, or the peer restarts.
  );
}

/** Waits until every catalog at the tracker agrees with the disk. */
async function settle(
  peers: readonly SoakPeer[],
  tracker: Tracker,
): Promise<{ wrong: readonly string[]; tookMs: number }> {
  const startMs = performance.now();
  for (;;) {
    const wrong = await wrongCatalogs(peers, tracker).catch((failure: unknown) => [String(failure)]);
    const tookMs = performance.now() - startMs;
    if (wrong.length === 0 || tookMs > SETTLE_MS) return { wrong, tookMs };
    await pause(500);
  }
}
