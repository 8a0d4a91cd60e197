import { expect, test } from 'vitest';
import { packJob, packReply, unpackJob, unpackReply } from '../../../../Peer/Files/Batches/SmallPacking.ts';
import type { SmallWritten } from '../../../../Peer/Files/Batches/SmallWriting.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

const id = (random: SeededRandom) =>
  random
    .int(0, 2 ** 40)
    .toString(16)
    .padStart(64, '0');

function outcome(random: SeededRandom): SmallWritten {
  const kind = random.pick(['written', 'wrong', 'failed'] as const);
  if (kind === 'wrong') return { kind };
  if (kind === 'failed') return { kind, code: random.pick(['EEXIST', 'ENOSPC', 'EIO']) };
  const size = random.int(0, 2 ** 20);
  const modifiedMs = random.int(0, 2 ** 42);
  const state = {
    size,
    modifiedMs,
    touchedMs: modifiedMs + 5,
    device: random.pick(['1', '64770']),
    inode: random.pick([BigInt(random.int(0, 2 ** 40)), 2n ** 64n - 1n]),
    mtimeNs: BigInt(modifiedMs) * 1_000_000n + 1n,
    ctimeNs: BigInt(modifiedMs + 5) * 1_000_000n + 2n,
    ...(random.chance(0.5) && { executable: true as const }),
  };
  return { kind, state, hash: id(random) as ChunkHash };
}

test.each(seeds(30))('jobs and replies arrive as they were sent (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const bytes = new Uint8Array(random.int(0, 100));
  const files = Array.from({ length: random.int(0, 20) }, (_, index) => ({
    file: {
      fileId: id(random) as FileId,
      size: random.int(1, 2 ** 20),
      offset: random.int(0, 2 ** 20),
      modifiedMs: random.pick([undefined, 0, random.int(1, 2 ** 42)]),
      executable: random.pick([undefined, true as const]),
    },
    to: `/a folder\n/ä ${index}`,
  }));
  expect(unpackJob(structuredClone(packJob({ bytes, files })))).toEqual({ bytes, files });
  const outcomes = Array.from({ length: random.int(0, 20) }, () => outcome(random));
  expect(unpackReply(structuredClone(packReply({ bytes, outcomes })))).toEqual({ bytes, outcomes });
});
