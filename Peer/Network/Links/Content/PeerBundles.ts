import { type BundledFile, bundleBytes } from '../../../../Protocol/Bundle.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { BundleSource, ChunkOutcome, ChunkWriter, SourceEvents } from '../../../Transfer.ts';
import type { ChunkReceipt } from '../../Lanes/ChunkReceipt.ts';
import type { SourceContext } from './PeerSource.ts';

/** The parts of a linked peer that its bundles use. */
export type BundleContext = Pick<SourceContext, 'lane'> & { released(bundles: PeerBundles): void };

/** One peer as a source of many small files at once. */
export class PeerBundles implements BundleSource {
  readonly #context: BundleContext;
  readonly #events: SourceEvents;
  readonly #open = new Set<ChunkReceipt>();
  #gone: ShoalError | undefined;

  constructor(context: BundleContext, events: SourceEvents) {
    this.#context = context;
    this.#events = events;
  }

  get lane(): BundleSource['lane'] {
    return this.#context.lane.state;
  }

  async request(files: readonly BundledFile[], writer: ChunkWriter): Promise<ChunkOutcome> {
    const [first] = files;
    if (first === undefined) throw new RangeError('a bundle of nothing');
    if (this.#gone !== undefined) {
      writer.abandon();
      return { kind: 'lost', reason: this.#gone };
    }
    const receipt = this.#context.lane.request({
      fileId: first.fileId,
      chunk: 0,
      bytes: bundleBytes(files),
      bundle: files,
      writer,
      received: (count) => this.#events.received(count),
    });
    this.#open.add(receipt);
    const outcome = await receipt.outcome;
    this.#open.delete(receipt);
    return outcome;
  }

  takeBack(keep: number): void {
    for (const receipt of [...this.#open].slice(keep)) this.#context.lane.cancel(receipt);
  }

  close(): void {
    if (this.#gone !== undefined) return;
    this.#gone = new ShoalError('CLOSED', 'the source was closed');
    this.takeBack(0);
    this.#context.released(this);
  }

  // ---- called by the linked peer

  queued(place: number): void {
    if (this.#gone === undefined) this.#events.queued(place);
  }

  /** The peer is gone: open requests are lost. */
  left(reason: ShoalError, link?: 'standing'): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    for (const receipt of this.#open) this.#context.lane.drop(receipt, reason);
    this.#events.left(reason, link);
  }
}
