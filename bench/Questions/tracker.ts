import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { atLeast, atMost, type Goal, type Report, type Table } from '../Report.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import { ask, cookieFor, socketTo } from '../Trackers/Asking.ts';
import { hostOf, queries } from '../Trackers/Names.ts';
import {
  bitTorrentTracker,
  echo,
  freeUdpPort,
  openTracker,
  runProgram,
  type Server,
  shoalTracker,
  startTracker,
} from '../Trackers/Servers.ts';
import { residentMiB, usage, usageSince } from '../Usage.ts';

const IN_FLIGHT = 128;
/** Announces per second: ten times those of 100,000 peers with one announce per minute. */
const LOAD_PER_SECOND = 17_000;

/**
 * The tracker: announces answered per CPU second of its process (on a shared machine the meaning of "per second on
 * one core"), searches in a million names with and without heartbeats, and memory with 100,000 peers.
 */
export async function run(settings: Settings): Promise<Report> {
  const parts = [await announces(settings), await searches(settings), await memory(settings)];
  return {
    title: 'The tracker',
    tables: parts.map(({ table }) => table),
    goals: parts.flatMap(({ goals }) => goals),
    notes: parts.flatMap(({ notes = [] }) => notes),
    figures: parts.map(({ figures }) => figures),
  };
}

interface Part {
  readonly table: Table;
  readonly goals: readonly Goal[];
  readonly notes?: readonly string[];
  readonly figures: unknown;
}

interface Running {
  readonly server: Server;
  readonly port: number;
  readonly program: LaunchedProgram;
  readonly rates: number[];
}

async function announces({ quick, pairs }: Settings): Promise<Part> {
  const notes: string[] = [];
  const servers: Server[] = [];
  for (const server of [echo, shoalTracker, openTracker, bitTorrentTracker]) {
    const reason = await server.missing();
    if (reason === undefined) servers.push(server);
    else notes.push(`announces: without ${server.name}, ${reason}`);
  }
  const running: Running[] = [];
  try {
    for (const server of servers) {
      const port = await freeUdpPort();
      running.push({ server, port, program: await server.start(port), rates: [] });
    }
    const seconds = quick ? 1 : 4;
    // The first turn warms up all servers and does not count.
    for (let turn = 0; turn <= Math.max(pairs, 3); turn++) {
      for (const { server, port, program, rates } of running) {
        const before = await usage(program.pid);
        const { answered } = JSON.parse(
          await runProgram('Load', server.protocol, port, IN_FLIGHT, seconds),
        ) as { answered: number };
        const { cpuSeconds } = await usageSince(program.pid, before);
        if (turn > 0) rates.push(answered / cpuSeconds);
        console.log(
          `  ${server.name}: ${answered} answered, ${(answered / cpuSeconds).toFixed(0)} per CPU second`,
        );
      }
    }
  } finally {
    await Promise.all(running.map(({ program }) => program.kill()));
  }
  const ratesOf = (server: Server) => running.find((one) => one.server === server)?.rates ?? [];
  const ours = ratesOf(shoalTracker);
  const ratio = (rival: Server) => spread(ratesOf(rival).map((rate, turn) => (ours[turn] ?? 0) / rate));
  const rows = running.map(({ server, rates }) => [
    server.name,
    spreadText(spread(rates), 0),
    server === shoalTracker ? '' : spreadText(ratio(server)),
  ]);
  const goals = [
    atLeast('heartbeats per CPU second of the tracker', 90_000, spread(ours).median, 0),
    atLeast('the same as a share of the echo (90,000 of 160,000)', 90 / 160, ratio(echo).median),
  ];
  const columns = ['Announces over UDP', `per CPU second, ${IN_FLIGHT} in flight`, 'Shoal to this one'];
  const figures = running.map(({ server, rates }) => ({ name: server.name, answersPerCpuSecond: rates }));
  return { table: { columns, rows }, goals, notes, figures };
}

async function searches({ quick }: Settings): Promise<Part> {
  const [peers, names] = [quick ? 1_000 : 10_000, 100];
  const port = await freeUdpPort();
  const tracker = await startTracker(port);
  try {
    const known = Number(await runProgram('Crowd', port, peers, names));
    const asked = queries(quick ? 500 : 2_000, peers, names);
    await timesOf(port, asked.slice(0, 300));
    const alone = await timesOf(port, asked);
    const load = runProgram('Load', 'shoal', port, IN_FLIGHT, quick ? 4 : 20, LOAD_PER_SECOND);
    const loaded = await timesOf(port, asked);
    const { answered, seconds } = JSON.parse(await load) as { answered: number; seconds: number };
    const beats = `with ${(answered / seconds).toFixed(0)} heartbeats a second`;
    const row = (name: string, times: readonly number[]) => [
      name,
      ...[0.5, 0.9, 0.99, 1].map((part) => `${at(times, part).toFixed(2)} ms`),
    ];
    return {
      table: {
        columns: [`Search in ${known * names} names of ${known} peers`, 'p50', 'p90', 'p99', 'longest'],
        rows: [row('alone', alone), row(beats, loaded)],
      },
      goals: [
        atMost('search p99, alone, ms', 20, at(alone, 0.99), 1),
        atMost('search p99, with heartbeats, ms', 20, at(loaded, 0.99), 1),
      ],
      figures: { alone, loaded, beats },
    };
  } finally {
    await tracker.kill();
  }
}

/** Milliseconds from request to answer, one request at a time. */
async function timesOf(port: number, asked: readonly string[]): Promise<number[]> {
  const socket = await socketTo(port, hostOf(5_000_000));
  const times: number[] = [];
  let cookie = await cookieFor(socket);
  for (const words of asked) {
    const started = performance.now();
    let reply = await ask(socket, cookie, { type: 'search', words, cursor: 0 });
    if (reply.type === 'refused' && reply.reason === 'bad-cookie') {
      cookie = await cookieFor(socket);
      reply = await ask(socket, cookie, { type: 'search', words, cursor: 0 });
    }
    if (reply.type !== 'found') throw new Error(`"${words}" was answered by ${JSON.stringify(reply)}`);
    times.push(performance.now() - started);
  }
  socket.close();
  return times;
}

async function memory({ quick }: Settings): Promise<Part> {
  const [peers, names] = [quick ? 10_000 : 100_000, 10];
  const port = await freeUdpPort();
  const tracker = await startTracker(port, '--max-peers', '200000');
  try {
    const empty = await residentMiB(tracker.pid);
    const known = Number(await runProgram('Crowd', port, peers, names));
    const resident = await residentMiB(tracker.pid);
    const { peakMiB } = await usage(tracker.pid);
    const row = [empty, resident, peakMiB].map((figure) => `${figure.toFixed(0)} MiB`);
    return {
      table: {
        columns: ['Memory of the tracker', 'empty', 'now', 'peak'],
        rows: [[`${known} peers with ${names} names each`, ...row]],
      },
      goals: [atMost(`MiB resident with ${peers} peers and their catalogs of ${names}`, 300, resident, 0)],
      figures: { known, empty, resident, peakMiB },
    };
  } finally {
    await tracker.kill();
  }
}

function at(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
