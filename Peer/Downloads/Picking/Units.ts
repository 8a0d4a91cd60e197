import { type ChunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';

/**
 * The units of one work, numbered from 0. A unit is what one request asks for: a chunk of a file, or a bundle of whole
 * small files of a folder.
 */
export interface Units {
  readonly count: number;
  /** Bytes of all units. */
  readonly size: number;
  /** Length of the longest unit. */
  readonly bytesMax: number;
  /** Length of a unit; of a bundle: of its files that are still missing. */
  bytesOf(unit: number): number;
}

/** The chunks of a file as units. */
export function chunkUnits(layout: ChunkLayout): Units {
  const { size, chunkBytes, chunkCount } = layout;
  return {
    count: chunkCount,
    size,
    bytesMax: Math.min(chunkBytes, size),
    bytesOf: (unit) => chunkLength(layout, unit),
  };
}
