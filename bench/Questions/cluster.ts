import { setTimeout as sleep } from 'node:timers/promises';
import { rankHits } from '../../Protocol/HitOrder.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { atMost, type Report } from '../Report.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import { cookieFor, socketTo } from '../Trackers/Asking.ts';
import { hostOf, queries } from '../Trackers/Names.ts';
import { startNats } from '../Trackers/NatsProgram.ts';
import { freeUdpPort, runProgram, startLoadedTracker } from '../Trackers/Servers.ts';
import { wholeAnswer } from '../Trackers/WholeAnswer.ts';
import { usage, usageSince } from '../Usage.ts';

const TRACKERS = 3;
const IN_FLIGHT = 128;
/** Matches up to which a tracker ranks all (MATCHES_MAX of its index). Three trackers rank more than one. */
const RANKED_MAX = 4_096;
/** Pause after a search: a tracker asks the others 150 times a second at most. */
const PACE_MS = 8;
/** A tracker answers a few searches of one host only that it does not know. */
const QUESTIONS_OF_HOST = 40;
let strangers = 5_000_000;

interface Running {
  readonly port: number;
  readonly program: LaunchedProgram;
}

/**
 * Three trackers that act as one over a real NATS server: the hits and the time of a search beside one tracker with
 * all peers, heartbeats per CPU second, and searches while the NATS server is away.
 */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const peers = quick ? 600 : 30_000;
  const names = quick ? 30 : 34;
  const nats = await startNats();
  const share = peers / TRACKERS;
  const single = await trackerWith(peers, names, 0);
  const cluster = await Promise.all(
    Array.from({ length: TRACKERS }, (_, at) => trackerWith(share, names, at * share, nats.url)),
  );
  try {
    const asked = queries(quick ? 100 : 1_000, peers, names);
    await timesOf(single, asked.slice(0, 50));
    const alone = await timesOf(single, asked);
    await timesOf(cluster[0], asked.slice(0, 50));
    const pids = [...cluster, nats].map(({ program }) => program.pid);
    const before = await Promise.all([...pids, process.pid].map(usage));
    const started = performance.now();
    const three = await timesOf(cluster[0], asked);
    const perSecond = (asked.length * 1_000) / (performance.now() - started);
    const spent = await Promise.all(
      [...pids, process.pid].map(async (pid, at) => {
        const { cpuSeconds } = await usageSince(pid, before[at] ?? { cpuSeconds: 0, peakMiB: 0 });
        return (cpuSeconds * 1_000) / asked.length;
      }),
    );
    const compared = asked.filter((_, at) => (alone[at]?.total ?? 0) < RANKED_MAX).length;
    const different = asked.filter((words, at) => {
      const isCut = (alone[at]?.total ?? 0) >= RANKED_MAX;
      return !isCut && listOf(words, alone[at]) !== listOf(words, three[at]);
    }).length;
    const partial = three.filter(({ answered }) => answered !== TRACKERS).length;

    const beats = await heartbeats(single, cluster[0], quick, pairs);
    nats.program.signal('SIGKILL');
    await sleep(1_000);
    const away = await timesOf(cluster[0], asked.slice(0, 100));
    const again = await startNats(nats.port);
    const backMs = await untilWhole(cluster[0], asked[0] ?? 'mp3');
    await again.program.kill();
    const row = (name: string, answers: readonly { readonly ms: number }[]) => [
      name,
      ...[0.5, 0.9, 0.99, 1].map((part) => `${at(answers, part).toFixed(2)} ms`),
    ];
    const ratio = spread(beats.map(([one, other]) => one / other));
    return {
      title: 'Many trackers',
      tables: [
        {
          columns: [`Search in ${peers * names} names`, 'p50', 'p90', 'p99', 'longest'],
          rows: [
            row('one tracker', alone),
            row('three trackers, NATS', three),
            row('one of them, NATS killed', away),
          ],
        },
        {
          columns: ['CPU of a search and its pages', 'asked tracker', 'another', 'another', 'NATS', 'asker'],
          rows: [
            [
              `three trackers, ${perSecond.toFixed(0)} searches a second`,
              ...spent.map((ms) => `${ms.toFixed(2)} ms`),
            ],
          ],
        },
        {
          columns: ['Heartbeats per CPU second', 'one tracker', 'one of a cluster', 'alone to cluster'],
          rows: [
            [
              `${IN_FLIGHT} in flight`,
              spreadText(spread(beats.map(([one]) => one)), 0),
              spreadText(spread(beats.map(([, other]) => other)), 0),
              spreadText(ratio),
            ],
          ],
        },
      ],
      goals: [
        atMost(
          `searches with other hits than one tracker has, of ${compared} that it ranks`,
          0,
          different,
          0,
        ),
        atMost('searches that not all trackers answered', 0, partial, 0),
        atMost('search p99 in three parts, ms', 25, at(three, 0.99), 1),
        atMost('CPU of a heartbeat in a cluster to that of one tracker', 1.1, ratio.median),
        atMost('whole again after NATS is back, seconds', 5, backMs / 1_000, 1),
      ],
      notes: [],
      figures: {
        times: [alone, three, away].map((answers) => answers.map(({ ms, total }) => ({ ms, total }))),
        beats,
        compared,
        different,
        partial,
        backMs,
        perSecond,
        spent,
      },
    };
  } finally {
    await Promise.all([single, ...cluster].map(({ program }) => program.kill()));
    await nats.program.kill();
  }
}

