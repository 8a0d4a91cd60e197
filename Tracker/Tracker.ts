import { type InstanceId, newInstanceId } from '../Protocol/Ids.ts';
import { TRACKER_PORT } from '../Protocol/Limits.ts';
import type { Address } from '../Shared/Address.ts';
import { type Clock, every, type WallClock } from '../Shared/Clock.ts';
import type { Log } from '../Shared/Log.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { BindDatagram, DatagramSocket } from '../Shared/Transport.ts';
import { type Datagram, type TrackerCounts, TrackerLogic } from './TrackerLogic.ts';

const EXPIRY_CHECK_MS = 1_000;
const SECRET_BYTES = 32;

export interface TrackerOptions {
  readonly bind: BindDatagram;
  readonly clock: Clock;
  readonly wallClock: WallClock;
  /** Unpredictable bytes: the secret behind connection ids comes from here. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  /** Default TRACKER_PORT; 0 takes a free one. */
  readonly port?: number;
  /** Default: all interfaces. */
  readonly host?: string;
  readonly maxPeers?: number;
  /** Hold no catalogs: ask all peers instead. */
  readonly relayOnly?: boolean;
  /** Tell `log` (debug) of every join, leave, heartbeat, page and search. */
  readonly verbose?: boolean;
}

/** Counts of a running tracker. */
export interface TrackerStats extends TrackerCounts {
  readonly peers: number;
  readonly files: number;
}

/** The tracker at its socket. Keeps everything in memory and writes nothing anywhere. */
export class Tracker {
  /** This run of the tracker: of two trackers the lower one stays. */
  readonly instanceId: InstanceId;
  readonly #options: TrackerOptions;
  readonly #logic: TrackerLogic;
  #socket: DatagramSocket | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #stopTimer: () => void = () => {};
  #cancelEnd: (() => void) | undefined;

  constructor(options: TrackerOptions) {
    const { wallClock, randomBytes, log, maxPeers, relayOnly = false, verbose = false } = options;
    const salt = Buffer.from(randomBytes(2)).readUInt16LE();
    this.#options = options;
    this.instanceId = newInstanceId(wallClock(), salt);
    this.#logic = new TrackerLogic({
      instanceId: this.instanceId,
      secret: randomBytes(SECRET_BYTES),
      relayOnly,
      ...(maxPeers === undefined ? {} : { peersMax: maxPeers }),
      ...(verbose ? { note: (text) => log.debug(text) } : {}),
    });
  }

  /** Where it listens. @throws ShoalError CLOSED before `start` and after `close` */
  get local(): Address {
    if (this.#socket === undefined) throw new ShoalError('CLOSED', 'the tracker is not running');
    return this.#socket.local;
  }

  get stats(): TrackerStats {
    const { counts, registry, catalogs } = this.#logic;
    return { ...counts, peers: registry.size, files: catalogs.size };
  }

  /** Begins to answer. @throws ShoalError PORT_IN_USE, USAGE (see `bindDatagram`), CANCELLED */
  start(options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#starting ??= this.#start(options.signal);
    return this.#starting;
  }

  /**
   * Stops. Safe to call twice and during `start`.
   * @param successor - another tracker, told to all peers before the socket closes
   */
  close(successor?: Address): Promise<void> {
    this.#closing ??= this.#close(successor);
    return this.#closing;
  }

  /** Tells all peers now, and in every later answer to a heartbeat, to go to another tracker. */
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
    socket.onMessage((bytes, from) => {
      this.#send(this.#logic.receive(bytes, from, clock.nowMs()));
      this.#awaitEnd();
    });
    this.#stopTimer = every(clock, EXPIRY_CHECK_MS, () => {
      this.#send(this.#logic.expire(clock.nowMs()));
      this.#awaitEnd();
    });
  }

  async #close(successor: Address | undefined): Promise<void> {
    await this.#starting?.catch(() => {}); // Its caller hears of it.
    if (successor !== undefined) this.announceSuccessor(successor);
    this.#stopTimer();
    this.#cancelEnd?.();
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
  }

  /** A relayed question ends on time, between two looks at who is silent. */
  #awaitEnd(): void {
    const { clock } = this.#options;
    const { nextEndMs } = this.#logic;
    if (nextEndMs === undefined || this.#cancelEnd !== undefined) return;
    this.#cancelEnd = clock.after(Math.max(0, nextEndMs - clock.nowMs()), () => {
      this.#cancelEnd = undefined;
      this.#send(this.#logic.expire(clock.nowMs()));
      this.#awaitEnd();
    });
  }

  #send(datagrams: readonly Datagram[]): void {
    for (const { bytes, to } of datagrams) this.#socket?.send(bytes, to);
  }
}
