import { expect, test } from 'vitest';
import { chunkWork } from '../../../../Peer/Downloads/File/ChunkWork.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { fileIdNumber } from '../Desk.ts';
import { FakePart, FakeParts } from '../FakeParts.ts';

const MIB = 1_048_576;

test.each([
  [4 * MIB, true],
  [4 * MIB + 1, false],
])('a file of %i bytes is fetched in a swarm, alternates with large ones: %s', (size, small) => {
  const part = new FakePart(
    new FakeParts(),
    { fileId: fileIdNumber(1), layout: chunkLayout(size), chunkHashes: [] },
    'film',
  );
  expect(chunkWork(part, { order: 'any' })).toMatchObject({ swarms: true, small });
});
