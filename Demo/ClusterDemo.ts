import { type ChildProcess, spawn } from 'node:child_process';
import { access, copyFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderTable } from '../Peer/Commands/Views/TextTable.ts';
import type { ViewStyle } from '../Peer/Commands/Views/ViewStyle.ts';
import type { Closing } from '../Shared/Async/Closing.ts';
import { sha256, writeRandomFile } from './DemoFiles.ts';
import { type DemoNetwork, freeUdpPort } from './DemoNetwork.ts';
import type { DemoPeer } from './DemoPeer.ts';
import type { DemoProgram } from './DemoProgram.ts';

/**
 * `npm run demo -- --cluster`: a NATS server, three trackers that act as one, and six peers. One tracker is killed
 * during a download: its peers go to another one, the download goes on, and searches find the files of all six again.
 */

const NATS_PLACES = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'];
const NAMES = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
const FILE = 'big demo.bin';
const MEBIBYTES = 96;
/** Limit of the two seeders, so that the tracker is killed during the download. */
const UPLOAD_LIMIT = '8M';
const POLL_MS = 200;

export interface Stage {
  readonly opened: Closing;
  readonly say: (text: string) => void;
  readonly style: () => ViewStyle;
}

interface Member {
  readonly host: string;
  readonly port: number;
  readonly state: string;
  readonly peers: number;
  readonly files: number;
}

interface Tracker {
  readonly address: string;
  readonly program: DemoProgram;
}

/** @returns the exit code */
export async function clusterDemo(
  network: DemoNetwork,
  { opened, say, style }: Stage,
  signal: AbortSignal,
): Promise<number> {
  const url = await startNats(opened, signal);
  if (url === undefined) {
    say('The demo of a cluster needs a NATS server. Debian: apt install nats-server');
    return 1;
  }
  const trackers: Tracker[] = [];
  const joins = ['--cluster', url, '--cluster-name', 'demo'];
  for (const name of ['first', 'second', 'third'])
    trackers.push(await network.addTracker(`${name} tracker`, joins, signal));
  say(`A NATS server and three trackers: ${trackers.map(({ address }) => address).join(', ')}.`);

  const peers = await Promise.all(NAMES.map((name) => network.peer(name)));
  const [first, second] = peers;
  const last = peers.at(-1);
  if (first === undefined || second === undefined || last === undefined) return 1;
  for (const peer of peers) {
    await writeFile(join(peer.share, `demo of the ${peer.name}.txt`), `Shared by the ${peer.name}.\n`);
  }
  await writeRandomFile(join(first.share, FILE), MEBIBYTES, signal);
  await copyFile(join(first.share, FILE), join(second.share, FILE));
  for (const peer of peers) startPeer(network, peer, trackers, peer === first || peer === second);
  await Promise.all(peers.map((peer) => untilComplete(peer, signal)));
  say('Six peers, each with a file: everyone finds the files of all six.\n');
  const all = await untilMembers(first, (members) => sumOf(members) === NAMES.length, signal);
  say(`${membersTable(all, style())}\n`);

  await last.run(`download "${FILE}" --no-wait`, signal);
  const victim = await busiest(peers, trackers, signal);
  say(`The sixth downloads ${FILE} from two peers; the tracker ${victim.address} is killed meanwhile.`);
  victim.program.kill();
  const killedMs = performance.now();
  await Promise.all(peers.map((peer) => untilComplete(peer, signal)));
  const seconds = ((performance.now() - killedMs) / 1_000).toFixed(1);
  say(`After ${seconds} s everyone finds the files of all six again.\n`);
  await untilDone(last, signal);
  const copies = await Promise.all([first, last].map((peer) => sha256(join(peer.share, FILE), signal)));
  const isEqual = copies[0] === copies[1];
  say(`The download went on: ${MEBIBYTES} MiB, both copies ${isEqual ? 'equal' : 'DIFFERENT'}.\n`);
  const isOver = (members: readonly Member[]) =>
    members.some(({ state }) => state === 'silent') && sumOf(members) === NAMES.length;
  say(`${membersTable(await untilMembers(first, isOver, signal), style())}\n`);
  return isEqual ? 0 : 1;
}

