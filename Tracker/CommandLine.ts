import { isIP } from 'node:net';
import { Command, CommanderError } from 'commander';
import { PEERS_MAX, TRACKER_PORT } from '../Protocol/Limits.ts';
import { type Invite, readNetwork } from '../Protocol/Private/Invite.ts';
import { type LogFormat, type LogLevel, readLogFormat, readLogLevel } from '../Shared/Log.ts';
import { type Address, parseHostPort, readPort } from '../Shared/Network/Address.ts';
import { ALL_INTERFACES } from '../Shared/Network/DatagramSockets.ts';
import { type ConfigFile, placeOf } from '../Shared/Program/ConfigLines.ts';
import { TRACKER_COMMAND } from '../Shared/Program/StartedAs.ts';
import { asShoalError, errorText, ShoalError } from '../Shared/ShoalError.ts';
import { HELP_FORMAT } from '../Shared/Text/HelpFormat.ts';
import { type NatsOptions, readServer } from './Cluster/NatsServer.ts';

/** Settings of `node Tracker.js …`. */
export interface TrackerSettings {
  readonly port: number;
  readonly host: string;
  readonly interactive: boolean;
  readonly maxPeers: number;
  readonly relayOnly: boolean;
  readonly verbose: boolean;
  /** The private network; undefined: the open one. */
  readonly network: Invite | undefined;
  /** Address of the metrics over HTTP; undefined: they are not served. */
  readonly metrics: Address | undefined;
  /** The cluster to join; undefined: none. */
  readonly cluster: ClusterSettings | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly logLevel?: LogLevel | undefined;
}

/** Settings of `--cluster`. */
export interface ClusterSettings extends NatsOptions {
  /** Address of this tracker for peers, as far as it is given. */
  readonly advertise: Partial<Address>;
}

