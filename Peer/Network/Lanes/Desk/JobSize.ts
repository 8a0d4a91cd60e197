import { PIECE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import { PUMPED_BYTES_MIN } from './Serving.ts';

/** Upper bound on one job of the pump: each costs a message to its thread. */
const BYTES_MAX = 16 * 1_048_576;
/**
 * A job that takes less or more than this is followed by a larger or smaller one. Its bytes cannot be called back, and
 * a slow client must be distinguished from one that reads nothing.
 */
const FAST_MS = 50;
const SLOW_MS = 200;

/** Size of the next job of the pump for one connection, which follows the time that jobs take there. */
export class JobSize {
  bytes = PIECE_BYTES_MAX;

  /** Adapts the size after a job that took this time. */
  took(ms: number): void {
    if (ms < FAST_MS) this.bytes = Math.min(BYTES_MAX, this.bytes * 2);
    else if (ms > SLOW_MS) this.bytes = Math.max(PUMPED_BYTES_MIN, this.bytes / 2);
  }
}
