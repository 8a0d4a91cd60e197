import type { FileId } from '../../../../Protocol/Ids.ts';
import { PIECE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import type { NetworkClass } from '../../../../Shared/Network/Address.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { RateMeter } from '../../../../Shared/Time/RateMeter.ts';
import type { ContentRange, ContentSink } from '../../../ContentModel.ts';
import type { PeerContact } from '../../../Model.ts';
import type { ChunkProvider, FilePump } from '../../Ports.ts';
import type { BufferPool, Memory } from '../BufferPool.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import type { RateLimiter } from '../Limits/RateLimiter.ts';
import type { UploadSlots } from './UploadSlots.ts';

/** Types of serving, for every protocol. */

/** Time without progress after which a client loses its slot to waiting ones. */
export const STALLED_MS = 10_000;
/** Time without progress after which a transfer is ended, if send memory is short. */
export const CUT_MS = 30_000;

/** Room for a full piece and its header. */
export const SEND_BUFFER_BYTES = PIECE_BYTES_MAX + 4_096;
/** Bytes from which a job of the pump costs less than a read and a write. */
export const PUMPED_BYTES_MIN = 256 * 1_024;

/** A client that is served: a peer with its lanes, or an HTTP client. */
export interface ServeClient {
  /** Peer id, or `http:` and an address: one queue place and one slot per key. */
  readonly key: string;
  /** For display; undefined: not shown. */
  label(): PeerContact | undefined;
  /** Bytes requested and not sent, besides those of `Seat.send`. */
  demandBytes?(): number;
  /** Number of chunks that it has of the file it requests; breaks ties, fewest first. */
  heldChunks?(): number;
  /** Called while it has a slot and demand. */
  serve?(): void;
  /** Called when its queue place or the queue length changed; place 0: being served. */
  placed?(place: number, of: number): void;
  /**
   * Called once a second. Closes connections that have accepted nothing for long, if memory is short.
   * @returns whether it accepts nothing, so that its slot passes to others
   */
  checkStalled?(memoryIsShort: boolean): boolean;
}

export interface ServingDeskOptions {
  readonly provider: ChunkProvider;
  /** Omitted: all bytes are copied. */
  readonly pump?: FilePump | undefined;
  readonly clock: Clock;
  readonly memory?: Memory | undefined;
  readonly limiter: RateLimiter;
  /** Network class of a host. */
  readonly classOf: (host: string) => NetworkClass;
}

/** A client being served, for display. */
export interface Upload {
  readonly meter: RateMeter;
  /** The file served last. */
  readonly fileId: FileId | undefined;
  /** Its path, where it is not a file of this peer. */
  readonly path: string | undefined;
  readonly label: PeerContact | undefined;
}

/** The place of one client at the desk. */
export interface Seat {
  /** Whether the client has a slot. */
  readonly served: boolean;
  /** Bytes of a turn at present. */
  readonly turnBytes: number;
  /** Call after the demand of the client changed. */
  changed(): void;
  /** Records the file that is being sent, for display. */
  sending(fileId: FileId): void;
  /** Records payload bytes handed to the operating system. */
  moved(bytes: number): void;
  /** Ends a turn that has used its bytes. */
  endTurn(): void;
  /**
   * Sends a range of a file within slots and limits.
   * @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED, CANCELLED, TIMEOUT; failures of the sink pass through
   */
  send(content: FileId, range: ContentRange, to: Sink, signal: AbortSignal): Promise<void>;
  /**
   * Sends pieces of a file of another peer as they arrive, within the limits and without a slot.
   * @throws ShoalError CANCELLED; failures of the pieces and of the sink pass through
   */
  relay(
    file: { readonly fileId: FileId; readonly path: string },
    pieces: AsyncIterable<Uint8Array>,
    to: Sink,
    signal: AbortSignal,
  ): Promise<void>;
  leave(): void;
}

/** Destination of served bytes. */
export interface Sink extends Pick<ContentSink, 'write' | 'plain'> {
  /** Host that receives them, for its share of the limits. */
  readonly host: string;
}

/** Services of the desk that a seat uses. */
export interface Desk {
  readonly options: ServingDeskOptions;
  readonly slots: UploadSlots;
  readonly buffers: BufferPool;
  flow(host: string): RateFlow;
  /** Records bytes sent to a client. */
  moved(key: string, bytes: number): void;
}
