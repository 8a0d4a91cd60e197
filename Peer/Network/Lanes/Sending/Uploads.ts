import { chunkLayout, chunkLength } from '../../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { TURN_ASK_MS } from '../../../../Protocol/Limits.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { ByteStream } from '../../../../Shared/Transport.ts';
import type { LaneWay } from '../../../LinkModel.ts';
import type { KnownContact, PeerContact } from '../../../Model.ts';
import { CUT_MS, type Seat, type ServeClient, STALLED_MS } from '../Desk/Serving.ts';
import type { ServingDesk } from '../Desk/ServingDesk.ts';
import { LaneOutput } from './LaneOutput.ts';
import { BATCH_BYTES_MAX, BATCH_CHUNKS_MAX, LaneSender, SMALL_CHUNK_BYTES } from './LaneSender.ts';
import { LaneServer, type LaneServerOwner, type TakeLimits, type WantedChunk } from './LaneServer.ts';
import type { LaneTokens } from './LaneTokens.ts';
import { ServedCounts } from './ServedCounts.ts';

/** Concurrent lanes of one peer. */
const LANES_PER_PEER_MAX = 4;
/** Upper bound on the duration of a run: bytes on their way cannot be called back. */
const RUN_SECONDS = 0.05;
const BATCH_LIMITS = { smallBytes: SMALL_CHUNK_BYTES, maxCount: BATCH_CHUNKS_MAX };

