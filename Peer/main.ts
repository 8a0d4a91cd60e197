import { fstatSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Closing } from '../Shared/Async/Closing.ts';
import { type Log, makeLog } from '../Shared/Log.ts';
import { formatAddress } from '../Shared/Network/Address.ts';
import { readConfig } from '../Shared/Program/ConfigPath.ts';
import {
  announceReadiness,
  closeWithin,
  columnsOf,
  hasCursor,
  interruption,
  wantsColor,
  watchOutputs,
  withOutput,
} from '../Shared/Program/Program.ts';
import { PEER_COMMAND } from '../Shared/Program/StartedAs.ts';
import { asShoalError, errorText, ShoalError } from '../Shared/ShoalError.ts';
import { safeText } from '../Shared/Text/SafeText.ts';
import { systemClock } from '../Shared/Time/Clock.ts';
import { assemblePeer, reserve } from './Assembly.ts';
import { CommandInterface, networkSentence, runOneShot, wrapLines } from './CommandInterface.ts';
import { LocalServer } from './Local/LocalServer.ts';
import { runtimeFolder } from './Local/RuntimeFolder.ts';
import { openWeb } from './OpenWeb.ts';
import type { Peer } from './Peer.ts';
import { type EarlyExit, readCommandLine, type Settings } from './Settings/CommandLine.ts';
import { readSettingsAgain } from './Settings/SettingChanges.ts';
import { defaultShare, formerPorts } from './State/FormerPorts.ts';
import { makeShare } from './State/ShareFolder.ts';
import { StateFolder } from './State/StateFolder.ts';

/** Timeout of a download without any source when the commands come from a pipe. */
const SCRIPT_PATIENCE_MS = 30_000;
/** Upper bound on closing, which deregisters on the network and syncs files. */
const CLOSING_MS = 5_000;
/** Time for the peer to end by itself after an interruption. */
const GRACE_MS = 2_000;

const outputFailure = watchOutputs();
const settings = await readSettings();
// Not process.exitCode alone: timers of libraries would keep the process alive.
process.exit(
  'exitCode' in settings ? await withOutput(settings.exitCode, outputFailure) : await main(settings),
);

async function readSettings(): Promise<Settings | EarlyExit> {
  const write = {
    out: (text: string) => process.stdout.write(text),
    error: (text: string) => process.stderr.write(text),
  };
  try {
    const { config } = await readConfig(process.env);
    return readCommandLine(process.argv.slice(2), process.env, write, config);
  } catch (failure) {
    if (!(failure instanceof ShoalError)) throw failure;
    write.error(errorText(failure, `${PEER_COMMAND} --help`));
    return { exitCode: 2 };
  }
}

async function main(settings: Settings): Promise<number> {
  const diagnostics = { tell: (line: string) => void process.stderr.write(`${line}\n`) };
  const log = makeLog(
    { format: settings.logFormat, level: settings.logLevel },
    (line) => diagnostics.tell(line),
    Date.now,
  );
  const hungUp = { call: () => {} };
  const interrupted = interruption(isService(settings) ? () => hungUp.call() : undefined);
  const opened = new Closing();
  try {
    const running = runPeer(settings, { log, diagnostics, opened, interrupted, hungUp });
    const exitCode = await Promise.race([running, overdue(interrupted)]);
    await closeWithin(CLOSING_MS, opened);
    return exitCode;
  } catch (failure) {
    await closeWithin(CLOSING_MS, opened).catch(() => {});
    if (interrupted.aborted) return 0;
    const error = asShoalError(failure, 'DISK_FAILED');
    process.stderr.write(errorText(error));
    if (settings.verbose || !(failure instanceof ShoalError))
      log.debug(String((error.cause as Error | undefined)?.stack));
    return 1;
  }
}

/** The program around its peer. */
interface ProgramContext {
  readonly log: Log;
  /** Destination of log lines. The console takes over, so that they do not garble the input line. */
  readonly diagnostics: { tell: (line: string) => void };
  /** Collects what must be closed at exit. */
  readonly opened: Closing;
  readonly interrupted: AbortSignal;
  /** Effect of SIGHUP on a service. */
  readonly hungUp: { call: () => void };
}