/** The command line gave no settings: help was shown, or an error. */
export interface Ended {
  readonly exitCode: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Highest `--max-peers`: about 2 GB of registry. */
const MAX_PEERS_LIMIT = 1_000_000;
const ADVERTISE_HINT =
  'Name the address at which peers reach this tracker, like 192.168.1.20 or 192.168.1.20:7001.';

/** Options as commander holds them: those not given are absent. */
type Flags = Partial<Omit<TrackerSettings, 'network' | 'cluster'>> & {
  readonly network?: Invite | 'open';
  readonly cluster?: readonly string[];
  readonly clusterName?: string;
  readonly clusterCreds?: string;
  readonly clusterCa?: string;
  readonly clusterCert?: string;
  readonly clusterKey?: string;
  readonly advertise?: Partial<Address>;
};

/** The options of the tracker, also for its manual page. */
export function trackerCommand(): Command {
  return new Command(TRACKER_COMMAND)
    .configureHelp(HELP_FORMAT)
    .description('Lists the peers of a network and the files they share. Keeps everything in memory.')
    .argument('[port]', `UDP port to listen on (default: ${TRACKER_PORT})`, readPort)
    .option('--port <port>', 'the same', readPort)
    .option('--host <address>', 'address to listen on (default: all of this computer)', readHost)
    .option('--interactive', 'ask for address and port first; an empty answer takes the default')
    .option('--max-peers <number>', `peers at most (default: ${PEERS_MAX})`, readMaxPeers)
    .option(
      '--network <invite>',
      'serve this private network; open: the open one (default: SHOAL_NETWORK, else the config file, else the open one)',
      readNetwork,
    )
    .option('--relay-only', 'hold no catalogs: relay every search to all peers')
    .option(
      '--metrics <address>',
      'serve /metrics for Prometheus and /healthz over HTTP, like 127.0.0.1:9469 (a port alone: this computer only)',
      readMetricsAddress,
    )
    .option(
      '--cluster <url>',
      'act as one with the other trackers at these NATS servers, like nats://10.0.0.5:4222 (default: SHOAL_CLUSTER)',
      readServers,
    )
    .option(
      '--cluster-name <name>',
      'trackers of one name act as one (default: SHOAL_CLUSTER_NAME, else shoal)',
    )
    .option('--cluster-creds <file>', 'credentials file for NATS (default: SHOAL_CLUSTER_CREDS)')
    .option('--cluster-ca <file>', 'authority of the certificate of the NATS server, as PEM')
    .option('--cluster-cert <file>', 'certificate for NATS, with --cluster-key')
    .option('--cluster-key <file>', 'key of that certificate')
    .option('--advertise <address>', 'address of this tracker for peers, in a cluster', readAdvertised)
    .option('--verbose', 'log joins, leaves, catalogs, searches and a status line a minute to stderr')
    .option('--log-format <format>', 'log as text, or as json, one object a line', readLogFormat)
    .option('--log-level <level>', 'warn, info or debug (the same as --verbose)', readLogLevel);
}

/**
 * @param args - without program and script
 * @param write - shows help (stdout) or an error and its hint (stderr)
 * @param config - the config file of peers; a tracker takes its network from there, so that both are in the same one
 */
export function readCommandLine(
  args: readonly string[],
  write: { readonly out: (text: string) => void; readonly error: (text: string) => void },
  environment: Environment = {},
  config?: ConfigFile,
): TrackerSettings | Ended {
  const command = trackerCommand()
    .exitOverride()
    .configureOutput({ writeOut: write.out, writeErr: () => {} });
  try {
    command.parse([...args], { from: 'user' });
    const flags = command.opts<Flags>();
    const network = flags.network ?? networkOf(environment, config);
    const [positional] = command.processedArgs as [number | undefined];
    if (positional !== undefined && flags.port !== undefined)
      throw new ShoalError('USAGE', `two ports are given: ${positional} and --port`, {
        hint: 'Give one of the two.',
      });
    return {
      port: flags.port ?? positional ?? TRACKER_PORT,
      host: flags.host ?? ALL_INTERFACES,
      interactive: flags.interactive === true,
      maxPeers: flags.maxPeers ?? PEERS_MAX,
      relayOnly: flags.relayOnly === true,
      network: network === 'open' ? undefined : network,
      metrics: flags.metrics,
      cluster: clusterOf(flags, environment),
      verbose: flags.verbose === true || flags.logLevel === 'debug',
      logFormat: flags.logFormat,
      logLevel: flags.verbose === true ? 'debug' : flags.logLevel,
    };
  } catch (failure) {
    if (failure instanceof CommanderError && failure.exitCode === 0) return { exitCode: 0 };
    write.error(errorText(usageError(failure), `${TRACKER_COMMAND} --help shows all options`));
    return { exitCode: 2 };
  }
}

/** The network of the environment, else of the config file, else the open one. @throws ShoalError USAGE */
function networkOf({ SHOAL_NETWORK: invite }: Environment, config: ConfigFile | undefined): Invite | 'open' {
  if (invite?.trim()) return readNetwork(invite);
  const line = config?.lines.findLast(({ key }) => key === 'network');
  if (config === undefined || line === undefined) return 'open';
  try {
    return readNetwork(line.value);
  } catch (failure) {
    const { message } = asShoalError(failure, 'USAGE');
    throw new ShoalError('USAGE', `${placeOf(config.path, line.line)}: ${message}`, {
      hint: 'Write a new one with: shoal network join INVITE. Or serve the open network: --network open',
    });
  }
}

/** @throws ShoalError USAGE */
function clusterOf(flags: Flags, environment: Environment): ClusterSettings | undefined {
  const { SHOAL_CLUSTER, SHOAL_CLUSTER_NAME, SHOAL_CLUSTER_CREDS } = environment;
  const servers = flags.cluster ?? (SHOAL_CLUSTER?.trim() ? readServers(SHOAL_CLUSTER) : undefined);
  if (servers === undefined) {
    const [lonely] = [
      'clusterName',
      'clusterCreds',
      'clusterCa',
      'clusterCert',
      'clusterKey',
      'advertise',
    ].filter((name) => name in flags);
    if (lonely === undefined) return undefined;
    throw new ShoalError('USAGE', 'options of a cluster need --cluster', {
      hint: 'Name the NATS server: --cluster nats://10.0.0.5:4222',
    });
  }
  if ((flags.clusterCert === undefined) !== (flags.clusterKey === undefined)) {
    throw new ShoalError('USAGE', '--cluster-cert and --cluster-key belong together', {
      hint: 'Give both files, or neither.',
    });
  }
  return {
    servers,
    name: readClusterName(flags.clusterName ?? (SHOAL_CLUSTER_NAME?.trim() || 'shoal')),
    credentials: flags.clusterCreds ?? (SHOAL_CLUSTER_CREDS?.trim() || undefined),
    ca: flags.clusterCa,
    certificate: flags.clusterCert,
    key: flags.clusterKey,
    advertise: flags.advertise ?? {},
  };
}

/** Reads the addresses of NATS servers, with commas between. @throws ShoalError USAGE */
function readServers(text: string): readonly string[] {
  const servers = text.split(',').map((each) => each.trim());
  for (const server of servers) readServer(server);
  return servers;
}

/** A part of a NATS subject, and a name that is shown to users. */
function readClusterName(text: string): string {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(text)) return text;
  throw new ShoalError('USAGE', `"${text.slice(0, 40)}" is not a name for a cluster`, {
    hint: 'Use up to 32 letters, digits, - and _, like --cluster-name lab.',
  });
}

