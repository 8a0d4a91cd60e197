import { expect, test } from 'vitest';
import { followInOrder, type InOrderSource } from '../../../Peer/UseCases/FollowInOrder.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { someBytes } from '../../Support/TestLan.ts';
import { downloadOf, fileIdOf } from '../Commands/FakeControls.ts';

const MIB = 1_048_576;
const CONTENT = someBytes(1, 3 * MIB + 5);

/** A download whose next step happens whenever somebody waits for it. */
function follow(steps: (() => void)[], size = CONTENT.length) {
  const have = new Bitfield(Math.ceil(size / MIB));
  const now = {
    holdings: have as Bitfield | 'all' | undefined,
    size: size as number | undefined,
    status: downloadOf(1, 'f', { size }),
    reads: 0,
    trouble: undefined as (() => void) | undefined,
  };
  const source: InOrderSource = {
    holdings: () => now.holdings,
    sizeOf: () => now.size,
    status: () => now.status,
    read: async (_id: FileId, chunk, offset, into) => {
      now.reads++;
      const { trouble } = now;
      now.trouble = undefined;
      trouble?.();
      if (now.holdings !== 'all' && !now.holdings?.has(chunk)) throw new ShoalError('NOT_FOUND', 'not here');
      into.set(CONTENT.subarray(chunk * MIB + offset, chunk * MIB + offset + into.length));
    },
    changed: async () => {
      const step = steps.shift();
      if (step === undefined) throw new Error('waits for ever');
      step();
    },
  };
  const asker = new AbortController();
  return { have, now, asker, pieces: followInOrder(fileIdOf(1), source, asker.signal) };
}

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}

test('chunks that come out of order are given in order, and the file may be finished in between', async () => {
  const steps = [
    () => run.have.set(2),
    () => run.have.set(0),
    () => {
      run.now.holdings = undefined; // Being moved.
    },
    () => {
      run.now.holdings = 'all';
    },
  ];
  const run = follow(steps);
  expect((await gather(run.pieces)).equals(CONTENT)).toBe(true);
  expect(run.now.reads).toBe(4);
});

test('a part file that is closed while it is read has become the file', async () => {
  const run = follow([]);
  for (const chunk of [0, 1, 2, 3]) run.have.set(chunk);
  run.now.trouble = () => {
    run.now.holdings = 'all';
    throw new ShoalError('PART_FILE_GONE', 'closed');
  };
  expect((await gather(run.pieces)).equals(CONTENT)).toBe(true);
});

test('a disk that fails ends it', async () => {
  const run = follow([]);
  run.have.set(0);
  run.now.trouble = () => {
    throw new ShoalError('DISK_FAILED', 'broken');
  };
  await expect(gather(run.pieces)).rejects.toMatchObject({ code: 'DISK_FAILED' });
});

test('an empty file has no pieces', async () => {
  expect(await gather(follow([], 0).pieces)).toHaveLength(0);
});

test('a download that fails ends it with its reason; so does an abort', async () => {
  const error = new ShoalError('INTEGRITY', 'wrong bytes');
  const run = follow([
    () => {
      run.now.status = { ...run.now.status, state: 'failed', error };
    },
  ]);
  await expect(gather(run.pieces)).rejects.toBe(error);
  const stopped = follow([() => stopped.asker.abort()]);
  await expect(gather(stopped.pieces)).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('the claimed size of a file that is not described yet is not used', async () => {
  const run = follow([
    () => {
      run.now.size = CONTENT.length;
      run.now.holdings = 'all';
    },
  ]);
  run.now.status = downloadOf(1, 'f', { size: 5 });
  run.now.size = undefined;
  expect((await gather(run.pieces)).equals(CONTENT)).toBe(true);
});
