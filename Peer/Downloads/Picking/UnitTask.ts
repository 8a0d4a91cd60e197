import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { Random } from '../../../Shared/Time/Clock.ts';
import type { PickOrder } from '../Model.ts';
import type { ReadWindows } from './ReadWindows.ts';
import type { Pace, UnitRequest } from './Takeover.ts';
import type { Units } from './Units.ts';

/** A request to send now. */
export interface UnitTask<Key> {
  readonly request: UnitRequest<Key>;
  /** The request at another source that it replaces: cancel that one. */
  readonly insteadOf: UnitRequest<Key> | undefined;
}

export interface UnitSchedulerOptions<Key> {
  readonly units: Units;
  /** Units that are verified already. Read once. */
  readonly verified: Bitfield;
  readonly order: PickOrder;
  /** Readers of the growing file. */
  readonly readers?: ReadWindows | undefined;
  /** Sources with a part of it are leechers, which serve many peers. */
  readonly swarms: boolean;
  readonly random: Random;
  paceOf(source: Key, nowMs: number): Pace;
}
