import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makePaint, type ViewStyle } from '../Peer/Commands/Views/ViewStyle.ts';
import { Closing } from '../Shared/Async/Closing.ts';
import { columnsOf, hasCursor, wantsColor } from '../Shared/Program/Program.ts';
import { clusterDemo } from './ClusterDemo.ts';
import { fittingMebibytes, sha256, writeRandomFile } from './DemoFiles.ts';
import { DemoNetwork } from './DemoNetwork.ts';
import type { DemoDownload, DemoPeer } from './DemoPeer.ts';
import { equalityTable, givenBy, givenTable, progressText } from './DemoViews.ts';
import { startWebDemo } from './WebDemo.ts';

/**
 * `npm run demo`: a tracker and four peers on this computer, each with its own folders. Two peers share a file, the
 * third downloads it, and the fourth downloads it while the third is not complete yet. Then the third pushes another
 * file to the fourth. All files are removed at the end. `npm run demo -- --web`: four peers that stay until Ctrl-C,
 * to look at in a browser. `npm run demo -- --cluster`: three trackers that act as one, see ClusterDemo.ts.
 */

const FILE = 'demo.bin';
/** The file that the third peer pushes to the fourth. */
const PUSHED = 'pushed.bin';
const PUSHED_MEBIBYTES = 16;
const MEBIBYTES = 256;
/** Limit of the two seeders, so that the fourth peer profits from the third, and the progress can be watched. */
const UPLOAD_LIMIT = '60M';
/** Progress of the third peer at which the fourth starts, in percent. */
const FOURTH_BEGINS = 15;
const POLL_MS = 200;
/** A busy computer copies 256 MiB slowly. */
const GIVE_UP_MS = 300_000;
const INTERRUPTED = 130;

const hasLiveLines = hasCursor(process.stdout);
const interrupted = new AbortController();
const tooLong = new AbortController();

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupted.abort(new Error('interrupted')));
}
process.stdout.on('error', () => interrupted.abort(new Error('the reader of the output is gone')));
// Not AbortSignal.timeout within AbortSignal.any: Node 20 may collect it before it fires.
setTimeout(() => tooLong.abort(new Error(`not complete after ${GIVE_UP_MS / 1_000} s`)), GIVE_UP_MS).unref();
process.exit(await main());

async function main(): Promise<number> {
  const [option, ...others] = process.argv.slice(2);
  const isWeb = option === '--web';
  const isCluster = option === '--cluster';
  if ((option !== undefined && !isWeb && !isCluster) || others.length > 0) {
    process.stderr.write('error: the demo has one option\nhint: npm run demo -- --web, or --cluster\n');
    return 2;
  }
  const signal = isWeb ? interrupted.signal : AbortSignal.any([interrupted.signal, tooLong.signal]);
  const opened = new Closing();
  let exitCode = 1;
  try {
    const network = await DemoNetwork.open(opened);
    if (isCluster) exitCode = await clusterDemo(network, { opened, say, style }, signal);
    else exitCode = await (isWeb ? webDemo(network, signal) : demo(network, signal));
  } catch (failure) {
    const reason: unknown = signal.aborted ? signal.reason : failure;
    const message = reason instanceof Error ? reason.message : String(reason);
    process.stderr.write(`\nThe demo failed: ${message}\n`);
    if (interrupted.signal.aborted) exitCode = INTERRUPTED;
  }
  await opened.run();
  say('All files of the demo are removed.');
  return exitCode;
}

/** Stays until it is interrupted. */
async function webDemo(network: DemoNetwork, signal: AbortSignal): Promise<number> {
  const { address } = await startWebDemo(network, signal);
  say(
    `Four peers and a tracker are running. Open this address in a browser of this computer:\n\n  ${address}\n`,
  );
  say('Search for "harbour" or "tides". Ctrl-C ends all of it.');
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  return 0;
}

