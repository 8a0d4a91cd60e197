import { expect, test } from 'vitest';
import type { DropSender } from '../../../../Peer/DownloadManager.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { Desk } from '../Desk.ts';

const CLIENT = { peerId: undefined, name: '10.0.0.7', address: { host: '10.0.0.7', port: 50_000 } };
const sender = (): DropSender & { isGone: boolean } => ({
  isGone: false,
  gone() {
    this.isGone = true;
  },
});

/** A download manager that receives files into memory. */
function receiving(size = 10, options: { maxDownloads?: number; sender?: string | undefined } = {}) {
  const desk = new Desk(1, options);
  const disk = { fault: undefined as ShoalError | undefined, discarded: 0, bytes: '' };
  const storage = {
    receive: async (path: string) => {
      if (disk.fault !== undefined) throw disk.fault;
      disk.bytes = '';
      return {
        size,
        get bytes() {
          return disk.bytes.length;
        },
        write: async (piece: Uint8Array) => {
          if (disk.fault !== undefined) throw disk.fault;
          disk.bytes += Buffer.from(piece).toString();
        },
        finish: async () => ({ path, absolute: `/share/${path}`, fileId: 'a'.repeat(64) as FileId }),
        discard: () => void disk.discarded++,
      };
    },
  };
  const { number, task } = desk.downloads.receive({
    storage,
    path: 'a.bin',
    size,
    attributes: {},
    identity: { key: 'a', fresh: false },
    client: CLIENT,
    sender: 'sender' in options ? options.sender : CLIENT.address.host,
    take: () => undefined,
    limit: () => undefined,
  });
  const status = () => desk.downloads.find(String(number));
  return { ...desk, desk, disk, number, task, status, clock: desk.clock, downloads: desk.downloads };
}

test('bytes of a client become a download that is done', async () => {
  const { task, status, clock } = receiving();
  const phone = sender();
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('01234')));
  expect(status()).toMatchObject({ state: 'fetching', bytes: 5, size: 10, filesDone: 0, files: 1 });
  expect(status().sources).toMatchObject([{ state: 'active', peer: CLIENT }]);
  await clock.settle(task.write(phone, Buffer.from('56789')));
  expect(await clock.settle(task.whole())).toMatchObject({ path: 'a.bin' });
  await clock.advanceAsync(1);
  expect(status()).toMatchObject({ state: 'done', bytes: 10, filesDone: 1, finalPath: '/share/a.bin' });
});

test('a client that is gone for 20 s fails the download, which resumes when the rest is sent', async () => {
  const { task, status, clock, downloads, number } = receiving();
  const phone = sender();
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('01234')));
  task.detach(phone);
  await clock.advanceAsync(19_000);
  expect(status()).toMatchObject({ state: 'searching', cause: { code: 'peer-away' }, bytes: 5 });
  await clock.advanceAsync(2_000);
  expect(status()).toMatchObject({ state: 'failed', error: { code: 'UNREACHABLE' }, bytes: 5 });
  void downloads.resume(number);
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('56789')));
  await clock.settle(task.whole());
});

test('a second request takes over; bytes of the first one are refused', async () => {
  const { task, clock, disk } = receiving();
  const [first, second] = [sender(), sender()];
  await task.attach(first);
  await clock.settle(task.write(first, Buffer.from('01234')));
  await task.attach(second);
  expect(first.isGone).toBe(true);
  await expect(task.write(first, Buffer.from('xxxxx'))).rejects.toMatchObject({ code: 'LOCAL_CONFLICT' });
  task.detach(first);
  await clock.settle(task.write(second, Buffer.from('56789')));
  expect(disk.bytes).toBe('0123456789');
});

test('a paused drop takes nothing and keeps its bytes', async () => {
  const { task, clock, downloads, number, status } = receiving();
  const phone = sender();
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('01234')));
  await clock.settle(downloads.pause(number));
  await expect(clock.settle(task.write(phone, Buffer.from('5')))).rejects.toMatchObject({ code: 'BUSY' });
  await clock.settle(downloads.resume(number));
  await clock.settle(task.write(phone, Buffer.from('56789')));
  await clock.settle(task.whole());
  expect(status().bytes).toBe(10);
});

test('cancelling deletes the bytes, ends the request, and refuses further bytes', async () => {
  const { task, clock, downloads, number, disk } = receiving();
  const phone = sender();
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('01234')));
  await clock.settle(downloads.cancel(number));
  expect([disk.discarded, phone.isGone]).toEqual([1, true]);
  await expect(clock.settle(task.write(phone, Buffer.from('5')))).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});

test('a full disk pauses it and is reported to the client; the same bytes are taken later', async () => {
  const { task, clock, disk, status } = receiving();
  const phone = sender();
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('01234')));
  disk.fault = new ShoalError('DISK_FULL', 'the disk is full');
  await expect(clock.settle(task.write(phone, Buffer.from('56789')))).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
  task.detach(phone);
  await clock.advanceAsync(1);
  expect(status()).toMatchObject({ state: 'paused', cause: { code: 'disk-full' }, bytes: 5 });
  await expect(clock.settle(task.whole())).rejects.toMatchObject({ code: 'DISK_FULL' });
  disk.fault = undefined;
  await clock.advanceAsync(30_000);
  await task.attach(phone);
  await clock.settle(task.write(phone, Buffer.from('56789')));
  expect(disk.bytes).toBe('0123456789');
});

test('a client waits for a place among the pushed downloads', async () => {
  const desk = receiving();
  const others = Array.from({ length: 4 }, () =>
    desk.downloads.receive({
      storage: { receive: async () => Promise.reject(new Error('not reached')) },
      path: 'b',
      size: 1,
      attributes: {},
      identity: { key: 'a', fresh: false },
      client: CLIENT,
      sender: CLIENT.address.host,
      take: () => undefined,
      limit: () => undefined,
    }),
  );
  expect(desk.downloads.list().map(({ state }) => state)).toEqual([...Array(4).fill('searching'), 'waiting']);
  expect(others[3]?.number).toBe(5);
});

test('the download limit delays the bytes of a client', async () => {
  const { desk, clock } = receiving();
  let go = () => {};
  const { task } = desk.downloads.receive({
    storage: { receive: async () => Promise.reject(new ShoalError('DISK_FAILED', 'no')) },
    path: 'b',
    size: 1,
    attributes: {},
    identity: { key: 'a', fresh: false },
    client: CLIENT,
    sender: undefined,
    take: () => new Promise<void>((resolve) => (go = resolve)),
    limit: () => 1_000,
  });
  const phone = sender();
  await task.attach(phone);
  let ended = false;
  const writing = task.write(phone, Buffer.from('0')).catch(() => (ended = true));
  await clock.advanceAsync(10);
  expect(ended).toBe(false);
  go();
  await writing;
  expect(ended).toBe(true);
});
