import { expect, test } from 'vitest';
import { Bundle, BundleMemory } from '../../../../Peer/Downloads/Folder/Bundle.ts';
import { FolderFiles, STATE } from '../../../../Peer/Downloads/Folder/FolderFiles.ts';
import type { SmallFileInstaller, SmallVerdict } from '../../../../Peer/Storage.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { fileIdNumber } from '../Desk.ts';

const CONTENT = Buffer.from('0abc', 'latin1');

/** A bundle of two files, 3 bytes and 4, and the files given to the installer. */
function bundle(verdicts: readonly SmallVerdict[] = ['right', 'right']) {
  const given: { bytes: Uint8Array; offsets: number[] }[] = [];
  let place: () => void = () => {};
  const installer: SmallFileInstaller = {
    install: async (bytes, files) => {
      given.push({ bytes, offsets: files.map(({ offset }) => offset) });
      await new Promise<void>((resolve) => {
        place = resolve;
      });
      return { verdicts, bytes };
    },
    close: async () => {},
  };
  const files = new FolderFiles(
    [3, 4].map((size, number) => ({
      fileId: fileIdNumber(number),
      size,
      path: `dir/${number}`,
      holders: [],
    })),
    undefined,
    new SeededRandom(1).next,
  );
  const ended: [boolean, number | undefined][] = [];
  const memory = new BundleMemory();
  const writer = new Bundle({
    files,
    rows: Uint32Array.of(0, 1),
    installer,
    memory,
    ended: (...args) => ended.push(args),
  });
  return { bundle: writer, given, place: () => place(), files, ended, memory };
}

/** 1 abc 1 0abc */
function answer(memory: ArrayBufferLike): Uint8Array {
  const bytes = new Uint8Array(memory);
  bytes.set(Buffer.concat([Buffer.from([1]), CONTENT.subarray(1), Buffer.from([1]), CONTENT]));
  return bytes;
}

test('an answer that arrived whole is installed from its buffer, which is not reused until then', async () => {
  const { bundle: asked, given, place } = bundle();
  const bytes = answer(new SharedArrayBuffer(9));
  let isFree = false;
  const written = asked.write(bytes).then(() => {
    isFree = true;
  });
  const finished = asked.finish();
  await new Promise((resolve) => setImmediate(resolve));
  expect([given[0]?.bytes === bytes, given[0]?.offsets, isFree]).toEqual([true, [1, 5], false]);
  place();
  expect(await finished).toBe(true);
  await written;
  expect(asked.delivery).toEqual({ rightBytes: 7, wastedBytes: 0, whole: true });
});

test.each([
  ['in memory that cannot be shared', [answer(new ArrayBuffer(9))]],
  [
    'in pieces',
    [answer(new SharedArrayBuffer(9)).subarray(0, 4), answer(new SharedArrayBuffer(9)).subarray(4)],
  ],
])('an answer %s is gathered: its memory is free at once, the gathered one after it', async (_, pieces) => {
  const { bundle: asked, given, place, memory } = bundle();
  for (const piece of pieces) {
    await asked.write(piece);
    piece.fill(0);
  }
  const finished = asked.finish();
  place();
  expect(await finished).toBe(true);
  expect(Buffer.from(given[0]?.bytes ?? []).subarray(0, 9)).toEqual(Buffer.from(answer(new ArrayBuffer(9))));
  expect(memory.acquire()).toBe(given[0]?.bytes);
});

test('memory is released also when the answer is abandoned or too short', async () => {
  const { bundle: asked, given } = bundle();
  const written = asked.write(answer(new SharedArrayBuffer(9)));
  asked.abandon();
  await written;
  expect(await asked.finish()).toBe(false);
  const { bundle: short } = bundle();
  await short.write(answer(new SharedArrayBuffer(9)).subarray(0, 8));
  expect(await short.finish()).toBe(false);
  expect(given).toEqual([]);
});

test('sixteen buffers are kept for reuse, and only ones of full length', () => {
  const memory = new BundleMemory();
  const used = Array.from({ length: 20 }, () => memory.acquire());
  memory.release(new Uint8Array(4));
  for (const buffer of used) memory.release(buffer);
  const next = Array.from({ length: 20 }, () => memory.acquire());
  expect(next.filter((buffer) => used.includes(buffer))).toHaveLength(16);
  // Room for the longest answer: all bytes of the files, and one more for each.
  expect(new Set(next.map(({ length }) => length))).toEqual(new Set([BUNDLE_BYTES_MAX + BUNDLE_FILES_MAX]));
});

test.each<[string, SmallVerdict[], object, [boolean, number | undefined]]>([
  ['corrupt', ['right', 'wrong'], { rightBytes: 3, wastedBytes: 4, whole: false }, [false, 1]],
  ['refused', ['right'], { rightBytes: 3, wastedBytes: 0, whole: false }, [false, undefined]],
])('a file that is %s is missing again, the other one stays', async (kind, verdicts, delivery, end) => {
  const { bundle: asked, place, files, ended } = bundle(verdicts);
  const bytes = answer(new SharedArrayBuffer(9));
  if (kind === 'refused') bytes.fill(0, 4);
  void asked.write(bytes);
  const finished = asked.finish();
  place();
  expect(await finished).toBe(kind === 'refused');
  expect(asked.delivery).toEqual(delivery);
  expect([files.stateOf(0), files.stateOf(1)]).toEqual([STATE.verified, STATE.wanted]);
  expect(ended).toEqual([end]);
});

test('of two answers with the same files one is installed, and neither source has refused anything', async () => {
  const { bundle: asked, given, place, files, ended } = bundle();
  for (const row of [0, 1]) files.setState(row, STATE.installing);
  void asked.write(answer(new SharedArrayBuffer(9)));
  const finished = asked.finish();
  place();
  expect(await finished).toBe(true);
  expect([given[0]?.offsets, ended]).toEqual([[], [[true, undefined]]]);
  expect(asked.delivery).toEqual({ rightBytes: 0, wastedBytes: 7, whole: false });
});