/** An IP address, perhaps with a port. @throws ShoalError USAGE */
function readAdvertised(text: string): Partial<Address> {
  const given = parseHostPort(text, 1);
  const host = hostIn(given.host, ADVERTISE_HINT);
  if (host === ALL_INTERFACES || host === '0.0.0.0') {
    throw new ShoalError('USAGE', `peers cannot reach a tracker at ${text}`, { hint: ADVERTISE_HINT });
  }
  const isPortGiven = /^(\[.*\]|[^:]*):\d+$/.test(text.trim());
  return isPortGiven ? { host, port: given.port } : { host };
}

/** @throws any failure that is not the user's */
function usageError(failure: unknown): ShoalError {
  if (failure instanceof ShoalError) return failure;
  if (!(failure instanceof CommanderError)) throw failure;
  return new ShoalError('USAGE', failure.message.replace(/^error: /, '').split('\n')[0] ?? '');
}

/** @throws ShoalError USAGE */
export function readHost(text: string): string {
  return hostIn(text, 'Use 0.0.0.0 for all interfaces, or 127.0.0.1 for this computer only.');
}

function hostIn(text: string, hint: string): string {
  if (text === 'localhost') return '127.0.0.1';
  const bare = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
  if (bare === '::') return ALL_INTERFACES;
  if (isIP(bare.split('%')[0] ?? '') !== 0) return bare;
  throw new ShoalError('USAGE', `"${text}" is not an IP address`, { hint });
}

/** @throws ShoalError USAGE */
function readMetricsAddress(text: string): Address {
  if (/^\d+$/.test(text)) return { host: '127.0.0.1', port: readPort(text) };
  if (!/:\d{1,5}$/.test(text)) {
    throw new ShoalError('USAGE', `"${text}" is not an address with a port`, {
      hint: 'Use address:port, like 127.0.0.1:9469.',
    });
  }
  const { host, port } = parseHostPort(text, 0);
  return { host: readHost(host), port };
}

function readMaxPeers(text: string): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_PEERS_LIMIT) return count;
  throw new ShoalError('USAGE', `"${text}" is not a number of peers`, {
    hint: `Use a number from 1 to ${MAX_PEERS_LIMIT}, like --max-peers 1000.`,
  });
}
