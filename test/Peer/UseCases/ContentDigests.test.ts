import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ContentDigests } from '../../../Peer/UseCases/ContentDigests.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { someBytes } from '../../Support/TestLan.ts';

const MIB = 1_048_576;
const NEVER = new AbortController().signal;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const idNumber = (number: number) => String(number).padStart(64, '0') as FileId;

/** Files in memory; each read waits for `gate`. */
function share(contents: ReadonlyMap<FileId, Buffer | number>) {
  const pauses: number[] = [];
  /** Pauses of no length. */
  const clock: Clock = {
    nowMs: () => 0,
    after: (ms, task) => {
      pauses.push(ms);
      queueMicrotask(task);
      return () => {};
    },
  };
  const state = {
    reads: [] as string[],
    gate: Promise.resolve(),
    trouble: undefined as ShoalError | undefined,
  };
  const digests = new ContentDigests(
    {
      find: (fileId) => {
        const content = contents.get(fileId);
        if (content === undefined) return undefined;
        const size = typeof content === 'number' ? content : content.length;
        return { fileId, path: 'a', size, modifiedMs: 0 };
      },
      read: async (fileId, chunk, offset, into) => {
        state.reads.push(`${fileId.slice(-1)}:${chunk}`);
        await state.gate;
        if (state.trouble !== undefined) throw state.trouble;
        const content = contents.get(fileId);
        if (Buffer.isBuffer(content))
          into.set(content.subarray(chunk * MIB + offset, chunk * MIB + offset + into.length));
      },
    },
    clock,
  );
  return { state, digests, pauses };
}

test.each([0, 5, MIB, 3 * MIB + 17])('%i bytes: the hash of all, and of each chunk', async (size) => {
  const content = someBytes(1, size);
  const { digests } = share(new Map([[idNumber(1), content]]));
  expect(digests.known(idNumber(1))).toBeUndefined();
  const pieces = Array.from({ length: Math.ceil(size / MIB) }, (_, n) =>
    sha256(content.subarray(n * MIB, (n + 1) * MIB)),
  );
  const digest = await digests.of(idNumber(1), NEVER);
  expect(digest).toEqual({ sha256: sha256(content), pieceBytes: MIB, pieces });
  expect(digests.known(idNumber(1))).toBe(digest);
});

test('a file is hashed once for all requests, and files one after the other', async () => {
  const { state, digests } = share(new Map([1, 2].map((n) => [idNumber(n), someBytes(n, 2 * MIB)])));
  const asked = [1, 1, 2, 1].map((n) => digests.of(idNumber(n), NEVER));
  const results = await Promise.all(asked);
  expect(state.reads).toEqual(['1:0', '1:1', '2:0', '2:1']);
  expect(results[0]).toBe(results[3]);
});

test('it pauses after each MiB, so that transfers go on', async () => {
  const { digests, pauses } = share(new Map([[idNumber(1), someBytes(1, 3 * MIB)]]));
  await digests.of(idNumber(1), NEVER);
  expect(pauses).toEqual([3, 3, 3]);
});

test('an aborted request does not end others; a failure is not cached', async () => {
  const { state, digests } = share(new Map([[idNumber(1), someBytes(1, 10)]]));
  let open = () => {};
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const gone = new AbortController();
  const [left, stays] = [digests.of(idNumber(1), gone.signal), digests.of(idNumber(1), NEVER)];
  gone.abort();
  await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
  state.trouble = new ShoalError('FILE_CHANGED', 'changed');
  open();
  await expect(stays).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  state.trouble = undefined;
  await expect(digests.of(idNumber(1), NEVER)).resolves.toBeDefined();
});

test('unknown files, files above 16 GiB and a long queue are refused', async () => {
  const big = new Map<FileId, Buffer | number>(Array.from({ length: 20 }, (_, n) => [idNumber(n), 5]));
  big.set(idNumber(99), 16 * 2 ** 30 + 1);
  const { state, digests } = share(big);
  await expect(digests.of(idNumber(50), NEVER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(digests.of(idNumber(99), NEVER)).rejects.toMatchObject({ code: 'REFUSED' });
  state.gate = new Promise(() => {});
  const pending = Array.from({ length: 17 }, (_, n) => digests.of(idNumber(n), NEVER));
  for (const each of pending) each.catch(() => {});
  await expect(pending[16]).rejects.toMatchObject({ code: 'BUSY' });
});

test('256 digests are kept; the one used least recently is evicted', async () => {
  const ids = Array.from({ length: 257 }, (_, n) => idNumber(n));
  const { digests } = share(new Map(ids.map((id, n) => [id, someBytes(n, 10)])));
  for (const id of ids.slice(0, 256)) await digests.of(id, NEVER);
  digests.known(idNumber(0));
  await digests.of(idNumber(256), NEVER);
  expect([0, 1, 2, 256].filter((n) => digests.known(idNumber(n)) === undefined)).toEqual([1]);
});
