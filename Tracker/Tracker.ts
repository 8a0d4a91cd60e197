import { type InstanceId, newInstanceId } from '../Protocol/Ids.ts';
import { TRACKER_PORT } from '../Protocol/Limits.ts';
import type { Log } from '../Shared/Log.ts';
import { type Address, formatAddress } from '../Shared/Network/Address.ts';
import type { BindDatagram, DatagramSocket } from '../Shared/Network/Transport.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { type Clock, every, type WallClock } from '../Shared/Time/Clock.ts';
import type { Bus, BusConnection } from './Cluster/Bus.ts';
import type { Member, MemberChange } from './Cluster/Members.ts';
import type { DatagramMeter, TrackerStats } from './Metrics/TrackerStats.ts';
import type { Datagram } from './Questions/OwnPart.ts';
import { TrackerLogic } from './TrackerLogic.ts';

const EXPIRY_CHECK_MS = 1_000;
/** Interval of the status line in a verbose log. */
const STATUS_MS = 60_000;
const SECRET_BYTES = 32;

export interface TrackerOptions {
  readonly bind: BindDatagram;
  readonly clock: Clock;
  readonly wallClock: WallClock;
  /** Cryptographically random bytes, for the secret of connection ids and tokens. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  /** Default TRACKER_PORT; 0 takes a free one. */
  readonly port?: number;
  /** Default: all interfaces. */
  readonly host?: string;
  readonly maxPeers?: number;
  /** Holds no catalogs; relays every search to all peers. */
  readonly relayOnly?: boolean;
  /** Datagrams dropped before they got here: not sealed for this private network. */
  readonly foreignDatagrams?: () => number;
  /** Measures the datagrams of the socket. */
  readonly meter?: DatagramMeter | undefined;
  /** Acts as one with the trackers at this bus; `address` is that of this tracker for peers. */
  readonly cluster?: { readonly name: string; readonly address: Address; readonly bus: Bus } | undefined;
  /** Logs (debug) every join, leave, heartbeat, page and search. */
  readonly verbose?: boolean;
}

/** The tracker with its socket and timers. All state is in memory. */
export class Tracker {
  /** Id of this run. Of two trackers the lower id stays. */
  readonly instanceId: InstanceId;
  readonly #options: TrackerOptions;
  readonly #logic: TrackerLogic;
  #socket: DatagramSocket | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #stopTimers: () => void = () => {};
  /** The timer of `#awaitEnd`. */
  #end: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #bus: BusConnection | undefined;

