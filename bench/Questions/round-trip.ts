import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { account } from '../Accounts.ts';
import { onMedium } from '../FileContest.ts';
import { writeSparseFile } from '../Files.ts';
import { findProgram } from '../Places.ts';
import { atLeast, type Report } from '../Report.ts';
import { Rig, untilShared } from '../Rig.ts';
import { congestionControl, type End, SlowLine } from '../RoundTrip/SlowLine.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';

const BITS_PER_SECOND = 1e9;
const FILE_BYTES = 2 ** 30;
/** More bytes than precede the first payload: the file description with its chunk hashes. */
const DESCRIPTION_BYTES_MAX = 128 * 1_024;

/** A line and the time measured on it, from the first byte: slow lines need longer to reach their rate. */
interface Case {
  readonly roundTripMs: number;
  readonly lossPercent: number;
  readonly seconds: number;
}

/** Mbit/s of payload. */
interface Pair {
  readonly shoal: number;
  readonly connections: number;
  /** Time from the command to the first payload. */
  readonly firstMs: number;
  readonly iperf: number | undefined;
}

interface Measured {
  readonly name: string;
  readonly congestionControl: string;
  readonly pairs: readonly Pair[];
}

/**
 * Lines with a long round trip and with loss: does a transfer reach the rate of TCP with the same number of
 * connections?
 */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const times = [
    { roundTripMs: 10, seconds: 3 },
    { roundTripMs: 50, seconds: 4 },
    { roundTripMs: 150, seconds: 6 },
  ];
  const all = [0, 1].flatMap((lossPercent) => times.map((time) => ({ ...time, lossPercent })));
  const cases = quick ? all.filter(({ roundTripMs }) => roundTripMs === 50) : all;
  const title = 'A line of 1 Gbit/s with a round trip and loss';
  const result = await onMedium('memory', FILE_BYTES, (folder) => measureAll(folder, cases, pairs));
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const rows = result.map(({ name, pairs: of }) => [
    name,
    ...of.slice(0, 1).map(({ connections }) => String(connections)),
    spreadText(spread(of.map(({ shoal }) => shoal)), 0),
    spreadText(spread(of.map(({ iperf }) => iperf ?? Number.NaN)), 0),
    spreadText(spread(of.map(({ shoal, iperf }) => shoal / (iperf ?? Number.NaN)))),
    spreadText(spread(of.map(({ firstMs }) => firstMs)), 0),
  ]);
  const hasRival = result.every(({ pairs: of }) => of.every(({ iperf }) => iperf !== undefined));
  const goals = result.map(({ name, pairs: of }) =>
    atLeast(
      `at least 0.9 of iperf3, ${name}`,
      0.9,
      spread(of.map(({ shoal, iperf }) => shoal / (iperf ?? Number.NaN))).median,
    ),
  );
  return {
    title,
    tables: [
      {
        columns: [
          'round trip, loss',
          'connections',
          'Shoal, Mbit/s',
          'iperf3, Mbit/s',
          'Shoal, of iperf3',
          'first payload, ms after the command',
        ],
        rows,
      },
    ],
    goals: hasRival ? goals : [],
    notes: [
      `TCP with ${result[0]?.congestionControl}, the default here.`,
      'Two network namespaces; between them a relay over TUN that delays and drops (the loss in each direction), its queue 50 ms. Payload of the first 3, 4 or 6 seconds from the first byte on, slow start and all.',
      ...(hasRival ? [] : ['without iperf3: not installed']),
    ],
    figures: result,
  };
}

