import { AWAY_RETRY_MS, TURN_UNLIMITED } from '../../../Protocol/Limits.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import { backoffMs } from '../../../Shared/Time/Backoff.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { RateMeter } from '../../../Shared/Time/RateMeter.ts';
import type { SourceStatus } from '../../DownloadModel.ts';
import type { FileHolder } from '../../Model.ts';
import type { Source, SourceEvents } from '../../Transfer.ts';
import type { SourcePeer } from './RequestDispatcher.ts';
import { SourceRequests } from './SourceRequests.ts';

/** Backoff for a peer that has no chunk of the file yet: leechers of one file tend to start together. */
const NOTHING_YET_MS = [200, 500, 1_000, 2_000, 5_000, 15_000, 60_000] as const;

/** The content that sources are opened for: one file, or the small files of a folder. */
export interface SourcedContent {
  /** FileId, or path of a folder: a source that sent corrupt data is distrusted for this content. */
  readonly name: string;
  /** @throws as SourceNetwork.openSource */
  open(holder: FileHolder, events: SourceEvents, signal: AbortSignal): Promise<Source>;
}

/** Events of a source. */
export interface FileSourceEvents {
  /** The source is connected. */
  active(source: FileSource): void;
  haveChanged(source: FileSource): void;
  /** The source suggests other chunks. */
  suggested(source: FileSource): void;
  /** The position in the upload queue of the peer changed; 0: a slot is granted. */
  queued(source: FileSource): void;
  received(bytes: number): void;
  /** Bytes of a cancelled request arrived. */
  late(bytes: number): void;
  /** A turn of `bytes` is granted. Undefined: the turn is unlimited, or no turn is reserved any more. */
  turn(source: FileSource, bytes: number | undefined): void;
  /** A connection may be tried again. */
  retryDue(): void;
  /** The source is disconnected; its pending requests end by themselves. */
  left(source: FileSource): void;
}

/** One peer as a source of one content. Reconnects with backoff. */
export class FileSource {
  readonly peer: SourcePeer;
  readonly #content: SourcedContent;
  readonly #clock: Clock;
  readonly #events: FileSourceEvents;
  readonly #meter = new RateMeter();
  #holder: FileHolder;
  #source: Source | undefined;
  #requests: SourceRequests | undefined;
  #connecting = false;
  #retryAtMs = 0;
  /** Consecutive refusals and connection failures since the last received bytes. */
  #refusalRetries = 0;
  #awayRetries = 0;
  #refused = false;
  #wasReached = false;
  /** Name of the peer that relays the link, or relayed the last one. */
  #relayedBy: string | undefined;
  #why: SourceStatus['why'];
  #bytes = 0;
  /** Number of the current connection; events of older ones are ignored. */
  #connection = 0;

  constructor(
    holder: FileHolder,
    peer: SourcePeer,
    content: SourcedContent,
    clock: Clock,
    events: FileSourceEvents,
  ) {
    this.#holder = holder;
    this.peer = peer;
    this.#content = content;
    this.#clock = clock;
    this.#events = events;
  }

  /** The connected source; undefined while disconnected. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** Chunk requests of the connected source; undefined while disconnected. */
  get requests(): SourceRequests | undefined {
    return this.#source === undefined ? undefined : this.#requests;
  }

  /** Whether the peer has left requests unanswered (snubbed). */
  get isSnubbed(): boolean {
    return this.peer.score.backoffReason === 'silent';
  }

  get connecting(): boolean {
    return this.#connecting;
  }

  /** Whether the peer had the file, and has it no longer. */
  get hasChanged(): boolean {
    return this.#refused && this.#why === 'changed';
  }

  get name(): string {
    return this.#holder.name;
  }

