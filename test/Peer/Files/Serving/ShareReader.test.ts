import { appendFileSync, closeSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { chmod, rename, utimes, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type FileState, fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { openShared } from '../../../../Peer/Files/Disk/OpenShared.ts';
import { ShareReader } from '../../../../Peer/Files/Serving/ShareReader.ts';
import { hashBytes } from '../../../../Protocol/FileId.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

/** Larger than the files that are read synchronously. */
const LARGE = 70_000;

/** A reader of a real folder, with an index of the states its files were hashed in. */
async function sharedFolder() {
  const folder = await TempFolder.forTest();
  const clock = new SimulatedClock();
  const states = new Map<string, FileState>();
  const calls = { opened: 0, stale: [] as string[], touched: [] as string[] };
  const reader = new ShareReader({
    open: (path) => {
      calls.opened++;
      return openShared(folder.path, path);
    },
    absolute: (path) => folder.at(path),
    clock,
    index: {
      stateOf: (path) => states.get(path),
      invalidate: (path) => calls.stale.push(path),
      metadataChanged: (path) => calls.touched.push(path),
    },
  });
  onTestFinished(() => reader.close());
  const hashed = (path: string) => states.set(path, fileState(lstatSync(folder.at(path), { bigint: true })));
  const share = async (path: string, content: Buffer) => {
    await folder.write(path, content);
    hashed(path);
  };
  const openFiles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder.path);
      } catch {
        return false;
      }
    }).length;
  return { folder, clock, reader, calls, share, hashed, openFiles };
}

const noProof = () => {
  throw new Error('no proof expected');
};

test.each([100, LARGE])('a file of %i bytes is read; one that is not shared is not', async (size) => {
  const { reader, share } = await sharedFolder();
  await share('a', Buffer.alloc(size, 7));
  const into = Buffer.alloc(50);
  await reader.read('a', size - 50, into, noProof);
  expect(into).toEqual(Buffer.alloc(50, 7));
  await expect(reader.read('b', 0, into, noProof)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each([100, LARGE])(
  'a file of %i bytes that was changed is refused and marked as stale',
  async (size) => {
    const { folder, reader, share, calls } = await sharedFolder();
    await share('a', Buffer.alloc(size, 7));
    await writeFile(folder.at('a'), Buffer.alloc(size, 8));
    await expect(reader.read('a', 0, Buffer.alloc(50), noProof)).rejects.toMatchObject({
      code: 'FILE_CHANGED',
    });
    expect(calls.stale).toEqual(['a']);
  },
);

test('a large file that changes during the read is refused', async () => {
  const { folder, reader, share, calls } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE, 7));
  const reading = reader.read('a', 0, Buffer.alloc(50), noProof);
  appendFileSync(folder.at('a'), 'x');
  await expect(reading).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  expect(calls.stale).toEqual(['a']);
});

test('a file that is gone is refused as changed', async () => {
  const { folder, reader, share, calls } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE));
  await rename(folder.at('a'), folder.at('b'));
  await expect(reader.read('a', 0, Buffer.alloc(50), noProof)).rejects.toMatchObject({
    code: 'FILE_CHANGED',
  });
  expect(calls.stale).toEqual(['a']);
});

test('a file that was replaced and hashed again is opened once more', async () => {
  const { folder, reader, share, calls } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE, 1));
  await reader.read('a', 0, Buffer.alloc(50), noProof);
  await folder.write('new', Buffer.alloc(LARGE, 2));
  await rename(folder.at('new'), folder.at('a'));
  await share('a', Buffer.alloc(LARGE, 2));
  const into = Buffer.alloc(50);
  await reader.read('a', 0, into, noProof);
  expect([into[0], calls.opened]).toEqual([2, 2]);
});

