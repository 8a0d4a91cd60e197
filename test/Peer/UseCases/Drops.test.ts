import { expect, test } from 'vitest';
import type { FileAttributes } from '../../../Peer/Model.ts';
import type { DropRequest } from '../../../Peer/ShareModel.ts';
import type { DropIdentity, PlacedFile } from '../../../Peer/Storage.ts';
import { Drops } from '../../../Peer/UseCases/Drops.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { Desk } from '../Downloads/Desk.ts';

const HOUR_MS = 3_600_000;
const patient = new AbortController().signal;

function requestOf(change: Partial<DropRequest> = {}): DropRequest {
  const client = { host: '10.0.0.7', port: 50_000 };
  return { client, path: 'a', size: 4, attributes: {}, key: '', byOwner: false, fresh: false, ...change };
}

/** Drops with files in memory; the test decides about consent. */
function drops(consent: () => Promise<void> = async () => {}, left: string[] = [], takesStrangers = true) {
  const desk = new Desk();
  const asked: string[] = [];
  const discarded: string[] = [];
  let free = 1_000;
  const files = {
    requireFreeSpace: async (bytes: number) => {
      if (bytes > free) throw new ShoalError('DISK_FULL', 'full');
    },
    isLeft: ({ key }: DropIdentity) => left.includes(key),
    receive: async (path: string, size: number, _: FileAttributes, { key, fresh }: DropIdentity) => {
      const file = {
        size,
        bytes: left.includes(key) && !fresh ? 2 : 0,
        write: async (piece: Uint8Array) => {
          file.bytes += piece.length;
        },
        finish: async (): Promise<PlacedFile> => ({ path, absolute: path, fileId: 'a'.repeat(64) as FileId }),
        discard: () => void discarded.push(path),
      };
      return file;
    },
  };
  const made = new Drops({
    network: {
      limits: { inflow: () => ({ take: () => undefined, close: () => {} }) },
      limitFor: () => undefined,
    } as never,
    files: files as never,
    downloads: desk.downloads,
    pushes: {
      takesStrangers,
      consent: async (_client, { path }) => {
        asked.push(path);
        await consent();
      },
    },
    clock: desk.clock,
    tell: () => {},
  });
  const open = (change: Partial<DropRequest> = {}) =>
    desk.clock.settle(made.open(requestOf(change), () => {}, patient));
  const fill = (bytes: number) => {
    free = bytes;
  };
  return { ...desk, clock: desk.clock, downloads: desk.downloads, made, open, asked, discarded, fill };
}

test('an interrupted drop resumes without a second question, and is completed by its rest', async () => {
  const { open, asked, clock } = drops();
  const first = await open();
  await clock.settle(first.write(Buffer.from('01')));
  first.leave();
  const again = await open();
  expect([asked, again.bytes]).toEqual([['a'], 2]);
  await clock.settle(again.write(Buffer.from('23')));
  expect(await clock.settle(again.whole())).toMatchObject({ path: 'a' });
  const answered = await open(); // The answer was lost: the file is not sent twice.
  expect([answered.bytes, asked]).toEqual([4, ['a']]);
});

test('256 drops in the share are remembered; the oldest is evicted', async () => {
  const { open, asked, clock } = drops();
  for (let n = 0; n < 257; n++) {
    const drop = await open({ path: `f${n}` });
    await clock.settle(drop.write(Buffer.from('0123')));
    await clock.settle(drop.whole());
  }
  await open({ path: 'next' });
  expect(asked).toHaveLength(258);
  expect([(await open({ path: 'f1' })).bytes, asked.length]).toEqual([4, 258]);
  expect([(await open({ path: 'f0' })).bytes, asked.length]).toEqual([0, 259]);
});

test.each([
  ['host', { client: { host: '10.0.0.8', port: 50_000 } }],
  ['path', { path: 'b' }],
  ['size', { size: 5 }],
  ['time', { key: 'Fri, 02 Jan 2026 03:04:05 GMT' }],
])('another %s is another drop', async (_what, change) => {
  const { open, clock, asked } = drops();
  const first = await open();
  await clock.settle(first.write(Buffer.from('01')));
  expect((await open(change)).bytes).toBe(0);
  expect(asked).toHaveLength(2);
});

