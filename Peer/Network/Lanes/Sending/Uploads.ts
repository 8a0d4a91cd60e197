import type { Bitfield } from '../../../../Protocol/Bitfield.ts';
import type { BundledFile } from '../../../../Protocol/Bundle.ts';
import { type ChunkLayout, chunkLayout, chunkLength } from '../../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { TURN_ASK_MS } from '../../../../Protocol/Limits.ts';
import { soon } from '../../../../Shared/Async/Soon.ts';
import type { ByteStream } from '../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
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
/** Upper bound on the duration of a run that is copied: bytes on their way cannot be called back. */
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
  /** Called after chunks of a file were sent. */
  readonly served: (peer: KnownContact, fileId: FileId, bytes: number) => void;
  /** Called after a bundle was sent. Files of it that are not here were answered with zeros. */
  readonly servedBundle: (peer: KnownContact, files: readonly BundledFile[]) => void;
  /** Called after a protocol violation on a lane. Peer undefined: before its token. */
  readonly misbehaved: (peer: PeerId | undefined, reason: unknown) => void;
}

/** The life of chunk requests. */
interface ChunkDemand {
  asked(peer: PeerId, fileId: FileId, chunks: readonly number[]): void;
  /** The requests ended unsent. */
  dropped(peer: PeerId, fileId: FileId, chunks: readonly number[]): void;
  sent(peer: PeerId, fileId: FileId, chunks: readonly number[]): void;
}

/** The chunks of a file that are here. */
interface Available {
  readonly fileId: FileId;
  readonly layout: ChunkLayout;
  readonly held: Bitfield | 'all';
}

/** The lanes of one peer, and its seat. */
interface Client {
  readonly seat: Seat;
  readonly lanes: Map<LaneServer, LaneSender>;
  /** Lanes being served, and the bytes in work on each. */
  readonly busy: Map<LaneServer, number>;
  /** The file served last. */
  fileId: FileId | undefined;
  /** The side that opened the last lane. */
  way: LaneWay;
}

/** Serves all lanes: keeps the lanes of peers with a slot busy. */
export class Uploads implements LaneServerOwner {
  readonly #options: UploadsOptions;
  readonly #clients = new Map<PeerId, Client>();
  readonly #counts = new ServedCounts();
  /** The file looked up last. Valid until the end of the current task, in which nothing changes. */
  #looked: Available | undefined;

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

  /** The side that opened the last of the open lanes on which we send to a peer. Undefined: none is open. */
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
    const available = this.#available(fileId);
    if (available === undefined) return 0;
    const { layout, held } = available;
    if (chunk >= layout.chunkCount || (held !== 'all' && !held.has(chunk))) return 0;
    return chunkLength(layout, chunk);
  }

  /** Looks a file up, once for all requests that arrive together. */
  #available(fileId: FileId): Available | undefined {
    if (this.#looked?.fileId === fileId) return this.#looked;
    const { provider } = this.#options.desk.options;
    const size = provider.sizeOf(fileId);
    const held = provider.holdings(fileId);
    if (size === undefined || held === undefined) return undefined;
    this.#looked = { fileId, layout: chunkLayout(size), held };
    soon(() => {
      this.#looked = undefined;
    });
    return this.#looked;
  }

  asked({ peer }: LaneServer, wanted: readonly WantedChunk[]): void {
    if (peer === undefined) return;
    const available = wanted.filter(({ bytes }) => bytes > 0);
    for (const { fileId, chunks } of byFile(available)) this.#options.demand.asked(peer, fileId, chunks);
  }

  takenBack({ peer }: LaneServer, { fileId, chunk }: WantedChunk): void {
    if (peer !== undefined) this.#options.demand.dropped(peer, fileId, [chunk]);
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
      for (const { fileId, chunks } of byFile(batch)) this.#counts.add(fileId, chunks);
      client.busy.set(lane, Math.max(1, sum(batch)));
      await sender.send(batch);
      // Bytes in a socket are not sent yet: a slot that passed on too soon would turn few fast transfers into many
      // slow ones.
      if (lane.demand === 0 || slots.waiting.length > 0) await sender.flushed();
      client.busy.delete(lane);
      this.#ended(peer, batch, lane.open);
      if (!lane.open) return;
      seat.endTurn();
      if (lane.demand === 0) break;
    }
    seat.changed();
  }

  /** @param open - the lane is: what was not cancelled is sent */
  #ended(peer: PeerId, batch: readonly WantedChunk[], open: boolean): void {
    const { demand, served, servedBundle, contactOf } = this.#options;
    const sent = batch.filter(({ cancelled }) => open && !cancelled);
    const unsent = batch.filter(({ cancelled }) => !open || cancelled);
    for (const { fileId, chunks } of byFile(unsent)) demand.dropped(peer, fileId, chunks);
    const contact = contactOf(peer);
    const known = contact && { ...contact, peerId: peer };
    for (const { fileId, chunks, bytes, bundle } of byFile(sent)) {
      demand.sent(peer, fileId, chunks);
      if (known === undefined) continue;
      if (bundle === undefined) served(known, fileId, bytes);
      else servedBundle(known, bundle);
    }
  }

  #limitsOf(sender: LaneSender): TakeLimits {
    const runBytes = sender.runBytesMax(this.#options.desk.ratePerClient * RUN_SECONDS);
    return {
      ...BATCH_LIMITS,
      maxBytes: Math.min(BATCH_BYTES_MAX, sender.runBytesMax(BATCH_BYTES_MAX)),
      runBytes,
    };
  }

  /** Chunks go out in the order of requests while only one client is connected. */
  #servedBefore({ fileId, chunk }: WantedChunk): number {
    return this.#options.desk.clients > 1 ? this.#counts.of(fileId, chunk) : 0;
  }
}

/** Chunks of one file, and their bytes; or one bundle. */
interface Group {
  readonly fileId: FileId;
  readonly chunks: number[];
  readonly bundle: WantedChunk['bundle'];
  bytes: number;
}

/** Groups neighbouring requests by their file. */
function byFile(batch: readonly WantedChunk[]): readonly Group[] {
  const groups: Group[] = [];
  let last: Group | undefined;
  for (const { fileId, chunk, bytes, bundle } of batch) {
    if (last === undefined || last.fileId !== fileId || last.bundle !== bundle) {
      last = { fileId, chunks: [], bundle, bytes: 0 };
      groups.push(last);
    }
    last.chunks.push(chunk);
    last.bytes += bytes;
  }
  return groups;
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
