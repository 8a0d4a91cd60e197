import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import type { Part } from '../../Storage.ts';
import { chunkUnits } from '../Picking/Units.ts';
import type { UnitWork } from '../Sources/UnitWork.ts';

/** Files up to this size alternate with large files at each peer. */
const SMALL_BYTES = 4 * 1_024 * 1_024;

/** The chunks of one file as work for UnitFetch. */
export function chunkWork(part: Part, picking: Pick<UnitWork, 'order' | 'readers' | 'onlyRead'>): UnitWork {
  const { description, verified } = part;
  return {
    name: description.fileId,
    units: chunkUnits(description.layout),
    verified,
    ...picking,
    swarms: true,
    small: description.layout.size <= SMALL_BYTES,
    writer: (chunk) => part.writer(chunk),
  };
}

/** Bytes of the verified chunks. */
export function verifiedBytes({ verified, description: { layout } }: Part): number {
  const last = layout.chunkCount - 1;
  if (last < 0) return 0;
  const shorter = verified.has(last) ? layout.chunkBytes - chunkLength(layout, last) : 0;
  return verified.count * layout.chunkBytes - shorter;
}
