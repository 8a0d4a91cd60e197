import { chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { SLOT_GROW_MS, TURN_ASK_MS } from '../../../Protocol/Limits.ts';
import type { NetworkClass } from '../../../Shared/Address.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { RateMeter } from '../../../Shared/RateMeter.ts';
import type { ByteStream } from '../../../Shared/Transport.ts';
import type { ChunkProvider } from '../Ports.ts';
import { BufferPool, type Memory } from './BufferPool.ts';
import {
  BATCH_BYTES_MAX,
  BATCH_CHUNKS_MAX,
  LaneSender,
  SEND_BUFFER_BYTES,
  SMALL_CHUNK_BYTES,
} from './LaneSender.ts';
import { LaneServer, type LaneServerOwner, type TakeLimits, type WantedChunk } from './LaneServer.ts';
import type { LaneTokens } from './LaneTokens.ts';
import type { RateLimiter } from './RateLimiter.ts';
import { ServedCounts } from './ServedCounts.ts';
import { UploadSlots } from './UploadSlots.ts';

/** Send buffers of all lanes together. */
const SEND_BUFFERS_BYTES = 24 * SEND_BUFFER_BYTES;
/** Concurrent lanes of one peer. */
const LANES_PER_PEER_MAX = 4;
/** Time without progress after which a peer loses its slot to waiting ones. */
const STALLED_MS = 10_000;
/** Time without progress after which a lane is closed, if send memory is short. */
const CUT_MS = 30_000;
/** Interval at which changed queue places are announced. */
const PLACES_INTERVAL_MS = 250;
/** No place announced yet. Even "being served" is news to a peer that requests from several seeders. */
const NOT_ANNOUNCED = -1;
/** Upper bound on the duration of a run: bytes on their way cannot be called back. */
const RUN_SECONDS = 0.05;
const BATCH_LIMITS = { smallBytes: SMALL_CHUNK_BYTES, maxCount: BATCH_CHUNKS_MAX };

export interface UploadsOptions {
  readonly provider: ChunkProvider;
  readonly clock: Clock;
  readonly memory?: Memory | undefined;
  readonly limiter: RateLimiter;
  /** Network class of a lane's host. */
  readonly classOf: (host: string) => NetworkClass;
  readonly tokens: LaneTokens;
  /** Called when a peer's queue place or the queue length changed; place 0: being served. */
  readonly placed: (peer: PeerId, place: number, of: number) => void;
  /** Chunks that a peer announced of a file; 0 if none. */
  readonly heldOf: (peer: PeerId, fileId: FileId) => number;
  /** Receives the fate of chunk requests, for super-seeding. */
  readonly demand: ChunkDemand;
  /** Called after a protocol violation on a lane. Peer undefined: before its token. */
  readonly misbehaved: (peer: PeerId | undefined, reason: unknown) => void;
}

/** The life of chunk requests. */
interface ChunkDemand {
  asked(peer: PeerId, fileId: FileId, chunk: number): void;
  /** The request ended unsent. */
  dropped(peer: PeerId, fileId: FileId, chunk: number): void;
  sent(peer: PeerId, fileId: FileId, chunk: number): void;
}

/** A peer being served or waiting. */
export interface Upload {
  readonly meter: RateMeter;
  /** The file served last. */
  fileId: FileId | undefined;
}

interface Client extends Upload {
  readonly lanes: Map<LaneServer, LaneSender>;
  /** Lanes being served, and the bytes in work on each. */
  readonly busy: Map<LaneServer, number>;
  announcedPlace: number;
  announcedLength: number;
}

/** Serves all lanes: assigns slots, keeps the lanes of served peers busy, announces queue places to the others. */
export class Uploads implements LaneServerOwner {
  readonly #options: UploadsOptions;
  readonly #slots: UploadSlots;
  readonly #clients = new Map<PeerId, Client>();
  readonly #buffers: BufferPool;
  readonly #counts = new ServedCounts();
  readonly #meter = new RateMeter();
  #cancelPace: (() => void) | undefined;
  #cancelPlaces: (() => void) | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
    const { clock, memory } = options;
    this.#slots = new UploadSlots((peer) => {
      const fileId = this.#clients.get(peer)?.fileId;
      return fileId === undefined ? 0 : options.heldOf(peer, fileId);
    });
    this.#buffers = new BufferPool(SEND_BUFFER_BYTES, SEND_BUFFERS_BYTES, clock, memory);
  }

  /** Payload bytes since start. */
  get sent(): number {
    return this.#meter.total;
  }

  /** Peers that hold a slot. */
  serving(): readonly (readonly [PeerId, Upload])[] {
    return [...this.#clients].filter(([peer]) => this.#slots.isServing(peer));
  }

  /**
   * Accepts a lane.
   * @param full - the connection limit is reached: the lane is closed
   * @param settle - called after a valid token
   */
  accept(stream: ByteStream, full: boolean, settle: () => void) {
    const lane = new LaneServer(stream, this, settle);
    if (full) lane.close();
    return { handler: lane, idleMs: () => undefined, evict: () => lane.close() };
  }

  /** Whether a peer has pending requests or a queue place. */
  isBusy(peer: PeerId): boolean {
    return this.#slots.isServing(peer) || this.#slots.placeOf(peer) > 0;
  }

  /** Closes the lanes of a peer. */
  drop(peer: PeerId): void {
    for (const lane of [...(this.#clients.get(peer)?.lanes.keys() ?? [])]) lane.close();
    this.#options.tokens.revoke(peer);
  }

  close(): void {
    for (const peer of [...this.#clients.keys()]) this.drop(peer);
    this.#cancelPace?.();
    this.#cancelPlaces?.();
  }

  // ---- LaneServerOwner

  redeem(token: string, lane: LaneServer): PeerId | undefined {
    const { tokens, clock } = this.#options;
    const peer = tokens.redeem(token, clock.nowMs());
    if (peer === undefined) return undefined;
    const client = this.#clients.get(peer) ?? this.#newClient(peer);
    if (client.lanes.size >= LANES_PER_PEER_MAX) return undefined;
    const sent = (bytes: number) => {
      this.#meter.add(bytes, clock.nowMs());
      client.meter.add(bytes, clock.nowMs());
      this.#slots.served(peer, bytes);
    };
    const limiter = this.#options.limiter.flow(this.#options.classOf(lane.stream.remote.host));
    client.lanes.set(lane, new LaneSender(lane, { ...this.#options, limiter, buffers: this.#buffers, sent }));
    return peer;
  }

  bytesOf(fileId: FileId, chunk: number): number {
    const { provider } = this.#options;
    const size = provider.sizeOf(fileId);
    const held = provider.holdings(fileId);
    if (size === undefined || held === undefined) return 0;
    const layout = chunkLayout(size);
    if (chunk >= layout.chunkCount || (held !== 'all' && !held.has(chunk))) return 0;
    return chunkLength(layout, chunk);
  }

  asked({ peer }: LaneServer, { fileId, chunk, bytes }: WantedChunk): void {
    if (peer !== undefined && bytes > 0) this.#options.demand.asked(peer, fileId, chunk);
  }

  takenBack({ peer }: LaneServer, { fileId, chunk }: WantedChunk): void {
    if (peer !== undefined) this.#options.demand.dropped(peer, fileId, chunk);
  }

  changed(lane: LaneServer): void {
    if (lane.peer !== undefined) this.#update(lane.peer);
  }

  ended(lane: LaneServer): void {
    if (lane.peer === undefined) return;
    const client = this.#clients.get(lane.peer);
    const sender = client?.lanes.get(lane);
    if (client === undefined || sender === undefined) return;
    client.lanes.delete(lane);
    client.busy.delete(lane);
    sender.close();
    if (client.lanes.size === 0) this.#clients.delete(lane.peer);
    this.#update(lane.peer);
  }

  misbehaved(lane: LaneServer, reason: unknown): void {
    this.#options.misbehaved(lane.peer, reason);
  }

  #newClient(peer: PeerId): Client {
    const client: Client = {
      lanes: new Map(),
      busy: new Map(),
      meter: new RateMeter(),
      fileId: undefined,
      announcedPlace: NOT_ANNOUNCED,
      announcedLength: 0,
    };
    this.#clients.set(peer, client);
    return client;
  }

  #update(peer: PeerId): void {
    const client = this.#clients.get(peer);
    let demand = 0;
    for (const lane of client?.lanes.keys() ?? []) demand += lane.demand;
    for (const bytes of client?.busy.values() ?? []) demand += bytes;
    this.#slots.setDemand(peer, demand);
    if (client !== undefined && demand === 0) client.announcedPlace = NOT_ANNOUNCED;
    this.#wakeServing();
    // A first place is announced at once, so that the peer can try others meanwhile; changes can wait.
    const place = this.#slots.placeOf(peer);
    if (place > 0 && client !== undefined && client.announcedPlace <= 0)
      this.#announce(peer, place, this.#slots.waiting.length);
  }

  #wakeServing(): void {
    for (const peer of this.#slots.serving) {
      const client = this.#clients.get(peer);
      for (const [lane, sender] of client?.lanes ?? []) {
        if (client !== undefined && !client.busy.has(lane) && lane.demand > 0)
          void this.#serve(peer, client, lane, sender);
      }
    }
    this.#announceServed();
    if (this.#slots.waiting.length > 0) this.#announcePlacesSoon();
    this.#watch();
  }

  /** Serves one lane while its peer has a slot. Never rejects. */
  async #serve(peer: PeerId, client: Client, lane: LaneServer, sender: LaneSender): Promise<void> {
    while (lane.open && this.#slots.isServing(peer)) {
      const batch = lane.take(this.#limitsOf(sender), (wanted) => this.#servedBefore(wanted));
      if (batch.length === 0) {
        if (!lane.linedUp) break;
        client.busy.set(lane, 1);
        await lane.grantTurn(this.#slots.turnBytes, (late) => this.#options.clock.after(TURN_ASK_MS, late));
        client.busy.delete(lane);
        continue;
      }
      client.fileId = batch[0]?.fileId;
      for (const { fileId, chunk } of batch) this.#counts.add(fileId, chunk);
      client.busy.set(lane, Math.max(1, sum(batch)));
      await sender.send(batch);
      // Bytes in a socket are not sent yet: a slot that passed on too soon would turn few fast transfers into many
      // slow ones.
      if (lane.demand === 0 || this.#slots.waiting.length > 0) await sender.flushed();
      client.busy.delete(lane);
      for (const { fileId, chunk, cancelled } of batch)
        this.#options.demand[cancelled || !lane.open ? 'dropped' : 'sent'](peer, fileId, chunk);
      if (!lane.open) return;
      this.#slots.endTurn(peer);
      if (lane.demand === 0) break;
    }
    this.#update(peer);
  }

  #limitsOf({ pieceBytesMax }: LaneSender): TakeLimits {
    const rate = this.#meter.bytesPerSecond(this.#options.clock.nowMs()) / this.#slots.serving.length;
    return {
      ...BATCH_LIMITS,
      maxBytes: Math.min(BATCH_BYTES_MAX, pieceBytesMax),
      runBytes: Math.min(pieceBytesMax, rate * RUN_SECONDS),
    };
  }

  /** Chunks go out in the order of requests while only one peer is connected. */
  #servedBefore({ fileId, chunk }: WantedChunk): number {
    return this.#clients.size > 1 ? this.#counts.of(fileId, chunk) : 0;
  }

  // ---- the queue

  #announcePlacesSoon(): void {
    this.#cancelPlaces ??= this.#options.clock.after(PLACES_INTERVAL_MS, () => {
      this.#cancelPlaces = undefined;
      const { waiting } = this.#slots;
      for (const [index, peer] of waiting.entries()) this.#announce(peer, index + 1, waiting.length);
    });
  }

  /** Checks once a second, while lanes exist, for missing slots and stalled peers. */
  #watch(): void {
    if (this.#cancelPace !== undefined || this.#clients.size === 0) return;
    const { clock, limiter } = this.#options;
    const sentBefore = this.#meter.total;
    this.#cancelPace = clock.after(SLOT_GROW_MS, () => {
      this.#cancelPace = undefined;
      this.#slots.pace(((this.#meter.total - sentBefore) * 1_000) / SLOT_GROW_MS, limiter.ceiling);
      this.#unblock();
      if (this.#slots.serving.length > 0) this.#wakeServing();
    });
  }

  /** Takes slots and send memory from peers that do not read their answers. */
  #unblock(): void {
    for (const [peer, { lanes }] of [...this.#clients]) {
      for (const [lane, sender] of [...lanes]) {
        if (this.#buffers.short && sender.stalledMs >= CUT_MS) lane.close();
        else if (sender.stalledMs >= STALLED_MS) this.#slots.preempt(peer);
      }
    }
  }

  #announceServed(): void {
    for (const peer of this.#slots.serving) this.#announce(peer, 0, 0);
  }

  #announce(peer: PeerId, place: number, of: number): void {
    const client = this.#clients.get(peer);
    if (client === undefined || (client.announcedPlace === place && client.announcedLength === of)) return;
    client.announcedPlace = place;
    client.announcedLength = of;
    this.#options.placed(peer, place, of);
  }
}

function sum(batch: readonly WantedChunk[]): number {
  return batch.reduce((bytes, wanted) => bytes + wanted.bytes, 0);
}
