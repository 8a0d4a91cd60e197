import type { FileId } from '../../../Protocol/Ids.ts';
import { AWAY_RETRY_MS, TURN_UNLIMITED } from '../../../Protocol/Limits.ts';
import { backoffMs } from '../../../Shared/Backoff.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { RateMeter } from '../../../Shared/RateMeter.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder, SourceStatus } from '../../Model.ts';
import type { Source } from '../../Transfer.ts';
import type { SourceNetwork } from '../Ports.ts';
import type { SourcePeer } from './RequestDispatcher.ts';
import { SourceRequests } from './SourceRequests.ts';

/** A peer that has nothing of a file yet is asked again after this: leechers of one file tend to begin together. */
const NOTHING_YET_MS = [200, 500, 1_000, 2_000, 5_000, 15_000, 60_000] as const;

/** What a file wants to know of its sources. */
export interface FileSourceEvents {
  /** It can be asked. */
  active(source: FileSource): void;
  haveChanged(source: FileSource): void;
  /** It would have us ask for other chunks. */
  suggested(source: FileSource): void;
  /** Its queue takes us at another place; 0: it serves us. */
  queued(source: FileSource): void;
  received(bytes: number): void;
  /** Bytes came that nobody wants any more. */
  late(bytes: number): void;
  /** It is our turn there, for so many bytes; undefined: no end is known, or no place is kept there any more. */
  turn(source: FileSource, bytes: number | undefined): void;
  /** It may be connected again. */
  retryDue(): void;
  /** It can no longer be asked; open requests end by themselves. */
  left(source: FileSource): void;
}

/** One peer as a source of one file: connects, and again after a while when that fails. */
export class FileSource {
  readonly peer: SourcePeer;
  readonly #fileId: FileId;
  readonly #network: SourceNetwork;
  readonly #clock: Clock;
  readonly #events: FileSourceEvents;
  readonly #meter = new RateMeter();
  #holder: FileHolder;
  #source: Source | undefined;
  #requests: SourceRequests | undefined;
  #connecting = false;
  #retryAtMs = 0;
  /** Since its last bytes: it said that it has nothing for us, or was not to be reached. */
  #refusalRetries = 0;
  #awayRetries = 0;
  #refused = false;
  #why: SourceStatus['why'];
  #bytes = 0;
  /** Calls of an older connection are not for us. */
  #round = 0;

  constructor(
    holder: FileHolder,
    peer: SourcePeer,
    fileId: FileId,
    options: { readonly network: SourceNetwork; readonly clock: Clock },
    events: FileSourceEvents,
  ) {
    this.#holder = holder;
    this.peer = peer;
    this.#fileId = fileId;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#events = events;
  }

  /** Set while it can be asked. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** How to ask it for chunks; set while it can be asked. */
  get requests(): SourceRequests | undefined {
    return this.#source === undefined ? undefined : this.#requests;
  }

  /** It was asked and sent nothing. */
  get isSnubbed(): boolean {
    return this.peer.score.backoffReason === 'silent';
  }

  get connecting(): boolean {
    return this.#connecting;
  }

