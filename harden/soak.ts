import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assemblePeer, reserve } from '../Peer/Assembly.ts';
import type { Peer } from '../Peer/Peer.ts';
import type { Settings } from '../Peer/Settings/CommandLine.ts';
import { StateFolder } from '../Peer/State/StateFolder.ts';
import type { Address } from '../Shared/Address.ts';
import { systemClock } from '../Shared/Clock.ts';
import { bindDatagramTelling } from '../Shared/DatagramSockets.ts';
import { silentLog } from '../Shared/Log.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { Tracker } from '../Tracker/Tracker.ts';
import { Churn, shareOnDisk } from './Soak/Churn.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const PEERS = 20;
const SHORT_MS = 8_000;
const LONG_MS = 3_600_000;
/** Time for the catalogs to settle: files rest, are hashed and published. */
const SETTLE_MS = 60_000;
/** The tracker lives at one of these addresses, and moves when it is killed. */
const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
/** Most growth of the live heap after the middle of the run. */
const HEAP_GROWTH_BYTES = 30_000_000;
/** Most growth of handles after the middle of the long run; a short one is still opening links. */
const HANDLES_GROWTH = 40;
/** Handles that may be left when all is closed: those of the trial itself. */
const HANDLES_LEFT = 3;

const SETTINGS: Omit<Settings, 'trackers' | 'name'> = {
  port: { first: 24_000, last: 24_999 },
  share: undefined,
  uploadLimit: undefined,
  downloadLimit: undefined,
  maxDownloads: undefined,
  accept: 'none',
  discovery: false,
  unlisted: false,
  console: false,
  verbose: false,
  http: 'off',
  history: false,
};

interface SoakPeer {
  readonly peer: Peer;
  readonly share: string;
  readonly churn: Churn;
  close(): Promise<void>;
}

interface Sample {
  readonly atMs: number;
  readonly heapBytes: number;
  readonly handles: number;
}

/** Twenty peers whose shares change all the time, while the tracker is killed and moves, end with right catalogs. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const random = new SeededRandom(seed);
  const root = await mkdtemp(join(tmpdir(), 'shoal-soak-'));
  const collectGarbage = garbageCollector();
  const udpPort = random.int(25_000, 25_999);
  const places = HOSTS.map((host) => ({ host, port: udpPort }));
  const peers: SoakPeer[] = [];
  const before = handleCount();
  let tracker: Tracker | undefined;
  try {
    tracker = await startTracker(places[0] as Address);
    for (let index = 0; index < PEERS; index++) peers.push(await startPeer(root, index, places, random));
    const untilMs = performance.now() + (short ? SHORT_MS : LONG_MS);
    const samples: Sample[] = [];
    let kills = 0;
    for (let step = 1; performance.now() < untilMs; step++) {
      await random.pick(peers).churn.step();
      if (step % 25 === 0) startDownload(random.pick(peers).peer, random);
      if (step % 100 === 0) {
        await tracker.close();
        tracker = await startTracker(places[++kills % places.length] as Address);
      }
      if (step % 20 === 0) samples.push(sample(collectGarbage));
      await pause(short ? 10 : 100);
    }
    for (const { peer } of peers) for (const { number } of peer.downloads()) await peer.cancel(number);
    const { wrong, tookMs } = await settle(peers);
    samples.push(sample(collectGarbage));
    await Promise.all(peers.map((each) => each.close()));
    await tracker.close();
    await pause(500); // Sockets report their end in the next turns.
    const left = handleCount() - before;
    const changes = peers.reduce((sum, { churn }) => sum + churn.changes, 0);
    return [
      { name: 'changes of files, moves of the tracker', value: `${changes}, ${kills}`, met: true },
      {
        name: 'wrong catalogs',
        value:
          wrong.length === 0 ? `0 of ${PEERS}, after ${(tookMs / 1_000).toFixed(1)} s` : wrong.join('; '),
        wanted: '0',
        met: wrong.length === 0,
      },
      ...growth(samples, short),
      {
        name: 'handles left when all is closed',
        value: String(left),
        wanted: `at most ${HANDLES_LEFT}`,
        met: left <= HANDLES_LEFT,
      },
    ];
  } finally {
    await Promise.all(peers.map((each) => each.close()));
    await tracker?.close();
    await rm(root, { recursive: true, force: true });
  }
}

async function startTracker({ host, port }: Address): Promise<Tracker> {
  const bind = bindDatagramTelling(silentLog);
  const tracker = new Tracker({
    bind,
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

async function startPeer(
  root: string,
  index: number,
  trackers: readonly Address[],
  random: SeededRandom,
): Promise<SoakPeer> {
  const share = join(root, `share ${index}`);
  await mkdir(share);
  const state = new StateFolder(share, join(root, 'state'));
  await state.start();
  const settings: Settings = { ...SETTINGS, trackers, name: `peer ${index}` };
  const port = await reserve(settings, silentLog);
  const place = { port, shareDir: share, state, giveUpMs: undefined, guest: true };
  const peer = await assemblePeer(settings, silentLog, place);
  await peer.start({ signal: new AbortController().signal });
  return {
    peer,
    share,
    churn: new Churn(share, new SeededRandom(random.int(0, 2 ** 31))),
    close: async () => {
      await peer.close();
      await port.release();
      await state.close();
    },
  };
}

/** Downloads a random file of another peer; it may be gone. */
function startDownload(peer: Peer, random: SeededRandom): void {
  const signal = AbortSignal.timeout(5_000);
  peer.search(`file ${random.int(1, 20)}`, signal).then(
    ({ hits }) => {
      const hit = hits.find(({ here }) => here !== true);
      if (hit !== undefined) peer.download(hit.fileId, signal).catch(() => {});
    },
    () => {}, // The tracker is moving.
  );
}

