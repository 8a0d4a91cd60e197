import { Command, CommanderError } from 'commander';
import { type Invite, readNetwork } from '../../Protocol/Private/Invite.ts';
import { type LogFormat, type LogLevel, readLogFormat, readLogLevel } from '../../Shared/Log.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { Rates } from '../../Shared/Network/Rates.ts';
import type { ConfigFile } from '../../Shared/Program/ConfigLines.ts';
import { PEER_COMMAND } from '../../Shared/Program/StartedAs.ts';
import { errorText, ShoalError } from '../../Shared/ShoalError.ts';
import { HELP_FORMAT } from '../../Shared/Text/HelpFormat.ts';
import { readRates } from '../Commands/Line/RateText.ts';
import type { PortRange } from '../Network/Links/Accepting/ReservedPort.ts';
import type { AcceptPolicy } from '../PushManager.ts';
import {
  type HttpLevel,
  readAccept,
  readHttp,
  readMaxDownloads,
  readName,
  readPath,
  readPortChoice,
  readPortOrTracker,
  readPortRange,
  readRelayLimit,
  readTracker,
} from './OptionValues.ts';
import { applyLayers, misspeltVariables } from './SettingLayers.ts';

const RATES_TEXT =
  'bytes a second, like 60M; or lan=60M, loopback=…, elsewhere=… (several: commas, or the option again)';

/** Bytes per second that a relay passes on, where no limit is given: 32 Mbit/s, half of it in each direction. */
const RELAY_LIMIT = 4 * 1_000_000;

/** Settings from command line, environment and config file. Undefined: not set. */
export interface Settings {
  /** `assigned`: a tracker assigns it. */
  readonly port: number | PortRange | 'assigned' | undefined;
  readonly trackers: readonly Address[];
  /** The private network; undefined: the open one. */
  readonly network?: Invite | undefined;
  readonly share?: string | undefined;
  /** File that lists what is shared. */
  readonly manifest?: string | undefined;
  readonly name?: string | undefined;
  /** Bytes per second, by scope. */
  readonly uploadLimit?: Rates | undefined;
  readonly downloadLimit?: Rates | undefined;
  readonly maxDownloads?: number | undefined;
  readonly accept?: AcceptPolicy | undefined;
  readonly discovery: boolean;
  /** Send large files without copies, where the system can. */
  readonly sendfile: boolean;
  /** Record which peer took which file. */
  readonly history: boolean;
  /** Publish no catalog; answer relayed queries. */
  readonly unlisted: boolean;
  /** Keep in the share what is read through this peer over HTTP. */
  readonly cache?: boolean;
  /** Ask the router to map the port. */
  readonly mapPort: boolean;
  /** Bytes per second of relayed connections; undefined: none is relayed. */
  readonly relayLimit?: number | undefined;
  /** Level of HTTP access. */
  readonly http: HttpLevel;
  readonly console: boolean;
  /** Start the console with the numbered menu. */
  readonly menu?: boolean;
  readonly verbose: boolean;
  readonly logFormat?: LogFormat | undefined;
  readonly logLevel?: LogLevel | undefined;
}

/** Exit requested while reading the command line: help was shown, or the input was invalid. */
export interface EarlyExit {
  readonly exitCode: number;
}

/** Options as commander holds them: those not given are absent, switches with `--no-` are true. */
type Flags = Partial<Omit<Settings, 'port' | 'trackers' | 'network' | 'http'>> &
  Pick<Settings, 'discovery' | 'sendfile' | 'history' | 'console'> & {
    readonly port?: number | 'assigned';
    readonly portRange?: PortRange;
    readonly tracker?: readonly Address[];
    readonly network?: Invite | 'open';
    readonly relay?: boolean;
    readonly http?: HttpLevel | false;
  };

/**
 * Reads `node Peer.js …`. Flags override the environment (SHOAL_TRACKER, SHOAL_DISCOVERY, …), which overrides the
 * config file.
 * @param args - without program and script
 * @param write - prints help (stdout) or an error (stderr)
 */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  write: { out: (text: string) => void; error: (text: string) => void },
  config?: ConfigFile,
): Settings | EarlyExit {
  const command = peerOptions(
    new Command(PEER_COMMAND)
      .configureHelp(HELP_FORMAT)
      .description(
        'Shares a folder with the peers of the network, and downloads files from all that have them.',
      )
      .argument(
        '[port or tracker]',
        'TCP port of this peer (default: that of the last run, at first a random free one of 9000-9999), or the address of a tracker',
        readPortOrTracker,
      ),
  )
    .addHelpText('after', '\nInside: help shows the commands. Piped commands run in order, then it ends.')
    .exitOverride()
    .configureOutput({ writeOut: write.out, writeErr: write.error });
  try {
    command.parse([...args], { from: 'user' });
    takePositional(command);
    applyLayers(command, { environment, config });
    for (const warning of misspeltVariables(command, environment)) write.error(`${warning}\n`);
    return settingsOf(command);
  } catch (failure) {
    if (failure instanceof CommanderError) {
      if (failure.exitCode !== 0) write.error(`hint: ${PEER_COMMAND} --help shows all options\n`);
      return { exitCode: failure.exitCode === 0 ? 0 : 2 };
    }
    if (!(failure instanceof ShoalError)) throw failure;
    write.error(errorText(failure, `${PEER_COMMAND} --help`));
    return { exitCode: 2 };
  }
}

