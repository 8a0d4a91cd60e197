import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { ChunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { Random } from '../../../Shared/Clock.ts';
import type { PickOrder } from '../Model.ts';
import type { ChunkRequest, Pace } from './Takeover.ts';

/** A chunk to ask for now. */
export interface ChunkTask<Key> {
  readonly request: ChunkRequest<Key>;
  /** Another source is no longer to be asked for this chunk: cancel it there. */
  readonly insteadOf: ChunkRequest<Key> | undefined;
}

export interface ChunkSchedulerOptions<Key> {
  readonly layout: ChunkLayout;
  /** What is here already. Read once. */
  readonly verified: Bitfield;
  readonly order: PickOrder;
  readonly random: Random;
  paceOf(source: Key, nowMs: number): Pace;
}
