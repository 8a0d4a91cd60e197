import { type OneShotAnswer, type OneShotRequest, quoteWord, runOneShot } from '../Peer/CommandInterface.ts';
import { requestRun } from '../Peer/Local/LocalClient.ts';
import type { Settings } from '../Peer/Settings/CommandLine.ts';
import type { SettingOrigin } from '../Peer/Settings/SettingLayers.ts';
import { parseHostPort } from '../Shared/Address.ts';
import { systemClock } from '../Shared/Clock.ts';
import { type Log, lineLog } from '../Shared/Log.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { readAnswer } from './Answers.ts';
import type { GuestPeer } from './GuestPeer.ts';
import { choosePeer, fits, type RunningPeer, runningPeers } from './RunningPeers.ts';
import { Screen } from './Screen.ts';

/** What every command was told by flags, environment and config file. */
export interface Wishes {
  readonly settings: Settings;
  readonly origins: readonly SettingOrigin[];
  readonly json: boolean;
  readonly progress: boolean;
  /** --peer */
  readonly peer: number | undefined;
}

/** One run of a `shoal` command: finds the peer that does the work. */
export class Run {
  readonly wishes: Wishes;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly log: Log;

  constructor(wishes: Wishes, signal: AbortSignal) {
    this.wishes = wishes;
    this.signal = signal;
    const { json, progress, settings } = wishes;
    // Who wants to know everything wants every confirmation too.
    this.screen = new Screen({ json, progress: progress || settings.verbose });
    this.log = wishes.settings.verbose
      ? lineLog((line) => this.screen.tell(line), true)
      : { warn: (line) => this.screen.tell(line), info: () => {}, debug: () => {} };
  }

  /** The share that was named for this command; undefined: none. */
  get share(): string | undefined {
    return this.#said('share') ? this.wishes.settings.share : undefined;
  }

  /** The running peer to use; undefined: none runs, or what was asked for is not what it has. @throws ShoalError UNREACHABLE (--peer) */
  async runningPeer(): Promise<RunningPeer | undefined> {
    const { peer: port, settings } = this.wishes;
    const trackers = this.#said('tracker') ? settings.trackers : undefined;
    const chosen = choosePeer(await runningPeers(), port, (line) => this.screen.tell(line));
    if (chosen === undefined || (await fits(chosen, { trackers, share: this.share }))) return chosen;
    this.log.debug(`the peer at port ${chosen.port} has another tracker or share: not used`);
    return undefined;
  }

  /** Settings for a peer of this command's own; it knows the trackers that a running one knows. */
  async guestSettings(running?: RunningPeer): Promise<Settings> {
    const { settings } = this.wishes;
    const known = settings.trackers.length > 0 ? undefined : (running ?? (await this.runningPeer()));
    const trackers = known?.trackers.map((text) => parseHostPort(text, 0)) ?? settings.trackers;
    // Port and manifest of the config file belong to the peer that stays.
    const said = (key: string) =>
      this.wishes.origins.some((each) => each.key === key && each.from === 'flag');
    return {
      ...settings,
      trackers,
      port: said('port') || said('port-range') ? settings.port : undefined,
      manifest: said('manifest') ? settings.manifest : undefined,
    };
  }

  /** Runs a console line, in a running peer or in one of its own. */
  async line(command: string, line: string): Promise<OneShotAnswer> {
    const running = await this.runningPeer();
    if (running !== undefined) return this.inRunning(running, command, line);
    const guest = await this.guest({ share: this.share });
    try {
      return await this.inGuest(guest, command, line);
    } finally {
      await guest.close();
    }
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
    place: { share?: string | undefined; root?: string | undefined; stays?: boolean },
    running?: RunningPeer,
  ): Promise<GuestPeer> {
    const { log, signal } = this;
    // Not loaded where a running peer does the work: it is most of the program.
    const { GuestPeer } = await import('./GuestPeer.ts');
    return GuestPeer.open({ ...place, settings: await this.guestSettings(running), log, signal });
  }

  #request(command: string, line: string): OneShotRequest {
    return { line, command, width: this.screen.width, color: this.screen.color };
  }

  /** Said for this command, not for the peer that stays. */
  #said(key: string): boolean {
    return this.wishes.origins.some(
      (each) => each.key === key && (each.from === 'flag' || each.from === 'environment'),
    );
  }
}

/** Words as they come from the shell, as a line of the console. @param literal - how many at the end are no flags, whatever they look like */
export function consoleLine(command: string, words: readonly string[], literal = 0): string {
  const typed = words.map((word, index) => {
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(word)) {
      throw new ShoalError('USAGE', 'a name with control characters cannot be given', {
        hint: 'Use its id: shoal search tells it.',
      });
    }
    return /^--./.test(word) && index < words.length - literal ? word : quoteWord(word, word === '');
  });
  return [command, ...typed].join(' ');
}