/** Runs a peer from start to end. @returns the exit code */
async function runPeer(settings: Settings, context: ProgramContext): Promise<number> {
  const { log, diagnostics, opened, interrupted } = context;
  const shares = join(homedir(), 'Downloads', 'P2P');
  const port = await reserve(settings, log, await formerPorts(settings.share, shares, log));
  opened.add(() => port.release());
  const shareDir = resolve(settings.share ?? defaultShare(shares, port.port));
  const isNew = await makeShare(shareDir, log);
  if (isNew && settings.share !== undefined)
    log.warn(`the share folder ${shareDir} did not exist: it was created. Is its disk mounted?`);
  const state = new StateFolder(shareDir, log);
  opened.add(() => state.close());
  await state.start();
  const giveUpMs = isService(settings) || process.stdin.isTTY ? undefined : SCRIPT_PATIENCE_MS;
  const isTerminal = process.stdin.isTTY === true && hasCursor(process.stdout);
  const interactive = !isService(settings) && isTerminal;
  const isPrivate = settings.network !== undefined;
  const { http: level } = settings;
  const web = level === 'off' ? undefined : await openWeb({ port: port.port, level, isPrivate, state, log });
  const peer = await assemblePeer(settings, log, { port, shareDir, state, giveUpMs, interactive, http: web });
  web?.serve(peer);
  opened.add(async () => web?.close());
  opened.add(() => peer.close());
  // A start beside the scan of a million files takes seconds; a peer can be closed during it.
  const started = peer.start({ signal: interrupted });
  await Promise.race([started, abortOf(interrupted)]);
  if (interrupted.aborted) {
    started.catch(() => {}); // Work that closing interrupts is no failure.
    return 0;
  }
  const local = localServer(peer, state, log);
  opened.add(() => local.close());
  await local.start();
  if (isService(settings)) {
    context.hungUp.call = () => void applySettings(peer, settings, log);
    await runWithoutConsole(peer, settings, log, interrupted);
    return 0;
  }
  const console = new CommandInterface({
    controls: peer,
    input: process.stdin,
    output: process.stdout,
    errorOutput: process.stderr,
    clock: systemClock,
    isTerminal,
    width: () => columnsOf(process.stdout),
    height: () => (process.stdout.isTTY === true ? process.stdout.rows : undefined),
    color: wantsColor(process.stdout),
    errorColor: wantsColor(process.stderr),
    onContinued: (listener) => onSignal('SIGCONT', listener),
    historyFile: join(state.path, 'history'),
    menu: settings.menu ?? false,
    verbose: settings.verbose,
  });
  opened.add(() => console.close());
  diagnostics.tell = (line) => console.printLine(line);
  if (isTerminal)
    process.stdout.write(
      wrapLines(
        `${greeting(peer)}\n${networkSentence(peer.privateNetwork)}\n${webLine(peer, 'web')}Type help for the commands.\n`,
        columnsOf(process.stdout) ?? Number.POSITIVE_INFINITY,
      ),
    );
  return withOutput(await console.run({ signal: interrupted }), outputFailure);
}

/** Serves `shoal` commands of this computer. */
function localServer(peer: Peer, state: StateFolder, log: Log): LocalServer {
  const startedWallMs = Date.now();
  return new LocalServer({
    folder: runtimeFolder(process.env),
    port: peer.self.port,
    hello: () => ({
      pid: process.pid,
      port: peer.self.port,
      name: peer.self.name,
      share: state.shareFolder,
      // The trackers of a cluster act as one: a peer that has a spare has its tracker.
      trackers: peer
        .trackers()
        .flatMap(({ address, cluster }) => [address, ...(cluster?.spares ?? [])])
        .map(formatAddress),
      startedWallMs,
      privateNetwork: peer.privateNetwork?.id,
    }),
    run: (request, signal, progress) =>
      runOneShot(request, { controls: peer, clock: systemClock, signal, progress }),
    log,
  });
}

/** Runs without a console: prints its address and events until interrupted. */
async function runWithoutConsole(
  peer: Peer,
  { console, logFormat }: Settings,
  log: Log,
  interrupted: AbortSignal,
): Promise<void> {
  const control = `To control it: shoal status --peer ${peer.self.port}`;
  const why = console ? `. There is no terminal, so it runs as a service until it is ended. ${control}` : '';
  const sentence = networkSentence(peer.privateNetwork);
  if (logFormat === 'json') {
    log.info(greeting(peer), 'sharing');
    log.info(sentence, 'network');
  } else process.stdout.write(`${greeting(peer)}${why}\n${sentence}\n${webLine(peer, 'shoal web')}`);
  await withOutput(0, outputFailure); // Reported only: the peer shares all the same.
  peer.onNews(({ kind, text }) => (kind === 'warning' ? log.warn(text) : log.info(text, kind)));
  announceReadiness();
  const alive = setInterval(() => {}, 60_000);
  await abortOf(interrupted);
  clearInterval(alive);
}

/**
 * Whether commands can arrive on stdin: false for /dev/null, which `nohup`, services and a closed stdin (Node opens
 * /dev/null in its place) have in common.
 */
function hasInput(): boolean {
  if (process.stdin.isTTY === true) return true;
  try {
    return !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Whether the peer runs without reading commands. */
function isService(settings: Settings): boolean {
  return !settings.console || !hasInput();
}

/** Reads the settings again and applies those that can change while the peer runs. */
async function applySettings(peer: Peer, before: Settings, log: Log): Promise<void> {
  const after = await readSettings();
  if ('exitCode' in after) {
    log.warn('the settings were not read again: see the error above. Those of the start hold');
    return;
  }
  const { limits, later } = readSettingsAgain(before, after);
  peer.limits.set(limits);
  const rest = later.length === 0 ? '' : `; after a restart: ${later.join(', ')}`;
  log.info(`the settings were read again: the limits hold now${rest}`, 'settings');
}

/** Rejects GRACE_MS after an interruption: the first signal ends the program also when a step of it hangs. */
async function overdue(interrupted: AbortSignal): Promise<never> {
  await abortOf(interrupted);
  await new Promise((done) => setTimeout(done, GRACE_MS).unref());
  throw new ShoalError('CANCELLED', 'interrupted');
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function greeting(peer: Peer): string {
  const { folder, manifest } = peer.share();
  const what = manifest === undefined ? folder : `what ${manifest} names`;
  return safeText(`${peer.self.name} shares ${what} on TCP port ${peer.self.port}`);
}

/** The address of the page, without its secret: output ends up in logs. @param command - shows the address with it */
function webLine(peer: Peer, command: 'web' | 'shoal web'): string {
  const [address] = peer.web?.address?.split('#') ?? [];
  return address === undefined ? '' : `Web page: ${address} (to manage this peer with it: ${command})\n`;
}

/** @returns a function that unsubscribes */
function onSignal(name: NodeJS.Signals, listener: () => void): () => void {
  process.on(name, listener);
  return () => process.off(name, listener);
}
