import type { PeerId } from '../../Protocol/Ids.ts';
import { RateMeter } from '../../Shared/RateMeter.ts';
import { asShoalError } from '../../Shared/ShoalError.ts';
import type { FileHolder, SourceStatus } from '../Model.ts';
import type { ChunkClaim } from './ChunkClaim.ts';
import type { FolderItem } from './SmallFile.ts';
import type { TaskContext } from './Task.ts';
import type { Asker, SourcePeer } from './Turns.ts';
import type { ChunkOutcome, Source } from './Wanted.ts';

export interface SmallFileSourceEvents {
  mayStart(): boolean;
  /** It is this item's turn: call `fetch`. */
  start(item: FolderItem): void;
  /** It is banned: it will not give this item. */
  refused(item: FolderItem): void;
  received(bytes: number): void;
  moved(): void;
}

/** One peer as a source of a folder's small files: its line of wanted items, and those it is asked for. */
export class SmallFileSource implements Asker {
  readonly turn: number;
  readonly small = true;
  readonly #context: TaskContext;
  readonly #events: SmallFileSourceEvents;
  readonly #peer: SourcePeer;
  readonly #meter = new RateMeter();
  /** Items may be in it that somebody else fetched meanwhile: passed over when it is their turn. */
  #line: FolderItem[] = [];
  #head = 0;
  readonly #open = new Set<Source>();
  #asked = 0;
  #reached = false;
  #files = 0;
  #bytes = 0;

  constructor(context: TaskContext, turn: number, holder: FileHolder, events: SmallFileSourceEvents) {
    this.#context = context;
    this.turn = turn;
    this.#events = events;
    this.#peer = context.turns.peer(holder);
    context.turns.attach(this.#peer, this);
  }

  get peerId(): PeerId {
    return this.#peer.holder.peerId;
  }

  /** It answered, and the link has not broken since. */
  get reached(): boolean {
    return this.#reached;
  }

  push(item: FolderItem): void {
    if (this.#peer.score.isBanned(this.#context.clock.nowMs())) {
      this.#events.refused(item);
      return;
    }
    this.#line.push(item);
    this.wake();
  }

  wake(): void {
    this.#context.turns.wake(this.#peer, this);
  }

  detach(): void {
    this.#context.turns.detach(this.#peer, this);
  }

  ask(roomBytes: number): 'asked' | 'nothing' | 'no room' {
    // Until it answers, one file is enough to try.
    if (!this.#events.mayStart() || (this.#asked > 0 && !this.#reached)) return 'nothing';
    for (; this.#head < this.#line.length; this.#head++) {
      const item = this.#line[this.#head];
      if (item?.state !== 'wanted' || !item.holders.has(this.peerId)) continue;
      if (item.size > roomBytes) return 'no room';
      this.#head++;
      this.#events.start(item);
      return 'asked';
    }
    this.#line = [];
    this.#head = 0;
    return 'nothing';
  }

  /** Never rejects. */
  async fetch(
    item: FolderItem,
    claim: ChunkClaim,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: ChunkOutcome; readonly received: number }> {
    const { turns } = this.#context;
    let received = 0;
    this.#asked++;
    turns.asked(this.#peer, item.size, true);
    const writer = claim.writer((bytes) => {
      received += bytes;
      turns.arrived(this.#peer, bytes);
    });
    const outcome = await this.#request(item, writer, signal);
    this.#asked--;
    turns.ended(this.#peer, item.size - received);
    this.#judge(item, outcome);
    return { outcome, received };
  }

  takeBack(reason?: 'silent' | 'banned'): void {
    this.#close(0);
    if (reason !== 'banned') return;
    const left = this.#line.slice(this.#head);
    this.#line = [];
    this.#head = 0;
    for (const item of left) if (item.state === 'wanted') this.#events.refused(item);
  }

  status(): SourceStatus {
    const { score, holder } = this.#peer;
    const nowMs = this.#context.clock.nowMs();
    return {
      peer: holder,
      state: this.#state(nowMs),
      place: score.place > 0 ? score.place : undefined,
      queueLength: score.queueLength,
      ...(this.#reached || score.restReason !== 'unreachable' ? {} : { why: 'unreachable' as const }),
      retryInMs: score.restingMs(nowMs) || undefined,
      bytes: this.#bytes,
      bytesPerSecond: this.#meter.bytesPerSecond(nowMs),
      chunksHeld: this.#files,
    };
  }

  async #request(
    item: FolderItem,
    writer: Parameters<Source['request']>[2],
    signal: AbortSignal,
  ): Promise<ChunkOutcome> {
    let source: Source;
    try {
      const { network } = this.#context;
      source = await network.openSource(
        this.#peer.holder,
        item.fileId,
        this.#sourceEvents(),
        signal,
        'complete',
      );
    } catch (failure) {
      const reason = asShoalError(failure, 'UNREACHABLE');
      if (reason.code === 'NOT_FOUND' || reason.code === 'REFUSED')
        return { kind: 'rejected', code: 'not-found' };
      return reason.code === 'CANCELLED' ? { kind: 'cancelled' } : { kind: 'lost', reason };
    }
    if (signal.aborted) {
      source.close();
      return { kind: 'cancelled' };
    }
    this.#nowReached(true);
    this.#open.add(source);
    const outcome = await source.request(0, item.size, writer);
    this.#open.delete(source);
    source.close();
    return outcome;
  }

  #judge(item: FolderItem, outcome: ChunkOutcome): void {
    const { clock, events, turns } = this.#context;
    const { score, holder } = this.#peer;
    const nowMs = clock.nowMs();
    if (outcome.kind === 'verified') {
      this.#files++;
      this.#bytes += item.size;
    } else if (outcome.kind === 'lost') {
      score.rest('unreachable', nowMs);
      this.#nowReached(false);
    } else if (outcome.kind === 'rejected' && outcome.code === 'busy') score.rest('busy', nowMs);
    else if (outcome.kind === 'corrupt') {
      const verdict = score.blame(item.fileId, nowMs);
      events.sourceBlamed(holder, item.paths[0], verdict);
      if (verdict === 'banned') turns.ban(this.#peer);
    }
  }

  #sourceEvents() {
    const { score } = this.#peer;
    const { clock } = this.#context;
    return {
      haveChanged: () => {},
      received: (bytes: number) => {
        score.received(bytes, clock.nowMs());
        this.#meter.add(bytes, clock.nowMs());
        this.#events.received(bytes);
      },
      queued: (place: number, of?: number) => {
        score.queued(place, clock.nowMs(), of);
        if (place > 0) this.#close(1);
        else this.wake();
      },
      left: () => this.#nowReached(false),
    };
  }

  /** Ends the open requests, all but the first `keep`: they come back as cancelled. */
  #close(keep: number): void {
    for (const source of [...this.#open].slice(keep)) source.close();
  }

  #nowReached(reached: boolean): void {
    if (this.#reached === reached) return;
    this.#reached = reached;
    this.#events.moved();
    this.wake();
  }

  #state(nowMs: number): SourceStatus['state'] {
    const { score } = this.#peer;
    if (score.isBanned(nowMs)) return 'banned';
    if (!this.#reached) return this.#asked > 0 ? 'connecting' : 'left';
    if (score.restReason === 'silent') return 'snubbed';
    return score.place > 0 ? 'queued' : 'active';
  }
}
