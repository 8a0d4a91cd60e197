import type { BundledFile } from '../../../Protocol/Bundle.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { ChunkOutcome, ChunkWriter } from '../../Transfer.ts';
import type { Region } from './ReceiveBuffers.ts';

/** A wish for one chunk, or for a bundle of whole small files. */
export interface ChunkOrder {
  readonly fileId: FileId;
  readonly chunk: number;
  readonly bytes: number;
  /** Asked for instead of the chunk. `fileId` is that of the first. */
  readonly bundle?: readonly BundledFile[] | undefined;
  readonly writer: ChunkWriter;
  /** Payload bytes arrived. */
  readonly received: (bytes: number) => void;
  /** Payload bytes arrived after it was cancelled. */
  readonly late?: (bytes: number) => void;
}

/**
 * One chunk on its way from the lane to the disk: gives its pieces to the writer, in order, and decides how it ended,
 * once. After that further pieces are dropped.
 */
export class ChunkReceipt {
  readonly order: ChunkOrder;
  readonly outcome: Promise<ChunkOutcome>;
  /** Announced by data frames so far. */
  announced = 0;
  #settle: (outcome: ChunkOutcome) => void = () => {};
  #decided = false;
  #failed: ChunkOutcome | undefined;
  #writing = 0;

  constructor(order: ChunkOrder) {
    this.order = order;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Nothing that still arrives matters. */
  get decided(): boolean {
    return this.#decided;
  }

  piece(region: Region): void {
    if (this.#decided) {
      region.release();
      return;
    }
    this.#writing++;
    const written = this.order.writer.write(region.bytes);
    const landed = () => {
      region.release();
      this.#writing--;
      this.#settleWhenWritten();
    };
    written.then(landed, (failure: unknown) => {
      this.end({ kind: 'disk', reason: asShoalError(failure, 'DISK_FAILED') });
      landed();
    });
  }

  /** The last piece was given. */
  whole(): void {
    if (this.#decided) return;
    this.#decided = true;
    this.order.writer.finish().then(
      (verified) => this.#settle({ kind: verified ? 'verified' : 'corrupt' }),
      (failure: unknown) => this.#settle({ kind: 'disk', reason: asShoalError(failure, 'DISK_FAILED') }),
    );
  }

  /**
   * Ends it without its bytes; nothing happens when it is decided already, or whole and being checked. The outcome is
   * told when no write runs any more, so that the chunk may be asked of somebody else at once.
   */
  end(outcome: ChunkOutcome): void {
    if (this.#decided) return;
    this.#decided = true;
    this.order.writer.abandon();
    this.#failed = outcome;
    this.#settleWhenWritten();
  }

  #settleWhenWritten(): void {
    if (this.#failed !== undefined && this.#writing === 0) this.#settle(this.#failed);
  }
}