async function demo(network: DemoNetwork, signal: AbortSignal): Promise<number> {
  const { root } = network;
  const peers = await Promise.all(['first', 'second', 'third', 'fourth'].map((name) => network.peer(name)));
  const [first, second, third, fourth] = peers;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) return 1;

  const size = await fittingMebibytes(root, MEBIBYTES);
  say(`A file of ${size} MiB, shared by two peers.`);
  await writeRandomFile(join(first.share, FILE), size, signal);
  await copyFile(join(first.share, FILE), join(second.share, FILE));
  await writeRandomFile(join(third.share, PUSHED), PUSHED_MEBIBYTES, signal);

  const tracker = await network.startTracker(signal);
  say(`A tracker at ${tracker} and four peers.`);
  for (const peer of peers) {
    const limits = peer === first || peer === second ? ['--upload-limit', UPLOAD_LIMIT] : [];
    const consent = peer === fourth ? ['--accept', 'all'] : [];
    network.start(peer, [...limits, ...consent]);
  }
  await network.untilShared(third, FILE, 2, signal);

  say('The third downloads it; the fourth follows, and receives chunks from the third, too.\n');
  const got = await watchDownloads(third, fourth, signal);
  say(`\n${givenTable(['first', 'second', 'third', 'fourth'], got, style())}\n`);

  const hashes = new Map<string, string>();
  for (const peer of peers) hashes.set(peer.name, await sha256(join(peer.share, FILE), signal));
  say(`${equalityTable(hashes, style())}\n`);
  const pushed = await pushBetween(third, fourth, signal);
  const fourthGot = got.get(fourth.name);
  const helped = fourthGot !== undefined && givenBy(fourthGot, third.name) > 0;
  if (!helped)
    process.stderr.write(
      'The fourth received nothing from the third. Run the demo again on an idle machine.\n',
    );
  return helped && pushed && new Set(hashes.values()).size === 1 ? 0 : 1;
}

/** Pushes a file that the receiver has not requested. @returns whether both copies are equal */
async function pushBetween(from: DemoPeer, to: DemoPeer, signal: AbortSignal): Promise<boolean> {
  const push = await from.push(PUSHED, to.name, signal);
  const copies = [from, to].map((peer) => sha256(join(peer.share, PUSHED), signal));
  const [sent, received] = await Promise.all(copies);
  const equal = sent === received;
  const chunks = `${push?.confirmed ?? 0} of ${push?.chunks ?? 0} chunks confirmed`;
  say(
    `The ${from.name} pushes ${PUSHED} to the ${to.name}: ${chunks}, both copies ${equal ? 'equal' : 'DIFFERENT'}.\n`,
  );
  return equal && push?.state === 'done';
}

/** Runs both downloads to their end. @throws Error if one fails */
async function watchDownloads(
  third: DemoPeer,
  fourth: DemoPeer,
  signal: AbortSignal,
): Promise<Map<string, DemoDownload>> {
  const latest = new Map<string, DemoDownload>();
  const begun = new Set<DemoPeer>();
  const begin = async (peer: DemoPeer) => {
    begun.add(peer);
    await peer.run(`download ${FILE} --no-wait`, signal);
  };
  const show = progressScreen([third.name, fourth.name], latest);
  await begin(third);
  for (;;) {
    for (const peer of begun) {
      const [download] = await peer.downloads(signal);
      if (download === undefined) continue;
      latest.set(peer.name, download);
      if (download.error !== null) throw new Error(`${peer.name}: ${download.error.message}`);
    }
    show();
    const ahead = latest.get(third.name);
    if (!begun.has(fourth) && ahead !== undefined && ahead.bytes * 100 >= ahead.size * FOURTH_BEGINS)
      await begin(fourth);
    if (latest.size === 2 && [...latest.values()].every((download) => download.state === 'done'))
      return latest;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** On a terminal the lines are updated in place; elsewhere they are printed once per second. */
function progressScreen(names: readonly string[], latest: ReadonlyMap<string, DemoDownload>): () => void {
  let drawn = 0;
  let calls = 0;
  return () => {
    const lines = names.map((name) => progressText(name, latest.get(name), style().width - 1));
    if (hasLiveLines) {
      process.stdout.write(
        `${drawn > 0 ? `\u001b[${drawn}A` : ''}${lines.map((line) => `\r${line}\u001b[K\n`).join('')}`,
      );
      drawn = lines.length;
    } else if (calls++ % 5 === 0) say(lines.join('\n'));
  };
}

/** The terminal as it is now. */
function style(): ViewStyle {
  const width = columnsOf(process.stdout) ?? Number.POSITIVE_INFINITY;
  return { width, paint: makePaint(wantsColor(process.stdout)), rowsMax: Number.POSITIVE_INFINITY };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
