import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { ChunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { Random } from '../../../Shared/Clock.ts';
import type { PickOrder } from '../Model.ts';
import type { ChunkRequest, Pace } from './Takeover.ts';

/** A request to send now. */
export interface ChunkTask<Key> {
  readonly request: ChunkRequest<Key>;
  /** The request at another source that it replaces: cancel that one. */
  readonly insteadOf: ChunkRequest<Key> | undefined;
}

export interface ChunkSchedulerOptions<Key> {
  readonly layout: ChunkLayout;
  /** Chunks that are verified already. Read once. */
  readonly verified: Bitfield;
  readonly order: PickOrder;
  readonly random: Random;
  paceOf(source: Key, nowMs: number): Pace;
}
