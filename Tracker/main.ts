import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { networkKeys } from '../Protocol/Private/NetworkKeys.ts';
import { sealedBind } from '../Protocol/Private/SealedSockets.ts';
import { Closing } from '../Shared/Async/Closing.ts';
import { makeLog } from '../Shared/Log.ts';
import { type Address, formatAddress, readPort } from '../Shared/Network/Address.ts';
import { ALL_INTERFACES, bindDatagramTelling } from '../Shared/Network/DatagramSockets.ts';
import { guardedInterfaces } from '../Shared/Network/NetworkInterfaces.ts';
import type { BindDatagram } from '../Shared/Network/Transport.ts';
import { usableAddresses } from '../Shared/Network/UsableAddresses.ts';
import { readConfig } from '../Shared/Program/ConfigPath.ts';
import { announceReadiness, interruption, watchOutputs, withOutput } from '../Shared/Program/Program.ts';
import { errorText, ShoalError } from '../Shared/ShoalError.ts';
import { systemClock } from '../Shared/Time/Clock.ts';
import {
  type ClusterSettings,
  type Ended,
  readCommandLine,
  readHost,
  type TrackerSettings,
} from './CommandLine.ts';
import { type Ask, askPipe, askTerminal } from './Prompts.ts';
import { Tracker } from './Tracker.ts';

/**
 * Keeps V8's young generation at its first 2 MiB. A busy tracker makes a kilobyte of garbage per datagram, for which
 * V8 would reserve up to 48 MiB and keep them. The small one costs a few per cent of the rate.
 * docs/Decisions/0007, "The tracker".
 */
const SMALL_YOUNG_GENERATION = '--semi-space-growth-factor=1';
setFlagsFromString(SMALL_YOUNG_GENERATION);

const outputFailure = watchOutputs();
await main();

async function main(): Promise<void> {
  const settings = await readSettings();
  if ('exitCode' in settings) {
    process.exitCode = await withOutput(settings.exitCode, outputFailure);
    return;
  }
  const chosen = settings.interactive ? await questioned(settings) : settings;
  if (chosen !== undefined) await run(chosen);
}

async function readSettings(): Promise<TrackerSettings | Ended> {
  const write = {
    out: (text: string) => process.stdout.write(text),
    error: (text: string) => process.stderr.write(text),
  };
  try {
    const { config } = await readConfig(process.env);
    return readCommandLine(process.argv.slice(2), write, process.env, config);
  } catch (failure) {
    if (!(failure instanceof ShoalError)) throw failure;
    write.error(errorText(failure));
    return { exitCode: 2 };
  }
}

async function run(settings: TrackerSettings): Promise<void> {
  const log = makeLog(
    { format: settings.logFormat, level: settings.logLevel },
    (line) => process.stderr.write(`${line}\n`),
    Date.now,
  );
  const metrics = settings.metrics && (await import('./Metrics/TrackerMetrics.ts')).trackerMetrics();
  let foreignDatagrams = 0;
  const bind = bindOf(settings.network, bindDatagramTelling(log), () => foreignDatagrams++);
  const { cluster, ...others } = settings;
  const tracker = new Tracker({
    bind,
    foreignDatagrams: () => foreignDatagrams,
    clock: systemClock,
    wallClock: Date.now,
    randomBytes,
    log,
    meter: metrics?.meter,
    ...others,
    cluster: cluster && (await clusterOf(cluster, settings)),
  });
  const opened = new Closing();
  opened.add(() => tracker.close());
  const interrupted = interruption();
  interrupted.addEventListener('abort', () => void opened.run());
  try {
    await tracker.start();
    if (settings.metrics !== undefined) {
      const server = await metrics?.serve(settings.metrics, tracker);
      opened.add(async () => server?.close());
      log.info(`metrics: http://${formatAddress(settings.metrics)}/metrics`);
    }
    process.stdout.write(shown(tracker.local, settings.host));
    await withOutput(0, outputFailure); // Reported only: the tracker serves all the same.
    if (cluster !== undefined)
      log.info(`cluster "${cluster.name}": peers of all its trackers find each other through this one`);
    if (settings.network !== undefined)
      log.info(`serves the private network "${settings.network.name}": only its members get answers`);
    announceReadiness();
    log.debug(`tracker ${tracker.instanceId} listens on ${formatAddress(tracker.local)}`);
  } catch (failure) {
    if (interrupted.aborted) return;
    await opened.run();
    if (!(failure instanceof ShoalError)) throw failure;
    process.stderr.write(errorText(failure));
    process.exitCode = 1;
  }
}

/** The bus of a cluster; that of a private network is sealed. The library of NATS is loaded here only. */
async function clusterOf(cluster: ClusterSettings, { network, host, port }: TrackerSettings) {
  const { NatsBus } = await import('./Cluster/NatsBus.ts');
  const nats = new NatsBus(cluster);
  const own = host === ALL_INTERFACES ? (usableAddresses(guardedInterfaces()())[0] ?? '127.0.0.1') : host;
  const address = { host: cluster.advertise.host ?? own, port: cluster.advertise.port ?? port };
  if (network === undefined) return { name: cluster.name, address, bus: nats };
  const { sealedBus } = await import('./Cluster/SealedBus.ts');
  const { bus: key } = networkKeys(network.secret);
  return { name: cluster.name, address, bus: sealedBus({ bus: nats, key, randomBytes, clock: systemClock }) };
}

/** Sockets of a private network are sealed. */
function bindOf(network: TrackerSettings['network'], bind: BindDatagram, dropped: () => void): BindDatagram {
  if (network === undefined) return bind;
  const { datagram: key } = networkKeys(network.secret);
  return sealedBind({ bind, key, randomBytes, clock: systemClock, dropped });
}

/** The settings with the answers of the user; undefined after an invalid answer. */
async function questioned(settings: TrackerSettings): Promise<TrackerSettings | undefined> {
  const ask: Ask = process.stdin.isTTY ? askTerminal : await askPipe(process.stdin, 2);
  try {
    const host = ask({ text: 'Address to listen on', preset: settings.host, read: readHost });
    const port = ask({ text: 'UDP port', preset: settings.port, read: readPort });
    return { ...settings, host, port };
  } catch (failure) {
    if (!(failure instanceof ShoalError)) throw failure;
    process.stderr.write(errorText(failure));
    process.exitCode = 2;
    return undefined;
  }
}

/**
 * The addresses to give to peers, one a line, the likeliest first: those of this computer when the tracker listens on
 * all.
 */
function shown({ port }: Address, wanted: string): string {
  const hosts = wanted === ALL_INTERFACES ? usableAddresses(guardedInterfaces()()) : [wanted];
  const lines = (hosts.length > 0 ? hosts : ['127.0.0.1']).map((host) => formatAddress({ host, port }));
  return `${lines.join('\n')}\n`;
}