  /** It answered, and does not give us the file. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Somebody names it again. When it came to us, or is somewhere else now, it is tried at once. */
  rediscovered(holder: FileHolder): void {
    const { host, port } = this.#holder.address;
    const moved = holder.address.host !== host || holder.address.port !== port;
    this.#holder = holder;
    const isAway = this.#why === 'unreachable' || this.#why === 'no answer';
    if (this.#source !== undefined || !(holder.near || moved) || !isAway) return;
    this.peer.score.rediscovered();
    this.#awayRetries = 0;
    this.#retryAtMs = 0;
    this.#events.retryDue();
  }

  mayConnect(nowMs: number): boolean {
    const { score } = this.peer;
    if (this.#source !== undefined || this.#connecting || nowMs < this.#retryAtMs) return false;
    return (
      !score.isBanned(nowMs) && !(score.backoffLeftMs(nowMs) > 0 && score.backoffReason === 'unreachable')
    );
  }

  /** Never rejects. @param known - as in SourceNetwork.openSource */
  async connect(signal: AbortSignal, known: 'complete' | undefined): Promise<void> {
    this.#connecting = true;
    const round = ++this.#round;
    try {
      const source = await this.#network.openSource(
        this.#holder,
        this.#fileId,
        this.#sourceEvents(round),
        signal,
        known,
      );
      if (signal.aborted || this.#round !== round) return source.close();
      this.#source = source;
      this.#requests = new SourceRequests(source);
      this.#refused = false;
      this.#why = undefined;
      this.#events.active(this);
    } catch (failure) {
      if (!signal.aborted && this.#round === round) this.#failed(asShoalError(failure, 'UNREACHABLE'));
    } finally {
      if (this.#round === round) this.#connecting = false;
    }
  }

  /** Ends it. @param refused - it says that it has nothing for us (any more): left alone for a while, without blame */
  leave(refused: boolean, why?: SourceStatus['why']): void {
    if (refused) this.#why = why ?? 'has it not';
    const source = this.#source;
    this.#round++;
    this.#connecting = false;
    this.#source = undefined;
    this.#refused = refused;
    if (refused) this.#retryLater();
    source?.close();
    if (source !== undefined) this.#events.turn(this, undefined);
    if (source !== undefined) this.#events.left(this);
  }

  /** A chunk of it was verified. */
  delivered(bytes: number): void {
    this.#bytes += bytes;
    this.#refusalRetries = 0;
    this.#awayRetries = 0;
  }

  status(chunkCount: number): SourceStatus {
    const nowMs = this.#clock.nowMs();
    const { place } = this.peer.score;
    const state = this.#state(nowMs);
    return {
      peer: this.#holder,
      state,
      place: state === 'queued' ? place : undefined,
      queueLength: state === 'queued' ? this.peer.score.queueLength : undefined,
      ...(state === 'left' || state === 'connecting' ? { why: this.#why } : {}),
      retryInMs: this.#retryInMs(nowMs),
      bytes: this.#bytes,
      bytesPerSecond: this.#meter.bytesPerSecond(nowMs),
      chunksHeld: this.#source === undefined ? 0 : (this.#source.have?.count ?? chunkCount),
    };
  }

  /** When it is tried again, if it has to be. */
  #retryInMs(nowMs: number): number | undefined {
    const waitMs = Math.max(
      this.peer.score.backoffLeftMs(nowMs),
      this.#source === undefined ? this.#retryAtMs - nowMs : 0,
    );
    return waitMs > 0 ? waitMs : undefined;
  }

  #state(nowMs: number): SourceStatus['state'] {
    const { score } = this.peer;
    if (score.isBanned(nowMs)) return 'banned';
    if (score.isDistrusted(this.#fileId)) return 'distrusted';
    if (this.#connecting) return 'connecting';
    if (this.#source === undefined) return 'left';
    if (this.isSnubbed) return 'snubbed';
    return score.place > 0 ? 'queued' : 'active';
  }

  #failed(reason: ShoalError): void {
    // A leecher that has just begun has nothing yet: it is asked again soon, too.
    this.#refused = reason.code === 'NOT_FOUND' || reason.code === 'REFUSED';
    this.#why = this.#refused ? 'has it not' : awayReason(reason);
    if (!this.#refused) this.peer.score.backOff('unreachable', this.#clock.nowMs());
    this.#retryLater();
  }

  #retryLater(): void {
    const nowMs = this.#clock.nowMs();
    const backMs = this.#refused
      ? backoffMs(NOTHING_YET_MS, this.#refusalRetries++)
      : backoffMs(AWAY_RETRY_MS, this.#awayRetries++);
    // Its rest may end a little later.
    const delayMs = Math.max(backMs, this.peer.score.backoffLeftMs(nowMs));
    this.#retryAtMs = nowMs + delayMs;
    this.#clock.after(delayMs, () => this.#events.retryDue());
  }

  #sourceEvents(round: number) {
    const current = (task: () => void) => {
      if (this.#round === round) task();
    };
    return {
      haveChanged: () => current(() => this.#events.haveChanged(this)),
      suggested: () => current(() => this.#events.suggested(this)),
      received: (bytes: number) => {
        const nowMs = this.#clock.nowMs();
        this.peer.score.received(bytes, nowMs);
        this.#meter.add(bytes, nowMs);
        this.#events.received(bytes);
      },
      late: (bytes: number) => this.#events.late(bytes),
      queued: (place: number, of?: number) =>
        current(() => {
          this.peer.score.queued(place, this.#clock.nowMs(), of);
          this.#events.queued(this);
        }),
      turn: (bytes: number) =>
        current(() => this.#events.turn(this, bytes === TURN_UNLIMITED ? undefined : bytes)),
      left: (reason: ShoalError) => current(() => this.#lost(reason)),
    };
  }

  #lost(reason: ShoalError): void {
    const had = this.#source !== undefined;
    this.#round++;
    this.#connecting = false;
    this.#source = undefined;
    this.#events.turn(this, undefined);
    this.#failed(reason);
    if (had) this.#events.left(this);
  }
}

/** Classifies why a link to a peer failed or broke. */
export function awayReason(failure: ShoalError): 'unreachable' | 'no answer' {
  return failure.code === 'TIMEOUT' ? 'no answer' : 'unreachable';
}
