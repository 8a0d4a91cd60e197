import {
  type OneShotAnswer,
  type OneShotRequest,
  quoteWord,
  runOneShot,
} from '../../Peer/CommandInterface.ts';
import { requestRun } from '../../Peer/Local/LocalClient.ts';
import type { Settings } from '../../Peer/Settings/CommandLine.ts';
import type { SettingOrigin } from '../../Peer/Settings/SettingLayers.ts';
import { networkKeys } from '../../Protocol/Private/NetworkKeys.ts';
import { type Log, lineLog } from '../../Shared/Log.ts';
import { parseHostPort } from '../../Shared/Network/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';
import { readAnswer } from './Answers.ts';
import type { GuestOptions, GuestPeer } from './GuestPeer.ts';
import { choosePeer, fits, type RunningPeer, runningPeers } from './RunningPeers.ts';
import { Screen } from './Screen.ts';

/** Commands about the peer that runs them: a temporary one is seldom meant. */
const ABOUT_PEER = ['status', 'whoami'];
/** Commands of which only the text is read, unless JSON is wanted. Their lists may have a million rows. */
const ONLY_TEXT = ['list', 'ls', 'files'];

/** Settings of one command, from flags, environment and config file. */
export interface RunOptions {
  readonly settings: Settings;
  readonly origins: readonly SettingOrigin[];
  readonly configFile: { readonly path: string; readonly exists: boolean };
  readonly json: boolean;
  readonly progress: boolean;
  /** `--peer`; undefined: any. */
  readonly peer: number | undefined;
}

/** One run of a `shoal` command: chooses the peer that does the work. */
export class Run {
  readonly options: RunOptions;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly log: Log;

  constructor(options: RunOptions, signal: AbortSignal) {
    this.options = options;
    this.signal = signal;
    const { json, progress, settings } = options;
    this.screen = new Screen({ json, progress: progress || settings.verbose });
    this.log = settings.verbose
      ? lineLog((line) => this.screen.printLine(line), true)
      : { warn: (line) => this.screen.printLine(line), info: () => {}, debug: () => {} };
  }

  /** The same run with another signal. */
  with(signal: AbortSignal): Run {
    return signal === this.signal ? this : new Run(this.options, signal);
  }

  /** The share named for this command; undefined: none. */
  get share(): string | undefined {
    return this.#isGiven('share') ? this.options.settings.share : undefined;
  }

  /**
   * The running peer to use; undefined: none runs, or its tracker, share or network differs from the one given.
   * @throws ShoalError UNREACHABLE (--peer)
   */
  async runningPeer(
    notice = (line: string) => this.screen.printLine(line),
  ): Promise<RunningPeer | undefined> {
    const { peer: port, settings } = this.options;
    const trackers = this.#isGiven('tracker') ? settings.trackers : undefined;
    const chosen = choosePeer(await runningPeers(), port, notice);
    const network = this.#isGiven('network') ? (this.#networkId ?? 'open') : undefined;
    if (chosen === undefined || (await fits(chosen, { trackers, share: this.share, network }, this.signal)))
      return chosen;
    this.log.debug(
      `the running peer at port ${chosen.port} has another tracker, share or network and is not used`,
    );
    return undefined;
  }

  /**
   * Settings of a guest peer; without own trackers it uses those of a running peer.
   * @throws ShoalError LOCAL_CONFLICT
   */
  #guestSettings(peer: RunningPeer | undefined): Settings {
    const { settings } = this.options;
    if (peer !== undefined && peer.privateNetwork !== this.#networkId) throw inAnotherNetwork(peer);
    const known = settings.trackers.length > 0 ? undefined : peer;
    const trackers = known?.trackers.map((text) => parseHostPort(text, 0)) ?? settings.trackers;
    // Port and manifest of the config file belong to the long-running peer.
    const isGiven = this.#isGiven('port') || this.#isGiven('port-range');
    return {
      ...settings,
      trackers,
      // Others know this user by the name of the running peer.
      name: settings.name ?? peer?.name,
      port: isGiven ? settings.port : undefined,
      manifest: this.#isFlag('manifest') ? settings.manifest : undefined,
    };
  }

