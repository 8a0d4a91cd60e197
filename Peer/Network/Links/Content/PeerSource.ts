import type { Bitfield } from '../../../../Protocol/Bitfield.ts';
import type { BundledFile } from '../../../../Protocol/Bundle.ts';
import type { FileDescription } from '../../../../Protocol/FileId.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import type { ControlOf } from '../../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { KnownContact } from '../../../Model.ts';
import type { ChunkOutcome, ChunkWriter, Source, SourceEvents, SourceSuggestion } from '../../../Transfer.ts';
import type { ChunkReceipt } from '../../Lanes/Receiving/ChunkReceipt.ts';
import type { LaneKeeper } from '../../Lanes/Receiving/LaneKeeper.ts';
import type { RemoteHoldings } from './RemoteHoldings.ts';

/** The linked peer, as its sources use it. */
export interface SourceContext {
  readonly contact: KnownContact;
  readonly lane: LaneKeeper;
  readonly takesTurns: boolean;
  describe(fileId: FileId, signal: AbortSignal): Promise<FileDescription>;
  send(message: ControlOf<'corrupt'>): void;
  /** Called when the source is closed. */
  released(source: PeerSource): void;
}

/** A file, or bundles of small files. `holdings` undefined: the peer is known to have all chunks. */
export type SourceContent =
  | { readonly fileId: FileId; readonly holdings: RemoteHoldings | undefined }
  | { readonly bundles: Bitfield };

/** One peer as a source of one file, or of the bundles of a folder. */
export class PeerSource implements Source {
  /** Undefined: a source of bundles. */
  readonly fileId: FileId | undefined;
  readonly #context: SourceContext;
  readonly #holdings: RemoteHoldings | undefined;
  readonly #bundles: Bitfield | undefined;
  readonly #events: SourceEvents;
  readonly #open = new Map<number, ChunkReceipt>();
  #gone: ShoalError | undefined;
  #closed = false;

  constructor(context: SourceContext, content: SourceContent, events: SourceEvents) {
    this.#context = context;
    this.#events = events;
    if ('bundles' in content) this.#bundles = content.bundles;
    else {
      this.fileId = content.fileId;
      this.#holdings = content.holdings;
    }
  }

  get peer(): KnownContact {
    return this.#context.contact;
  }

  get have(): Bitfield | undefined {
    return this.#bundles ?? this.#holdings?.have;
  }

  get lane(): Source['lane'] {
    return this.#context.lane.state;
  }

  get suggestion(): SourceSuggestion | undefined {
    return this.#holdings?.suggestion;
  }

  setChunkCount(chunkCount: number): void {
    this.#holdings?.setChunkCount(chunkCount);
  }

  describe(signal: AbortSignal): Promise<FileDescription> {
    const over = this.#over();
    if (over !== undefined) return Promise.reject(over);
    if (this.fileId === undefined) throw new Error('bundles have no description');
    return this.#context.describe(this.fileId, signal);
  }

  request(
    chunk: number,
    bytes: number,
    writer: ChunkWriter,
    bundle?: readonly BundledFile[],
  ): Promise<ChunkOutcome> {
    const over = this.#over();
    if (over !== undefined) {
      writer.abandon();
      return Promise.resolve({ kind: 'lost', reason: over });
    }
    if (this.#open.has(chunk)) throw new RangeError(`chunk ${chunk} is asked of one source twice`);
    const fileId = this.fileId ?? bundle?.[0]?.fileId;
    if (fileId === undefined) throw new RangeError(`bundle ${chunk} has no files`);
    const received = (count: number) => this.#events.received(count);
    const late = (count: number) => this.#events.late?.(count);
    const receipt = this.#context.lane.request({ fileId, chunk, bytes, bundle, writer, received, late });
    this.#open.set(chunk, receipt);
    return receipt.outcome.then((outcome) => {
      this.#open.delete(chunk);
      return outcome;
    });
  }

  cancel(chunk: number): void {
    const receipt = this.#open.get(chunk);
    if (receipt !== undefined) this.#context.lane.cancel(receipt);
  }

  withdraw(chunk: number): void {
    const receipt = this.#open.get(chunk);
    if (receipt !== undefined) this.#context.lane.withdraw(receipt);
  }

  lineUp(): boolean {
    if (!this.#context.takesTurns || this.#over() !== undefined) return false;
    this.#context.lane.lineUp();
    return true;
  }

  reportCorrupt(fileId: FileId, chunk: number): void {
    if (this.#over() === undefined) this.#context.send({ type: 'corrupt', fileId, chunk });
  }

  close(): void {
    if (this.#closed || this.#gone !== undefined) return;
    this.#closed = true;
    for (const receipt of this.#open.values()) this.#context.lane.cancel(receipt);
    this.#context.released(this);
  }

  // ---- called by the linked peer

  haveChanged(): void {
    if (!this.#closed) this.#events.haveChanged();
  }

  suggested(): void {
    if (!this.#closed) this.#events.suggested?.();
  }

  queued(place: number, of: number): void {
    if (!this.#closed) this.#events.queued(place, of);
  }

  turn(bytes: number): void {
    if (!this.#closed) this.#events.turn?.(bytes);
  }

  /** The peer is gone: open requests are lost. */
  left(reason: ShoalError, link?: 'standing'): void {
    if (this.#closed || this.#gone !== undefined) return;
    this.#gone = reason;
    for (const receipt of this.#open.values()) this.#context.lane.drop(receipt, reason);
    this.#events.left(reason, link);
  }

  #over(): ShoalError | undefined {
    return this.#closed ? new ShoalError('CLOSED', 'the source was closed') : this.#gone;
  }
}
