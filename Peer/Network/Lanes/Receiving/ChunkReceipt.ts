import type { BundledFile } from '../../../../Protocol/Bundle.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { asShoalError } from '../../../../Shared/ShoalError.ts';
import type { ChunkOutcome, ChunkWriter } from '../../../Transfer.ts';
import type { Region } from './ReceiveBuffers.ts';

/** A request on a lane: one chunk, or a bundle of whole small files. */
export interface LaneRequest {
  readonly fileId: FileId;
  readonly chunk: number;
  readonly bytes: number;
  /** Requested instead of the chunk. `fileId` is then that of the first file. */
  readonly bundle?: readonly BundledFile[] | undefined;
  readonly writer: ChunkWriter;
  /** Called for payload bytes of a live request. */
  readonly received: (bytes: number) => void;
  /** Called for payload bytes of a cancelled request. */
  readonly late?: (bytes: number) => void;
}

/**
 * Receives one chunk: passes its pieces to the writer in order and decides its outcome once. Pieces that arrive after
 * that are dropped.
 */
export class ChunkReceipt {
  readonly order: LaneRequest;
  readonly outcome: Promise<ChunkOutcome>;
  /** Payload bytes announced by data frames so far. */
  announced = 0;
  #settle: (outcome: ChunkOutcome) => void = () => {};
  #decided = false;
  #failed: ChunkOutcome | undefined;
  #writing = 0;

  constructor(order: LaneRequest) {
    this.order = order;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Whether further pieces are dropped. */
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

  /** Ends the chunk after its last piece. */
  whole(): void {
    if (this.#decided) return;
    this.#decided = true;
    this.order.writer.finish().then(
      (verified) => this.#settle({ kind: verified ? 'verified' : 'corrupt' }),
      (failure: unknown) => this.#settle({ kind: 'disk', reason: asShoalError(failure, 'DISK_FAILED') }),
    );
  }

  /**
   * Ends the request without its bytes, unless it is decided already or complete and being verified. The outcome is
   * published when no write is running, so that the chunk may be requested elsewhere at once.
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