  /** Runs a console line in a running peer, else in a guest peer. */
  async line(command: string, line: string): Promise<OneShotAnswer> {
    const running = await this.runningPeer();
    if (running !== undefined) return this.inRunning(running, command, line);
    if (ABOUT_PEER.includes(command))
      this.screen.printLine(
        'No peer runs on this computer: this is one for this command only. Start one: shoal peer',
      );
    const guest = await this.guest({ share: this.share });
    try {
      return await this.inGuest(guest, command, line);
    } finally {
      await guest.close();
    }
  }

  /** Runs a console line in a running peer only. @throws ShoalError UNREACHABLE if none runs */
  async lineInRunning(command: string, line: string, hint = 'Start one: shoal peer'): Promise<OneShotAnswer> {
    const running = await this.runningPeer();
    if (running !== undefined) return this.inRunning(running, command, line);
    throw new ShoalError('UNREACHABLE', `${command} needs a running peer, and none runs on this computer`, {
      hint,
    });
  }

  async inRunning(running: RunningPeer, command: string, line: string): Promise<OneShotAnswer> {
    const request = this.#request(command, line);
    return readAnswer(
      await requestRun(running.path, request, (event) => this.screen.progress(event), this.signal),
    );
  }

  inGuest({ peer }: GuestPeer, command: string, line: string): Promise<OneShotAnswer> {
    return runOneShot(this.#request(command, line), {
      controls: peer,
      clock: systemClock,
      signal: this.signal,
      progress: (event) => this.screen.progress({ ...event }),
    });
  }

  async guest(
    place: Pick<GuestOptions, 'share' | 'root' | 'stays' | 'delivery' | 'giveUpMs' | 'anyPort'>,
    running?: RunningPeer,
  ): Promise<GuestPeer> {
    const { log, signal } = this;
    // Loaded on demand: with a running peer, most of the program is not needed.
    const { GuestPeer } = await import('./GuestPeer.ts');
    const helper = running ?? (await this.runningPeer(() => {}));
    const settings = this.#guestSettings(helper);
    // SHOAL_PORT is meant for the peer that stays: it may hold the port.
    const isWanted = place.stays === true || this.#isFlag('port') || this.#isFlag('port-range');
    return GuestPeer.open({
      anyPort: !isWanted,
      runningPort: helper?.port,
      ...place,
      settings,
      log,
      signal,
    });
  }

  #request(command: string, line: string): OneShotRequest {
    const { json, width, color } = this.screen;
    return {
      line,
      command,
      width,
      color,
      form: json ? 'json' : ONLY_TEXT.includes(command) ? 'text' : undefined,
    };
  }

  get #networkId(): string | undefined {
    const { network } = this.options.settings;
    return network && networkKeys(network.secret).id;
  }

  #isFlag(key: string): boolean {
    return this.options.origins.some((each) => each.key === key && each.from === 'flag');
  }

  /** Whether a flag or the environment, and not the config file, gives this setting. */
  #isGiven(key: string): boolean {
    return this.options.origins.some(
      (each) => each.key === key && (each.from === 'flag' || each.from === 'environment'),
    );
  }
}

/** A peer for this command would not find what the running peer does. */
function inAnotherNetwork({ port }: RunningPeer): ShoalError {
  return new ShoalError(
    'LOCAL_CONFLICT',
    `the peer at port ${port} is in another network than this command`,
    {
      hint: 'Name the network of the command: --network INVITE, or --network open. See: shoal network',
    },
  );
}

/**
 * Makes a console line of words from the shell.
 * @param literal - number of last words that are no flags, whatever they look like
 */
export function consoleLine(command: string, words: readonly string[], literal = 0): string {
  const typed = words.map((word, index) => {
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(word)) {
      throw new ShoalError(
        'USAGE',
        `an argument contains control characters: ${safeText(word.slice(0, 40))}`,
        {
          hint: 'Use the id of the file: shoal search <words> shows it.',
        },
      );
    }
    return isFlag(word) && index < words.length - literal ? word : quoteWord(word, word === '');
  });
  return [command, ...typed].join(' ');
}

/** Separates flags and arguments. @param literal - number of last words that are no flags, whatever they look like */
export function splitFlags(
  words: readonly string[],
  literal: number,
): { readonly flags: string[]; readonly args: string[] } {
  const isOption = (word: string, index: number) => isFlag(word) && index < words.length - literal;
  return {
    flags: words.filter(isOption),
    args: words.filter((word, index) => !isOption(word, index)),
  };
}

function isFlag(word: string): boolean {
  return /^--./.test(word);
}