/** Adds the options of a peer, which are also the keys of the config file (SettingLayers.ts). */
export function peerOptions(command: Command): Command {
  return command
    .option('--port <port>', 'TCP port of this peer; "assigned": the tracker names it', readPortChoice)
    .option('--port-range <first-last>', 'a random free port of these', readPortRange)
    .option('--tracker <host[:port]>', 'use this tracker; may be given several times', repeated(readTracker))
    .option('--network <invite>', 'be in this private network; "open": in the open one', readNetwork)
    .option('--share <dir>', 'the shared folder (default: ~/Downloads/P2P/User-<port>)', readPath)
    .option('--manifest <file>', 'share only the files that this one names: "name path" a line', readPath)
    .option('--name <name>', 'name shown to other peers (default: user@computer)', readName)
    .option('--upload-limit <rate>', RATES_TEXT, readRates)
    .option('--download-limit <rate>', RATES_TEXT, readRates)
    .option(
      '--max-downloads <n>',
      'maximum of concurrent downloads; further ones are queued',
      readMaxDownloads,
    )
    .option(
      '--accept <who>',
      'peers whose pushes are accepted: all, known (accepted before with --always), none, ask (default: ask on a terminal, else known)',
      readAccept,
    )
    .option('--unlisted', 'publish no catalog: the tracker passes searches on to this peer')
    .option('--map-port', 'ask the router to let connections to the port in (UPnP, NAT-PMP)')
    .option('--relay', 'relay connections between peers that cannot connect to each other')
    .option(
      '--relay-limit <rate>',
      'bytes a second of all relayed connections, like 8M (default: 4M)',
      readRelayLimit,
    )
    .option('--no-discovery', 'use the given trackers only, announce nothing, start no tracker')
    .option('--no-sendfile', 'send files without sendfile, by copies through the program (Linux)')
    .option('--cache', 'keep files that browsers and curl read through this peer (/network) in the share')
    .option('--no-history', 'keep no history of uploads (see: uploads --history)')
    .option(
      '--http <what>',
      'access of browsers and curl on the port: read; drop: also offer files (default); off',
      readHttp,
    )
    .option('--no-http', 'answer no HTTP on the port, like --http off')
    .option('--menu', 'begin with a numbered menu: download, list, quit')
    .option('--no-console', 'share without reading commands, until Ctrl-C')
    .option('--verbose', 'print details on stderr: the same as --log-level debug')
    .option('--log-format <format>', 'messages on stderr: text, or json, one object a line', readLogFormat)
    .option('--log-level <level>', 'messages on stderr: warn, info or debug (default: info)', readLogLevel);
}

/** Collects the settings of a parsed command with `peerOptions`. */
export function settingsOf(command: Command): Settings {
  const { tracker = [], network, relay, http = 'drop', portRange, ...flags } = command.opts<Flags>();
  if (flags.menu === true && !flags.console)
    throw new ShoalError('USAGE', 'a menu needs the console', {
      hint: 'Leave out --menu or --no-console.',
    });
  return {
    unlisted: false,
    cache: false,
    mapPort: false,
    menu: false,
    ...flags,
    port: chosenPort(command),
    trackers: tracker,
    network: network === 'open' ? undefined : network,
    relayLimit: relay === true ? (flags.relayLimit ?? RELAY_LIMIT) : undefined,
    http: http === false ? 'off' : http,
    verbose: flags.verbose === true || flags.logLevel === 'debug',
    logLevel: flags.verbose === true ? 'debug' : flags.logLevel,
  };
}

/** Applies the positional argument as the flag it stands for: a port or a tracker. */
function takePositional(command: Command): void {
  const [positional] = command.processedArgs as [number | Address | undefined];
  if (typeof positional === 'object') {
    const { tracker = [] } = command.opts<Flags>();
    command.setOptionValueWithSource('tracker', [positional, ...tracker], 'cli');
  } else if (positional !== undefined) {
    if (command.getOptionValueSource('port') === 'cli')
      throw new ShoalError('USAGE', `two ports are given: ${positional} and --port`, {
        hint: 'Give one of the two.',
      });
    command.setOptionValueWithSource('port', positional, 'cli');
  }
}

/** Port or port range, whichever comes from the higher-priority source: flags, environment, config file. */
function chosenPort(command: Command): Settings['port'] {
  const { port, portRange } = command.opts<Flags>();
  const strength = (key: string) => ['config', 'env', 'cli'].indexOf(command.getOptionValueSource(key) ?? '');
  if (portRange !== undefined && strength('port') === strength('portRange')) {
    throw new ShoalError('USAGE', 'a port and a range of ports are given', { hint: 'Give one of the two.' });
  }
  return strength('portRange') > strength('port') ? portRange : port;
}

function repeated<T>(read: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), read(text)];
}