/** Waits until every catalog at the tracker agrees with the disk. */
async function settle(peers: readonly SoakPeer[]): Promise<{ wrong: readonly string[]; tookMs: number }> {
  const startMs = performance.now();
  for (;;) {
    const wrong = await wrongCatalogs(peers).catch((failure: unknown) => [String(failure)]);
    const tookMs = performance.now() - startMs;
    if (wrong.length === 0 || tookMs > SETTLE_MS) return { wrong, tookMs };
    await pause(500);
  }
}

async function wrongCatalogs(peers: readonly SoakPeer[]): Promise<string[]> {
  const [first, second] = peers.map(({ peer }) => peer);
  if (first === undefined || second === undefined) return ['no peers'];
  const seen = [
    ...(await first.peers(AbortSignal.timeout(5_000))),
    ...(await second.peers(AbortSignal.timeout(5_000))),
  ];
  const wrong = await Promise.all(
    peers.map(async ({ peer, share }) => {
      const disk = await shareOnDisk(share);
      const own = peer
        .localFiles()
        .reduce((sum, { size }) => ({ files: sum.files + 1, bytes: sum.bytes + size }), {
          files: 0,
          bytes: 0,
        });
      const told = seen.find(({ peerId }) => peerId === peer.self.peerId);
      const all = [disk, own, { files: told?.files ?? -1, bytes: told?.bytes ?? -1 }];
      const texts = all.map(({ files, bytes }) => `${files} files of ${bytes} bytes`);
      return new Set(texts).size === 1 ? [] : [`${peer.self.name}: ${texts.join(' on disk, ')}`];
    }),
  );
  return wrong.flat();
}

function growth(samples: readonly Sample[], short: boolean): Figure[] {
  const later = samples.slice(samples.length >> 1);
  const [first, last] = [later[0], later.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no samples were taken');
  const hours = Math.max(last.atMs - first.atMs, 1) / 3_600_000;
  const bytes = last.heapBytes - first.heapBytes;
  const handles = last.handles - first.handles;
  const slope = `${(bytes / 1e6).toFixed(1)} MB in ${(hours * 60).toFixed(1)} min`;
  return [
    {
      name: 'growth of the live heap after the middle of the run',
      value: `${slope} (${(last.heapBytes / 1e6).toFixed(0)} MB at the end)`,
      wanted: `below ${HEAP_GROWTH_BYTES / 1e6} MB`,
      met: bytes < HEAP_GROWTH_BYTES,
    },
    {
      name: 'growth of handles',
      value: `${handles} (${last.handles} at the end)`,
      ...(short ? {} : { wanted: `below ${HANDLES_GROWTH}` }),
      met: short || handles < HANDLES_GROWTH,
    },
  ];
}

function sample(collectGarbage: () => void): Sample {
  collectGarbage();
  return {
    atMs: performance.now(),
    heapBytes: process.memoryUsage().heapUsed,
    handles: handleCount(),
  };
}

/** Sockets, files, watchers and processes; not timers. */
function handleCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => !/Timeout|Immediate/.test(kind)).length;
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