export interface UploadsOptions {
  readonly desk: ServingDesk;
  readonly tokens: LaneTokens;
  /** Contact of a linked peer. */
  readonly contactOf: (peer: PeerId) => PeerContact | undefined;
  /** Called when a peer's queue place or the queue length changed; place 0: being served. */
  readonly placed: (peer: PeerId, place: number, of: number) => void;
  /** Chunks that a peer announced of a file; 0 if none. */
  readonly heldOf: (peer: PeerId, fileId: FileId) => number;
  /** Receives the fate of chunk requests, for super-seeding. */
  readonly demand: ChunkDemand;
  /** Called after a chunk, or all of a small file, was sent. */
  readonly served: (peer: KnownContact, fileId: FileId, bytes: number) => void;
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

/** The lanes of one peer, and its seat. */
interface Client {
  readonly seat: Seat;
  readonly lanes: Map<LaneServer, LaneSender>;
  /** Lanes being served, and the bytes in work on each. */
  readonly busy: Map<LaneServer, number>;
  /** The file served last. */
  fileId: FileId | undefined;
  /** Which side opened the last lane. */
  way: LaneWay;
}

/** Serves all lanes: keeps the lanes of peers with a slot busy. */
export class Uploads implements LaneServerOwner {
  readonly #options: UploadsOptions;
  readonly #clients = new Map<PeerId, Client>();
  readonly #counts = new ServedCounts();

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /**
   * Accepts a lane.
   * @param full - the connection limit is reached: the lane is closed
   * @param settle - called after a valid token
   */
  accept(stream: ByteStream, full: boolean, settle: () => void) {
    const lane = new LaneServer(this.#output(stream), this, settle);
    if (full) lane.close();
    return { handler: lane, idleMs: () => undefined, evict: () => lane.close() };
  }

  /** Serves a lane that we dialled for a linked peer. @throws ShoalError REFUSED when the peer has too many */
  serve(stream: ByteStream, peer: PeerId): LaneServer {
    const lane = new LaneServer(this.#output(stream), this);
    if (!this.#enter(lane, peer, 'by us')) throw new ShoalError('REFUSED', 'the peer has too many lanes');
    lane.admit(peer);
    return lane;
  }

  /** Number of open lanes of all peers. */
  get lanes(): number {
    return [...this.#clients.values()].reduce((sum, { lanes }) => sum + lanes.size, 0);
  }

  /** Which side opened the last of the open lanes on which we send to a peer. Undefined: none is open. */
  laneWay(peer: PeerId): LaneWay | undefined {
    return this.#clients.get(peer)?.way;
  }

  #output(stream: ByteStream): LaneOutput {
    return new LaneOutput(stream, this.#options.desk.options.pump);
  }

  /** Closes the lanes of a peer. */
  drop(peer: PeerId): void {
    for (const lane of [...(this.#clients.get(peer)?.lanes.keys() ?? [])]) lane.close();
    this.#options.tokens.revoke(peer);
  }

  close(): void {
    for (const peer of [...this.#clients.keys()]) this.drop(peer);
  }

  // ---- LaneServerOwner

  redeem(token: string, lane: LaneServer): PeerId | undefined {
    const { tokens, desk } = this.#options;
    const peer = tokens.redeem(token, lane.stream.remote.host, desk.options.clock.nowMs());
    return peer !== undefined && this.#enter(lane, peer, 'by them') ? peer : undefined;
  }

  /** Returns false when the peer has too many lanes. */
  #enter(lane: LaneServer, peer: PeerId, way: LaneWay): boolean {
    const { desk } = this.#options;
    const { provider, clock } = desk.options;
    const client = this.#clients.get(peer) ?? this.#newClient(peer, way);
    if (client.lanes.size >= LANES_PER_PEER_MAX) return false;
    client.way = way;
    const limiter = desk.flow(lane.stream.remote.host);
    const sent = (bytes: number) => client.seat.moved(bytes);
    client.lanes.set(lane, new LaneSender(lane, { provider, clock, limiter, buffers: desk.buffers, sent }));
    return true;
  }

  bytesOf(fileId: FileId, chunk: number): number {
    const { provider } = this.#options.desk.options;
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

  changed({ peer }: LaneServer): void {
    if (peer !== undefined) this.#clients.get(peer)?.seat.changed();
  }

  ended(lane: LaneServer): void {
    if (lane.peer === undefined) return;
    const client = this.#clients.get(lane.peer);
    const sender = client?.lanes.get(lane);
    if (client === undefined || sender === undefined) return;
    client.lanes.delete(lane);
    client.busy.delete(lane);
    sender.close();
    if (client.lanes.size > 0) {
      client.seat.changed();
      return;
    }
    this.#clients.delete(lane.peer);
    client.seat.leave();
  }

  misbehaved(lane: LaneServer, reason: unknown): void {
    this.#options.misbehaved(lane.peer, reason);
  }

  #newClient(peer: PeerId, way: LaneWay): Client {
    const { desk, heldOf, placed, contactOf } = this.#options;
    const lanes = new Map<LaneServer, LaneSender>();
    const busy = new Map<LaneServer, number>();
    const face: ServeClient = {
      key: peer,
      label: () => contactOf(peer),
      demandBytes: () => demandOf(lanes, busy),
      heldChunks: () => (client.fileId === undefined ? 0 : heldOf(peer, client.fileId)),
      serve: () => this.#serveAll(peer, client),
      placed: (place, of) => placed(peer, place, of),
      checkStalled: (memoryIsShort) => checkStalled(lanes, memoryIsShort),
    };
    const client: Client = { seat: desk.enter(face), lanes, busy, fileId: undefined, way };
    this.#clients.set(peer, client);
    return client;
  }

  #serveAll(peer: PeerId, client: Client): void {
    for (const [lane, sender] of client.lanes)
      if (!client.busy.has(lane) && lane.demand > 0) void this.#serve(peer, client, lane, sender);
  }

  /** Serves one lane while its peer has a slot. Never rejects. */
  async #serve(peer: PeerId, client: Client, lane: LaneServer, sender: LaneSender): Promise<void> {
    const { seat } = client;
    const { clock } = this.#options.desk.options;
    const { slots } = this.#options.desk;
    while (lane.open && seat.served) {
      const batch = lane.take(this.#limitsOf(sender), (wanted) => this.#servedBefore(wanted));
      if (batch.length === 0) {
        if (!lane.linedUp) break;
        client.busy.set(lane, 1);
        await lane.grantTurn(seat.turnBytes, (late) => clock.after(TURN_ASK_MS, late));
        client.busy.delete(lane);
        continue;
      }
      client.fileId = batch[0]?.fileId;
      if (client.fileId !== undefined) seat.sending(client.fileId);
      for (const { fileId, chunk } of batch) this.#counts.add(fileId, chunk);
      client.busy.set(lane, Math.max(1, sum(batch)));
      await sender.send(batch);
      // Bytes in a socket are not sent yet: a slot that passed on too soon would turn few fast transfers into many
      // slow ones.
      if (lane.demand === 0 || slots.waiting.length > 0) await sender.flushed();
      client.busy.delete(lane);
      for (const wanted of batch) this.#ended(peer, wanted, lane.open && !wanted.cancelled);
      if (!lane.open) return;
      seat.endTurn();
      if (lane.demand === 0) break;
    }
    seat.changed();
  }

  #ended(peer: PeerId, { fileId, chunk, bytes, bundle }: WantedChunk, sent: boolean): void {
    const { demand, served, contactOf } = this.#options;
    demand[sent ? 'sent' : 'dropped'](peer, fileId, chunk);
    const contact = sent ? contactOf(peer) : undefined;
    if (contact === undefined) return;
    const known = { ...contact, peerId: peer };
    if (bundle === undefined) served(known, fileId, bytes);
    // Files of a bundle that are not here were answered with zeros.
    for (const file of bundle ?? [])
      if (this.bytesOf(file.fileId, 0) === file.size) served(known, file.fileId, file.size);
  }

  #limitsOf({ runBytesMax }: LaneSender): TakeLimits {
    return {
      ...BATCH_LIMITS,
      maxBytes: Math.min(BATCH_BYTES_MAX, runBytesMax),
      runBytes: Math.min(runBytesMax, this.#options.desk.ratePerClient * RUN_SECONDS),
    };
  }

  /** Chunks go out in the order of requests while only one client is connected. */
  #servedBefore({ fileId, chunk }: WantedChunk): number {
    return this.#options.desk.clients > 1 ? this.#counts.of(fileId, chunk) : 0;
  }
}

function demandOf(lanes: Client['lanes'], busy: Client['busy']): number {
  let demand = 0;
  for (const lane of lanes.keys()) demand += lane.demand;
  for (const bytes of busy.values()) demand += bytes;
  return demand;
}

function checkStalled(lanes: Client['lanes'], memoryIsShort: boolean): boolean {
  let stalled = false;
  for (const [lane, sender] of [...lanes]) {
    if (memoryIsShort && sender.stalledMs >= CUT_MS) lane.close();
    else if (sender.stalledMs >= STALLED_MS) stalled = true;
  }
  return stalled;
}

function sum(batch: readonly WantedChunk[]): number {
  return batch.reduce((bytes, wanted) => bytes + wanted.bytes, 0);
}