test('after new permissions each chunk is served once it is proven, and a wrong one is not', async () => {
  const { folder, reader, share, calls } = await sharedFolder();
  const content = Buffer.alloc(LARGE, 7);
  await share('a', content);
  await chmod(folder.at('a'), 0o600);
  let proofs = 0;
  const proof = (hash: string) => () => {
    proofs++;
    return { position: 0, bytes: LARGE, hash: hash as never };
  };
  const read = (hash: string) => reader.read('a', 0, Buffer.alloc(50), proof(hash));
  await expect(read('0'.repeat(64))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  await read(hashBytes(content));
  expect(calls.touched.length).toBeGreaterThan(0);
  expect(proofs).toBeGreaterThan(0);
  // A write that sets the mtime back is no change of the content key, but the proof fails.
  const { atime, mtime } = lstatSync(folder.at('a'));
  await writeFile(folder.at('a'), Buffer.alloc(LARGE, 8));
  await utimes(folder.at('a'), atime, mtime);
  await expect(read(hashBytes(content))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
});

test('at most 64 files stay open, and idle ones are closed after 30 s', async () => {
  const { clock, reader, share, openFiles } = await sharedFolder();
  for (let index = 0; index < 70; index++) {
    await share(`f${index}`, Buffer.alloc(LARGE));
    await reader.read(`f${index}`, 0, Buffer.alloc(10), noProof);
  }
  expect(openFiles()).toBe(64);
  clock.advance(29_999);
  await reader.read('f69', 0, Buffer.alloc(10), noProof);
  clock.advance(1);
  expect(openFiles()).toBe(1);
  clock.advance(60_000);
  expect(openFiles()).toBe(0);
});

test('closing closes every file and refuses later reads', async () => {
  const { reader, share, openFiles, clock } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE));
  await share('small', Buffer.alloc(10));
  await reader.read('a', 0, Buffer.alloc(10), noProof);
  const late = reader.read('a', 0, Buffer.alloc(10), noProof);
  reader.close();
  await late;
  expect([openFiles(), clock.pending]).toEqual([0, 0]);
  await expect(reader.read('a', 0, Buffer.alloc(10), noProof)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(reader.readNow('small', 0, Buffer.alloc(10))).toBe(false);
});

test('only small files that are unchanged are read synchronously', async () => {
  const { folder, reader, share } = await sharedFolder();
  await share('small', Buffer.alloc(65_536, 3));
  await share('large', Buffer.alloc(65_537, 3));
  const into = Buffer.alloc(10);
  expect(reader.readNow('small', 65_526, into)).toBe(true);
  expect(into).toEqual(Buffer.alloc(10, 3));
  expect(reader.readNow('large', 0, into)).toBe(false);
  expect(reader.readNow('unknown', 0, into)).toBe(false);
  await writeFile(folder.at('small'), Buffer.alloc(65_536, 4));
  expect(reader.readNow('small', 0, into)).toBe(false);
  await rename(folder.at('small'), folder.at('away'));
  expect(reader.readNow('small', 0, into)).toBe(false);
});

test('a large unchanged file is lent: it stays open until it is given back, also when the reader closes', async () => {
  const { reader, share, openFiles, calls } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE, 7));
  const [loan, other] = [reader.lend('a', 5), reader.lend('a', 9)];
  expect([loan?.position, other?.position, loan?.descriptor === other?.descriptor]).toEqual([5, 9, true]);
  reader.close();
  expect(openFiles()).toBe(1);
  loan?.giveBack();
  expect(openFiles()).toBe(1);
  other?.giveBack();
  expect([openFiles(), calls.stale, calls.touched]).toEqual([0, [], []]);
  expect(reader.lend('a', 0)).toBeUndefined();
});

test('a small, changed, touched, missing or unknown file is not lent', async () => {
  const { folder, reader, share } = await sharedFolder();
  for (const path of ['small', 'changed', 'touched', 'missing'])
    await share(path, Buffer.alloc(path === 'small' ? 100 : LARGE, 7));
  await writeFile(folder.at('changed'), Buffer.alloc(LARGE, 8));
  await chmod(folder.at('touched'), 0o600);
  await rename(folder.at('missing'), folder.at('elsewhere'));
  for (const path of ['small', 'changed', 'touched', 'missing', 'unknown'])
    expect(reader.lend(path, 0)).toBeUndefined();
});

test.each([
  ['changed', 'stale', (path: string) => writeFile(path, Buffer.alloc(LARGE, 8))],
  ['touched', 'touched', (path: string) => chmod(path, 0o600)],
] as const)('a file that is %s while it is lent is told of when it comes back', async (_, list, change) => {
  const { folder, reader, share, calls, openFiles } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE, 7));
  const loan = reader.lend('a', 0);
  await change(folder.at('a'));
  expect(calls[list]).toEqual([]);
  loan?.giveBack();
  expect([calls[list], openFiles()]).toEqual([['a'], 0]);
});

test('another content that is hashed during a read is not sent as the former one', async () => {
  const { folder, reader, share, hashed } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE, 7));
  await chmod(folder.at('a'), 0o600);
  const former = () => {
    hashed('a'); // The index has the new content before the chunk was read.
    return { position: 0, bytes: LARGE, hash: hashBytes(Buffer.alloc(LARGE, 6)) };
  };
  await expect(reader.read('a', 0, Buffer.alloc(50), former)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
});

/** A descriptor that was closed fails like one of a disk that was unplugged: with every call, and with its closing. */
test('a file whose disk is gone is given back, withdrawn and let go without an error', async () => {
  const { reader, share, calls } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE));
  const loan = reader.lend('a', 0);
  closeSync(loan?.descriptor ?? -1);
  loan?.giveBack();
  expect(calls.stale).toEqual(['a']);
});

test('idle files of a disk that is gone are let go without an error', async () => {
  const { clock, reader, share, calls } = await sharedFolder();
  await share('a', Buffer.alloc(LARGE));
  const loan = reader.lend('a', 0);
  loan?.giveBack();
  closeSync(loan?.descriptor ?? -1);
  clock.advance(60_000);
  reader.lend('a', 0)?.giveBack();
  expect(calls.opened).toBe(2);
});