/** @returns the address of the server; undefined: it is not installed */
async function startNats(opened: Closing, signal: AbortSignal): Promise<string | undefined> {
  const path = await installed();
  if (path === undefined) return undefined;
  const port = await freeUdpPort();
  const server: ChildProcess = spawn(path, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  server.on('error', () => {});
  process.on('exit', () => server.kill('SIGKILL'));
  opened.add(async () => void server.kill('SIGKILL'));
  while (!(await isOpen(port))) await sleep(POLL_MS, undefined, { signal });
  return `nats://127.0.0.1:${port}`;
}

async function installed(): Promise<string | undefined> {
  for (const path of NATS_PLACES) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => end(true)).on('error', () => end(false));
    function end(is: boolean) {
      socket.destroy();
      resolve(is);
    }
  });
}

function startPeer(
  network: DemoNetwork,
  peer: DemoPeer,
  trackers: readonly Tracker[],
  isLimited: boolean,
): void {
  const [one, ...others] = trackers.map(({ address }) => address);
  const spares = others.flatMap((address) => ['--tracker', address]);
  const limits = isLimited ? ['--upload-limit', UPLOAD_LIMIT] : [];
  network.start(peer, [...spares, ...limits], one);
}

/** Waits until a search finds a file of each peer. */
async function untilComplete(peer: DemoPeer, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { items = [] } = await peer.run('search demo txt', signal);
    if (items.length === NAMES.length) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function untilDone(peer: DemoPeer, signal: AbortSignal): Promise<void> {
  for (;;) {
    const [download] = await peer.downloads(signal);
    if (download !== undefined && download.error !== null) throw new Error(download.error.message);
    if (download?.state === 'done') return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Waits until the trackers of the cluster are as wanted: they report their peers every 5 s. */
async function untilMembers(
  peer: DemoPeer,
  isWanted: (members: readonly Member[]) => boolean,
  signal: AbortSignal,
): Promise<readonly Member[]> {
  for (;;) {
    const answer = (await peer.run('tracker', signal)) as {
      clusters?: readonly { members: readonly Member[] }[];
    };
    const members = answer.clusters?.[0]?.members ?? [];
    if (isWanted(members)) return members;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Peers of the trackers that answer. */
function sumOf(members: readonly Member[]): number {
  return members.reduce((sum, { state, peers }) => sum + (state === 'silent' ? 0 : peers), 0);
}

/** The tracker that is the home of most peers. */
async function busiest(
  peers: readonly DemoPeer[],
  trackers: readonly Tracker[],
  signal: AbortSignal,
): Promise<Tracker> {
  const counts = new Map<string, number>();
  for (const peer of peers) {
    const { items = [] } = await peer.run('tracker', signal);
    const homes = items as readonly { host: string; port: number; state: string }[];
    for (const { host, port, state } of homes) {
      const address = `${host}:${port}`;
      if (state === 'connected') counts.set(address, (counts.get(address) ?? 0) + 1);
    }
  }
  const [most] = trackers.toSorted((a, b) => (counts.get(b.address) ?? 0) - (counts.get(a.address) ?? 0));
  if (most === undefined) throw new Error('there is no tracker');
  return most;
}

function membersTable(members: readonly Member[], style: ViewStyle): string {
  const { good, bad } = style.paint;
  const stateCell = ({ state }: Member) => ({
    text: state === 'self' ? 'live' : state,
    paint: state === 'silent' ? bad : good,
  });
  return renderTable(members, style, [
    { title: 'Tracker', of: ({ host, port }) => `${host}:${port}` },
    { title: 'State', of: stateCell },
    { title: 'Peers', align: 'right', of: ({ peers }) => String(peers) },
    { title: 'Files', align: 'right', of: ({ files }) => String(files) },
  ]);
}