  /** Whether the peer answered and refused the file. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Updates the contact. A peer that connected to us or has a new address is dialled at once. */
  rediscovered(holder: FileHolder): void {
    const { host, port } = this.#holder.address;
    const moved = holder.address.host !== host || holder.address.port !== port;
    this.#holder = holder;
    const isAway = ['unreachable', 'no answer', 'blocked'].includes(this.#why ?? '');
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

  /** Connects. Never rejects. */
  async connect(signal: AbortSignal): Promise<void> {
    this.#connecting = true;
    const connection = ++this.#connection;
    try {
      const source = await this.#content.open(this.#holder, this.#sourceEvents(connection), signal);
      if (signal.aborted || this.#connection !== connection) return source.close();
      this.#source = source;
      this.#requests = new SourceRequests(source);
      this.#refused = false;
      this.#wasReached = true;
      this.#relayedBy = source.peer.relayedBy;
      // Sticky until it delivers: a peer that is hashing its file again may refuse once more.
      if (this.#why !== 'changed' && this.#why !== 'no lane') this.#why = undefined;
      this.#events.active(this);
    } catch (failure) {
      if (!signal.aborted && this.#connection === connection)
        this.#failed(asShoalError(failure, 'UNREACHABLE'));
    } finally {
      if (this.#connection === connection) this.#connecting = false;
    }
  }

  /**
   * Disconnects. @param refused - the peer does not have the file (any more): it is retried after a backoff,
   * without blame
   */
  leave(refused: boolean, why?: SourceStatus['why']): void {
    // Every open request of the source is rejected: one refusal, one backoff.
    if (refused && this.#refused && this.#source === undefined) return;
    if (refused) this.#why = why ?? this.#whyRefused();
    const source = this.#source;
    this.#connection++;
    this.#connecting = false;
    this.#source = undefined;
    this.#refused = refused;
    if (refused) this.#retryLater();
    source?.close();
    if (source !== undefined) this.#events.turn(this, undefined);
    if (source !== undefined) this.#events.left(this);
  }

  /** Counts a verified chunk of this source. */
  delivered(bytes: number): void {
    this.#bytes += bytes;
    this.#why = undefined;
    this.#refusalRetries = 0;
    this.#awayRetries = 0;
  }

  status(chunkCount: number): SourceStatus {
    const nowMs = this.#clock.nowMs();
    const { place } = this.peer.score;
    const state = this.#state(nowMs);
    return {
      peer: { ...this.#holder, relayedBy: this.#relayedBy },
      state,
      place: state === 'queued' ? place : undefined,
      queueLength: state === 'queued' ? this.peer.score.queueLength : undefined,
      ...(state === 'left' || state === 'connecting' ? { why: this.#why, reached: this.#wasReached } : {}),
      ...(this.#source === undefined
        ? {}
        : { lane: this.#why === 'no lane' ? ('failed' as const) : this.#source.lane }),
      retryInMs: this.#retryInMs(nowMs),
      bytes: this.#bytes,
      bytesPerSecond: this.#meter.bytesPerSecond(nowMs),
      chunksHeld: this.#source === undefined ? 0 : (this.#source.have?.count ?? chunkCount),
    };
  }

  /** Milliseconds until the next attempt; undefined when none is needed. */
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
    if (score.isDistrusted(this.#content.name)) return 'distrusted';
    if (this.#connecting || this.#connection === 0) return 'connecting'; // 0: its first attempt is still to come.
    if (this.#source === undefined) return 'left';
    if (this.isSnubbed) return 'snubbed';
    return score.place > 0 ? 'queued' : 'active';
  }

  #failed(reason: ShoalError, link?: 'standing'): void {
    // A leecher that has just started refuses too, and is retried soon.
    this.#refused = reason.code === 'NOT_FOUND' || reason.code === 'REFUSED';
    this.#why = this.#refused ? this.#whyRefused() : awayReason(reason, link);
    if (!this.#refused) this.peer.score.backOff('unreachable', this.#clock.nowMs());
    this.#retryLater();
  }

  /** A peer that sent chunks of this content before has lost it: the file changed or was deleted. */
  #whyRefused(): 'has it not' | 'changed' {
    return this.#why === 'changed' || this.#bytes > 0 ? 'changed' : 'has it not';
  }

  #retryLater(): void {
    const nowMs = this.#clock.nowMs();
    const backMs = this.#refused
      ? backoffMs(NOTHING_YET_MS, this.#refusalRetries++)
      : backoffMs(AWAY_RETRY_MS, this.#awayRetries++);
    // The backoff of the peer may end later.
    const delayMs = Math.max(backMs, this.peer.score.backoffLeftMs(nowMs));
    this.#retryAtMs = nowMs + delayMs;
    this.#clock.after(delayMs, () => this.#events.retryDue());
  }

  #sourceEvents(connection: number) {
    const current = (task: () => void) => {
      if (this.#connection === connection) task();
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
      left: (reason: ShoalError, link?: 'standing') => current(() => this.#lost(reason, link)),
    };
  }

  #lost(reason: ShoalError, link: 'standing' | undefined): void {
    const had = this.#source !== undefined;
    this.#connection++;
    this.#connecting = false;
    this.#source = undefined;
    this.#events.turn(this, undefined);
    this.#failed(reason, link);
    if (had) this.#events.left(this);
  }
}

/** Classifies why a link to a peer, or with a standing link the lane, failed or broke. */
function awayReason(
  failure: ShoalError,
  link?: 'standing',
): 'unreachable' | 'no answer' | 'blocked' | 'no lane' {
  if (link === 'standing') return 'no lane';
  if (failure.code === 'BLOCKED') return 'blocked';
  return failure.code === 'TIMEOUT' ? 'no answer' : 'unreachable';
}
