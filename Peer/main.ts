import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { mkdir } from 'node:fs/promises';
import { homedir, hostname, networkInterfaces, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { newInstanceId } from '../Protocol/Ids.ts';
import { NAME_BYTES_MAX } from '../Protocol/Limits.ts';
import { systemClock } from '../Shared/Clock.ts';
import { Closing } from '../Shared/Closing.ts';
import { bindDatagramTelling } from '../Shared/DatagramSockets.ts';
import { type Log, lineLog } from '../Shared/Log.ts';
import { safeText } from '../Shared/SafeText.ts';
import { asShoalError, ShoalError } from '../Shared/ShoalError.ts';
import { Tracker } from '../Tracker/Tracker.ts';
import { CommandInterface } from './CommandInterface.ts';
import { readCommandLine, type Settings } from './CommandLine.ts';
import { openDnsSd } from './Network/Discovery/DnsSd.ts';
import { type ReservedPort, reservePort } from './Network/Links/ReservedPort.ts';
import { dial, listen } from './Network/Links/StreamSockets.ts';
import type { EmbeddedTracker } from './Network/Wanted.ts';
import { Peer } from './Peer.ts';
import { loadIdentity } from './State/Identity.ts';
import { RememberedPlacesFile } from './State/Places.ts';
import { loadProfile, saveProfile } from './State/Profile.ts';
import { StateFolder } from './State/StateFolder.ts';

/** In a script a download without any source ends after this. */
const SCRIPT_PATIENCE_MS = 30_000;
/** Exit code of a program ended by Ctrl-C, as shells give it. */
const INTERRUPTED = 130;
/** Closing says goodbye on the network and syncs files; what takes longer than this is given up. */
const CLOSING_MS = 5_000;

const settings = readCommandLine(process.argv.slice(2), process.env, {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
// Not process.exitCode alone: timers of libraries must not keep an ended program alive.
process.exit('exitCode' in settings ? settings.exitCode : await main(settings));

async function main(settings: Settings): Promise<number> {
  // Whoever read our output may be gone: that is no reason to stop sharing.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const diagnostics = { tell: (line: string) => void process.stderr.write(`${line}\n`) };
  const log = lineLog((line) => diagnostics.tell(line), settings.verbose);
  const interrupted = interruption();
  const opened = new Closing();
  try {
    const exitCode = await runPeer(settings, { log, diagnostics, opened, interrupted });
    await within(CLOSING_MS, opened.run());
    return exitCode;
  } catch (failure) {
    await within(CLOSING_MS, opened.run()).catch(() => {});
    if (interrupted.aborted) return 0;
    const { message, hint, cause } = asShoalError(failure, 'DISK_FAILED');
    process.stderr.write(
      `error: ${safeText(message)}\n${hint === undefined ? '' : `hint: ${safeText(hint)}\n`}`,
    );
    if (settings.verbose || !(failure instanceof ShoalError))
      log.debug(String((cause as Error | undefined)?.stack));
    return 1;
  }
}

/** What the life of a program needs around its peer. */
interface Surroundings {
  readonly log: Log;
  /** Where lines of the log go; the console takes over, so that they do not garble what is being typed. */
  readonly diagnostics: { tell: (line: string) => void };
  /** Takes what has to be closed at the end. */
  readonly opened: Closing;
  readonly interrupted: AbortSignal;
}

/** Everything between start and end of a peer. @returns the exit code */
async function runPeer(settings: Settings, around: Surroundings): Promise<number> {
  const { log, diagnostics, opened, interrupted } = around;
  const port = await reserve(settings);
  opened.add(() => port.release());
  const shareDir = resolve(settings.share ?? join(homedir(), 'Downloads', 'P2P', `User-${port.port}`));
  await makeShare(shareDir);
  const state = new StateFolder(shareDir);
  opened.add(() => state.close());
  await state.start();
  const peer = await makePeer(settings, log, { port, shareDir, state });
  opened.add(() => peer.close());
  await peer.start({ signal: interrupted });
  if (!settings.console) {
    await told(peer, log, interrupted);
    return 0;
  }
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const color = wantsColor(process.stdout.isTTY === true);
  const console = new CommandInterface({
    controls: peer,
    input: process.stdin,
    output: process.stdout,
    errorOutput: process.stderr,
    clock: systemClock,
    isTerminal,
    width: () => (process.stdout.isTTY === true ? process.stdout.columns : undefined),
    color,
    errorColor: wantsColor(process.stderr.isTTY === true),
    historyFile: join(state.path, 'history'),
    verbose: settings.verbose,
  });
  opened.add(() => console.close());
  diagnostics.tell = (line) => console.tell(line);
  if (isTerminal) process.stdout.write(`${greeting(peer)}. Type help for the commands.\n`);
  return console.run({ signal: interrupted });
}

async function makePeer(
  settings: Settings,
  log: Log,
  own: { port: ReservedPort; shareDir: string; state: StateFolder },
): Promise<Peer> {
  const { port, shareDir, state } = own;
  const { peerId } = await loadIdentity(state.path, log);
  const profile = await loadProfile(state);
  const name = settings.name ?? profile.name ?? defaultName();
  await saveProfile(state, { name, port: port.port });
  const instanceId = newInstanceId(Date.now(), Math.random() * 65_536);
  const bind = bindDatagramTelling(log);
  return new Peer({
    files: {
      shareDir,
      cacheDir: envPaths('shoal', { suffix: '' }).cache,
      clock: systemClock,
      wallMs: Date.now,
      log,
    },
    network: {
      self: { peerId, instanceId, name, port: port.port },
      dial,
      listen: port.listen,
      bind,
      interfaces: networkInterfaces,
      lookup: async (host) => (await lookup(host, 4)).address,
      configured: settings.trackers,
      discovery: settings.discovery,
      dnsSd: openDnsSd,
      remembered: new RememberedPlacesFile(state),
      startTracker: (udpPort) => startTracker(udpPort, log),
      clock: systemClock,
      random: Math.random,
      randomBytes,
      log,
      uploadLimit: settings.uploadLimit,
      downloadLimit: settings.downloadLimit,
    },
    downloads: { random: Math.random },
    giveUpMs: process.stdin.isTTY ? undefined : SCRIPT_PATIENCE_MS,
  });

  async function startTracker(udpPort: number, trackerLog: Log): Promise<EmbeddedTracker> {
    const tracker = new Tracker({
      bind,
      clock: systemClock,
      wallClock: Date.now,
      randomBytes,
      log: trackerLog,
      port: udpPort,
      verbose: settings.verbose,
    });
    await tracker.start();
    return tracker;
  }
}

async function reserve(settings: Settings): Promise<ReservedPort> {
  return reservePort(listen, settings.port, Math.random);
}

async function makeShare(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (failure) {
    throw new ShoalError('DISK_FAILED', `the share folder ${path} cannot be made`, {
      hint: 'Choose another one: --share DIR',
      cause: failure,
    });
  }
}

/** Without a console: says where it is and what happens, until it is interrupted. */
async function told(peer: Peer, log: Log, interrupted: AbortSignal): Promise<void> {
  process.stdout.write(`${greeting(peer)}\n`);
  peer.onNews(({ text }) => log.info(text));
  const alive = setInterval(() => {}, 60_000);
  await new Promise((done) => interrupted.addEventListener('abort', done, { once: true }));
  clearInterval(alive);
}

function greeting(peer: Peer): string {
  return safeText(`${peer.self.name} shares ${peer.share().folder} on TCP port ${peer.self.port}`);
}

/** Aborted by the first Ctrl-C (or SIGTERM); the second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort();
    });
  }
  return controller.signal;
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const limit = new Promise<void>((done) => setTimeout(done, limitMs).unref());
  await Promise.race([work, limit]);
}

function wantsColor(isTerminal: boolean): boolean {
  return isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

function defaultName(): string {
  let user = 'peer';
  try {
    user = userInfo().username;
  } catch {
    // No such user in the system's list: common in containers.
  }
  return Buffer.from(`${user}@${hostname()}`)
    .subarray(0, NAME_BYTES_MAX)
    .toString()
    .replace(/\uFFFD+$/, '');
}