  constructor(options: TrackerOptions) {
    const { wallClock, randomBytes, log, maxPeers, cluster, relayOnly = false, verbose = false } = options;
    const salt = Buffer.from(randomBytes(2)).readUInt16LE();
    this.#options = options;
    this.instanceId = newInstanceId(wallClock(), salt);
    this.#logic = new TrackerLogic({
      instanceId: this.instanceId,
      secret: randomBytes(SECRET_BYTES),
      wallClock,
      relayOnly,
      cluster: cluster && { ...cluster, changed: (member, change) => log.info(changeText(member, change)) },
      ...(maxPeers === undefined ? {} : { peersMax: maxPeers }),
      ...(verbose ? { note: (text) => log.debug(text) } : {}),
    });
  }

  /** Address of the socket. @throws ShoalError CLOSED before `start` and after `close` */
  get local(): Address {
    if (this.#socket === undefined) throw new ShoalError('CLOSED', 'the tracker is not running');
    return this.#socket.local;
  }

  get stats(): TrackerStats {
    const { counts, registry, catalogs, cluster } = this.#logic;
    const foreign = this.#options.foreignDatagrams?.() ?? 0;
    return { ...counts, peers: registry.size, files: catalogs.size, foreign, cluster: cluster?.stats };
  }

  /**
   * Binds the socket and starts serving.
   * @throws ShoalError PORT_IN_USE, USAGE (see `bindDatagramTelling`), CANCELLED
   */
  start(options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#starting ??= this.#start(options.signal);
    return this.#starting;
  }

  /**
   * Stops serving. Safe to call twice and during `start`.
   * @param successor - another tracker, announced to all peers before the socket closes
   */
  close(successor?: Address): Promise<void> {
    this.#closing ??= this.#close(successor);
    return this.#closing;
  }

  /** Refers all peers to another tracker, now and in every later answer to a heartbeat. */
  announceSuccessor(successor: Address): void {
    this.#send(this.#logic.announceSuccessor(successor));
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const { bind, clock, host, port = TRACKER_PORT } = this.#options;
    const stopped = () => signal?.aborted === true || this.#closing !== undefined;
    if (stopped()) throw new ShoalError('CANCELLED', 'the tracker was not started');
    const socket = await bind({ port, ...(host === undefined ? {} : { host }) });
    if (stopped()) {
      await socket.close();
      throw new ShoalError('CANCELLED', 'the tracker was not started');
    }
    this.#socket = socket;
    await this.#openBus();
    if (stopped()) throw new ShoalError('CANCELLED', 'the tracker was not started');
    const { meter } = this.#options;
    socket.onMessage((bytes, from) => {
      const nowMs = clock.nowMs();
      this.#send(this.#logic.receive(bytes, from, nowMs));
      meter?.handled(bytes, clock.nowMs() - nowMs);
      this.#awaitEnd();
    });
    const timers = [
      every(clock, EXPIRY_CHECK_MS, () => {
        this.#logic.cluster?.countSecond();
        this.#send(this.#logic.expire(clock.nowMs()));
        this.#awaitEnd();
      }),
      every(clock, STATUS_MS, () => this.#logStatus()),
    ];
    this.#stopTimers = () => {
      for (const stop of timers) stop();
    };
  }

  async #close(successor: Address | undefined): Promise<void> {
    await this.#starting?.catch(() => {}); // Reported to the caller of start().
    // In a cluster another tracker takes over; each peer chooses the one that it goes to.
    const next = successor ?? this.#logic.cluster?.successor;
    if (next !== undefined) this.announceSuccessor(next);
    this.#stopTimers();
    this.#end?.cancel();
    this.#logic.cluster?.leave();
    this.#publish();
    await this.#bus?.close();
    const socket = this.#socket;
    if (socket !== undefined) this.#logStatus();
    this.#socket = undefined;
    await socket?.close();
  }

  /** Joins the cluster, if there is one. */
  async #openBus(): Promise<void> {
    const { cluster, clock, log } = this.#options;
    if (cluster === undefined) return;
    const connected = (isConnected: boolean) => {
      this.#logic.cluster?.connected(isConnected, clock.nowMs());
      this.#send([]);
    };
    try {
      this.#bus = await cluster.bus.open(this.instanceId, {
        message: (bytes) => {
          this.#send(this.#logic.receiveRecord(bytes, clock.nowMs()));
          this.#awaitEnd();
        },
        connected: () => {
          log.info(`cluster "${cluster.name}": connected again`);
          connected(true);
        },
        lost: (reason) => {
          log.warn(
            `cluster "${cluster.name}": ${reason}. Until it is back, answers come from this tracker alone.`,
          );
          connected(false);
        },
      });
    } catch (failure) {
      await this.#socket?.close();
      this.#socket = undefined;
      throw failure;
    }
    connected(true);
  }

  /** Ends questions on time, between two expiry checks. */
  #awaitEnd(): void {
    const { clock } = this.#options;
    const { nextEndMs: atMs } = this.#logic;
    if (atMs === undefined || (this.#end !== undefined && this.#end.atMs <= atMs)) return;
    // A question to the other trackers ends earlier than one to peers.
    this.#end?.cancel();
    const cancel = clock.after(Math.max(0, atMs - clock.nowMs()), () => {
      this.#end = undefined;
      this.#send(this.#logic.expire(clock.nowMs()));
      this.#awaitEnd();
    });
    this.#end = { atMs, cancel };
  }

  #logStatus(): void {
    const { peers, files, served, refused, limited, malformed, forged, late, foreign: dropped } = this.stats;
    const foreign = this.#options.foreignDatagrams === undefined ? '' : `, ${dropped} of other networks`;
    this.#options.log.debug(
      `status: ${peers} peers, ${files} files; datagrams: ${served} served, ${refused} refused, ` +
        `${limited} over a limit, ${malformed} malformed, ${forged} forged, ${late} late${foreign}`,
    );
  }

  #send(datagrams: readonly Datagram[]): void {
    for (const { bytes, to } of datagrams) {
      this.#socket?.send(bytes, to);
      this.#options.meter?.sent(bytes);
    }
    this.#publish();
  }

  #publish(): void {
    for (const { to, bytes } of this.#logic.takeRecords()) this.#bus?.publish(to, bytes);
  }
}

function changeText({ address }: Member, change: MemberChange): string {
  return `cluster: the tracker ${formatAddress(address)} ${changes[change]}`;
}

const changes: Readonly<Record<MemberChange, string>> = {
  joined: 'has joined',
  left: 'has left',
  silent: 'is silent: its peers are missing in answers until it is back',
  back: 'is back',
};