async function trackerWith(peers: number, names: number, first: number, nats?: string): Promise<Running> {
  const port = await freeUdpPort();
  return { port, program: await startLoadedTracker(port, peers, names, first, nats) };
}

async function timesOf(tracker: Running | undefined, asked: readonly string[]) {
  const answers: Awaited<ReturnType<typeof wholeAnswer>>[] = [];
  for (let from = 0; from < asked.length; from += QUESTIONS_OF_HOST) {
    const socket = await socketTo(tracker?.port ?? 0, hostOf(strangers++));
    const cookie = await cookieFor(socket);
    for (const words of asked.slice(from, from + QUESTIONS_OF_HOST)) {
      answers.push(await wholeAnswer(socket, cookie, words));
      await sleep(PACE_MS);
    }
    socket.close();
  }
  return answers;
}

/** The hits of an answer in the order of one tracker, with all their holders. */
function listOf(words: string, answer: Awaited<ReturnType<typeof wholeAnswer>> | undefined): string {
  const merged = new Map<string, { path: string; fileId: string; holderCount: number }>();
  for (const { fileId, path, holderCount } of answer?.hits ?? []) {
    const known = merged.get(fileId);
    merged.set(fileId, {
      fileId,
      path: known?.path ?? path,
      holderCount: holderCount + (known?.holderCount ?? 0),
    });
  }
  return rankHits(words, [...merged.values()])
    .map(({ fileId, holderCount }) => `${fileId} ${holderCount}`)
    .join('\n');
}

/** Heartbeats per CPU second of both, in turns. */
async function heartbeats(single: Running, member: Running | undefined, quick: boolean, pairs: number) {
  const rates: (readonly [alone: number, inCluster: number])[] = [];
  for (let turn = 0; turn <= (quick ? 3 : Math.max(pairs, 3)); turn++) {
    const pair: number[] = [];
    for (const tracker of [single, member]) {
      if (tracker === undefined) continue;
      const before = await usage(tracker.program.pid);
      const load = await runProgram('Load', 'shoal', tracker.port, IN_FLIGHT, quick ? 1 : 4);
      const { answered } = JSON.parse(load) as { answered: number };
      const { cpuSeconds } = await usageSince(tracker.program.pid, before);
      pair.push(answered / cpuSeconds);
    }
    const [alone = 0, inCluster = 0] = pair;
    if (turn > 0) rates.push([alone, inCluster]); // The first turn warms up.
  }
  return rates;
}

async function untilWhole(tracker: Running | undefined, words: string): Promise<number> {
  const started = performance.now();
  for (;;) {
    const [answer] = await timesOf(tracker, [words]);
    if (answer?.answered === TRACKERS) return performance.now() - started;
    await sleep(50);
  }
}

function at(answers: readonly { readonly ms: number }[], part: number): number {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