test('a client that starts anew gets an empty file, without a second question', async () => {
  const { open, clock, asked, discarded } = drops();
  const first = await open();
  await clock.settle(first.write(Buffer.from('01')));
  const again = await open({ fresh: true });
  expect([again.bytes, asked, discarded]).toEqual([0, ['a'], ['a']]);
});

test('a drop of the owner needs no consent; a full disk is reported before the question', async () => {
  const { open, asked, fill } = drops();
  await open({ byOwner: true });
  fill(3);
  await expect(open({ path: 'b' })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(asked).toEqual([]);
});

test('a refused drop leaves no bytes', async () => {
  const { open, downloads } = drops(async () => {
    throw new ShoalError('REFUSED', 'no');
  });
  await expect(open()).rejects.toMatchObject({ code: 'REFUSED' });
  expect(downloads.list()).toEqual([]);
});

test('one host sends 8 files at once, all together 64', async () => {
  const { open } = drops();
  for (let n = 0; n < 8; n++) await open({ path: `${n}` });
  await expect(open({ path: '8' })).rejects.toMatchObject({ code: 'BUSY' });
  for (let n = 8; n < 64; n++) await open({ client: { host: `10.0.1.${n >> 3}`, port: 1 }, path: `${n}` });
  await expect(open({ client: { host: '10.0.2.1', port: 1 } })).rejects.toMatchObject({ code: 'BUSY' });
});

test('requests of one host at the same moment exceed no bound, and one file has one drop', async () => {
  const { made, clock, downloads, open } = drops();
  const many = Array.from({ length: 12 }, (_, n) =>
    made.open(requestOf({ path: `${n}` }), () => {}, patient),
  );
  const outcomes = await clock.settle(Promise.allSettled(many));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
  expect(downloads.list()).toHaveLength(8);
  await open({ path: '0', fresh: true }); // Replaces the earlier one.
  const client = { host: '10.0.0.8', port: 50_000 };
  const twice = [0, 1].map(() => made.open(requestOf({ client, byOwner: true }), () => {}, patient));
  await clock.settle(Promise.all(twice));
  expect(downloads.list().filter(({ state }) => state !== 'cancelled')).toHaveLength(9);
});

test('bytes of an interrupted drop are deleted after an hour', async () => {
  const { open, clock, discarded, downloads } = drops();
  const first = await open();
  await clock.settle(first.write(Buffer.from('01')));
  first.leave();
  await clock.advanceAsync(HOUR_MS - 60_000);
  expect([discarded, downloads.list()[0]?.state]).toEqual([[], 'failed']);
  await clock.advanceAsync(120_000);
  expect([discarded, downloads.list()[0]?.state]).toEqual([['a'], 'cancelled']);
});

/** Key of `requestOf()`. */
const LEFT = ['10.0.0.7', 'a', '4', ''].join('\n');

test('a drop of an earlier run resumes without a second question, if strangers may offer files', async () => {
  const { open, asked, clock } = drops(undefined, [LEFT]);
  const drop = await open();
  expect([asked, drop.bytes]).toEqual([[], 2]);
  await clock.settle(drop.write(Buffer.from('23')));
  expect(await clock.settle(drop.whole())).toMatchObject({ path: 'a' });
  const strict = drops(undefined, [LEFT], false);
  await strict.open();
  expect(strict.asked).toEqual(['a']);
});

test('a client that starts a drop of an earlier run anew gets an empty file', async () => {
  const { open, asked } = drops(undefined, [LEFT]);
  expect([(await open({ fresh: true })).bytes, asked]).toEqual([0, []]);
});

test('a second request during the question replaces the first', async () => {
  let accept = () => {};
  const { made, asked, clock } = drops(() => new Promise((resolve) => (accept = resolve)));
  const first = made.open(requestOf(), () => {}, patient);
  await clock.flush();
  const second = made.open(requestOf(), () => {}, patient);
  await clock.flush();
  accept();
  expect((await clock.settle(second)).bytes).toBe(0);
  expect(asked).toEqual(['a', 'a']);
  void first;
});

test('an impossible size is refused', async () => {
  const { open } = drops();
  await expect(open({ size: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({ code: 'USAGE' });
});
