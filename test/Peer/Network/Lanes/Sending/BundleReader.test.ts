import { describe, expect, test } from 'vitest';
import { BundleReader } from '../../../../../Peer/Network/Lanes/Sending/BundleReader.ts';
import type { ChunkProvider } from '../../../../../Peer/Network/Ports.ts';
import { type BundledFile, bundleBytes } from '../../../../../Protocol/Bundle.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { MemoryShare } from '../../MemoryShare.ts';

/** Left in the memory of an answer by an earlier one; must never be sent. */
const OLD = 0xee;

/** A whole number from 0, below `end`. */
const below = (random: SeededRandom, end: number) => random.int(0, end - 1);

interface Wish extends BundledFile {
  /** Expected in the answer: its bytes, or their absence. */
  readonly answer: Buffer;
}

/** Files, some of which fail in every possible way. */
function wishes(share: MemoryShare, random: SeededRandom): Wish[] {
  return Array.from({ length: 1 + below(random, 12) }, (_, index): Wish => {
    const bytes = Buffer.alloc(1 + below(random, 900), index + 1);
    const refused = (fileId: FileId, size: number) => ({ fileId, size, answer: Buffer.alloc(1 + size) });
    const kind = below(random, 6);
    if (kind === 0) return refused(index.toString(16).padStart(64, '0') as FileId, bytes.length);
    const { fileId } = share.add(`${index}`, bytes, kind === 1 ? 'nothing' : 'all');
    if (kind === 1) return refused(fileId, bytes.length);
    if (kind === 2) return refused(fileId, bytes.length + 1);
    return { fileId, size: bytes.length, answer: Buffer.concat([Buffer.of(1), bytes]) };
  });
}

/** Reads a whole answer in pieces of any length, into used memory. */
async function answerOf(provider: ChunkProvider, files: readonly BundledFile[], random: SeededRandom) {
  const reader = new BundleReader(provider, files);
  const pieces: Buffer[] = [];
  for (let left = bundleBytes(files); left > 0; ) {
    const piece = Buffer.alloc(Math.min(left, 1 + below(random, 700)), OLD);
    const refusal = await reader.fill(piece);
    if (refusal !== undefined) return refusal;
    pieces.push(piece);
    left -= piece.length;
  }
  return Buffer.concat(pieces).toString('hex');
}

/** A share with synchronous reads. */
function quick(share: MemoryShare, isNow: () => boolean) {
  let now = 0;
  const provider: ChunkProvider = {
    holdings: (fileId) => share.holdings(fileId),
    sizeOf: (fileId) => share.sizeOf(fileId),
    pathOf: (fileId) => share.pathOf(fileId),
    describe: (fileId) => share.describe(fileId),
    read: (...args) => share.read(...args),
    list: (folder) => share.list(folder),
    readNow: (fileId, size, offset, into) => {
      const file = share.files.get(fileId);
      if (file?.bytes.length !== size || file.held !== 'all' || !isNow()) return false;
      file.bytes.copy(into, 0, offset, offset + into.length);
      now++;
      return true;
    },
  };
  return { provider, now: () => now };
}

describe('the answer to a bundle', () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'contains each file, or a 0 and zeros in its place, and no earlier content of the memory (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const share = new MemoryShare();
      const files = wishes(share, random);
      const right = Buffer.concat(files.map(({ answer }) => answer)).toString('hex');
      expect(await answerOf(share, files, random)).toBe(right);
      const { provider } = quick(share, () => below(random, 2) === 0);
      expect(await answerOf(provider, files, random)).toBe(right);
    },
  );

  test('files that fit are read synchronously', async () => {
    const random = new SeededRandom(1);
    const share = new MemoryShare();
    const files = [1, 2, 3].map((fill) => {
      const bytes = Buffer.alloc(10, fill);
      return { fileId: share.add(`${fill}`, bytes).fileId, size: bytes.length };
    });
    const { provider, now } = quick(share, () => true);
    await answerOf(provider, files, random);
    expect(now()).toBeGreaterThanOrEqual(files.length);
    expect(share.reads).toEqual([]);
  });

  test('a file that changes before its first byte is refused alone; later, the whole answer', async () => {
    const share = new MemoryShare();
    const files = [1, 2].map((fill) => {
      const bytes = Buffer.alloc(100, fill);
      return { fileId: share.add(`${fill}`, bytes).fileId, size: bytes.length };
    });
    const whole = Buffer.alloc(bundleBytes(files), OLD);
    share.changedAt = { chunk: 0, offset: 0 };
    expect(await new BundleReader(share, files).fill(whole)).toBeUndefined();
    expect(whole).toEqual(Buffer.alloc(202));
    const reader = new BundleReader(share, files);
    share.changedAt = undefined;
    expect(await reader.fill(whole.subarray(0, 51))).toBeUndefined();
    share.changedAt = { chunk: 0, offset: 50 };
    expect(await reader.fill(whole.subarray(51))).toBe('changed');
  });
});