async function measureAll(
  folder: string,
  cases: readonly Case[],
  pairs: number,
): Promise<Measured[] | { reason: string }> {
  const source = join(folder, 'source');
  await writeSparseFile(join(source, 'large.bin'), FILE_BYTES);
  let program: string;
  try {
    program = await SlowLine.compile(folder);
  } catch (failure) {
    return { reason: `no relay: ${failure instanceof Error ? failure.message : String(failure)}` };
  }
  const results: Measured[] = [];
  for (const each of cases) {
    const line = await SlowLine.make(program, { ...each, bitsPerSecond: BITS_PER_SECOND });
    const name = `${each.roundTripMs} ms, ${each.lossPercent} %`;
    try {
      const control = await congestionControl(line.ends[0]);
      results.push({
        name,
        congestionControl: control,
        pairs: await measureLine(line, folder, source, each, pairs),
      });
    } finally {
      await line.close();
    }
    const last = results
      .at(-1)
      ?.pairs.map(({ shoal, iperf }) => `${shoal.toFixed(0)} / ${iperf?.toFixed(0)}`);
    console.log(`  ${name}: Shoal / iperf3 ${last?.join(', ')} Mbit/s`);
  }
  return results;
}

async function measureLine(
  line: SlowLine,
  folder: string,
  source: string,
  each: Case,
  pairs: number,
): Promise<Pair[]> {
  const [here, there] = line.ends;
  const rig = await Rig.make(folder, here);
  try {
    const seeder = await rig.peer('seeder', ['--share', source], undefined, { prefix: here.prefix });
    await untilShared(seeder, 1);
    const results: Pair[] = [];
    for (let pair = 1; pair <= pairs; pair++) {
      const ours = await download(rig, `leecher-${pair}`, there, each.seconds);
      const hasRival = (await findProgram('iperf3')) !== undefined;
      const iperf = hasRival ? await iperf3(here, there, ours.connections, each.seconds) : undefined;
      results.push({ ...ours, iperf });
    }
    return results;
  } finally {
    await rig.close();
  }
}

/** Measures a download of a fresh peer: payload rate from the first byte on, and its number of connections. */
async function download(rig: Rig, name: string, end: End, seconds: number): Promise<Omit<Pair, 'iperf'>> {
  const leecher = await rig.peer(name, [], undefined, { prefix: end.prefix });
  await leecher.ask('search large --json', /large\.bin/, 20_000);
  // A piped console answers only after the download; bytes read by the process are payload, except for 1 %.
  const { bytesRead: before } = await account(leecher.pid);
  const received = async () => (await account(leecher.pid)).bytesRead - before;
  const asked = performance.now();
  leecher.type('download large.bin');
  while ((await received()) < DESCRIPTION_BYTES_MAX) {
    if (performance.now() - asked > 60_000) throw new Error('a minute without payload');
    await sleep(10);
  }
  const began = performance.now();
  const atFirst = await received();
  await sleep((seconds * 1_000) / 2);
  const connections = await establishedConnections(leecher.pid);
  await sleep(began + seconds * 1_000 - performance.now());
  const shoal = (((await received()) - atFirst) * 8) / 1e6 / ((performance.now() - began) / 1_000);
  await leecher.kill();
  await rig.forget(name);
  return { shoal, connections, firstMs: began - asked };
}

/** TCP connections in the network of a process, without the control connection. */
async function establishedConnections(pid: number): Promise<number> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const lines = tables.flatMap((table) => table.split('\n').slice(1));
  return Math.max(1, lines.filter((line) => line.trim().split(/\s+/)[3] === '01').length - 1);
}

/** Rate at which `there` receives from `here` over `connections` connections, in Mbit/s. */
async function iperf3(here: End, there: End, connections: number, seconds: number): Promise<number> {
  const [serverCommand = '', ...serverArgs] = [...here.prefix, 'iperf3', '--server', '--one-off'];
  const server = spawn(serverCommand, serverArgs, { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('close', resolve));
  try {
    await sleep(300);
    const options = [
      '--client',
      here.ip,
      '--reverse',
      '--json',
      '--time',
      String(seconds),
      '--parallel',
      String(connections),
    ];
    const [command = '', ...args] = [...there.prefix, 'iperf3', ...options];
    const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 64 * 2 ** 20 });
    const report: { end: { sum_received: { bytes: number } } } = JSON.parse(stdout);
    return (report.end.sum_received.bytes * 8) / 1e6 / seconds;
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}
