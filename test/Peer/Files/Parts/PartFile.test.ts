import { expect, test } from 'vitest';
import type { DiskFile } from '../../../../Peer/Files/Disk/Disk.ts';
import { PartFile } from '../../../../Peer/Files/Parts/PartFile.ts';
import { encodeJournalStart, readJournal } from '../../../../Peer/Files/Parts/ResumeJournal.ts';
import { SyncQueue } from '../../../../Peer/Files/Parts/SyncQueue.ts';
import { SYNC_MS } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { chunkBytes, madeFile, settle, writeChunk } from './parts.ts';

const { content, description } = madeFile(3 * 1_024 * 1_024 + 5);

/** Intercepts one operation: passes it on, delays it, or lets it fail. */
type Interceptor = (operation: string, work: () => Promise<void>) => Promise<void>;

/** A part whose disk operations pass through `intercept`, with a log of them. */
async function interceptedPart() {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const clock = new SimulatedClock();
  disk.putFolder('/temp');
  const log: string[] = [];
  const hooks: { intercept: Interceptor; canSync: boolean } = {
    intercept: (_, work) => work(),
    canSync: true,
  };
  const wrap = (name: string, file: DiskFile): DiskFile => {
    const sync = async (operation: string) => {
      await run(operation, async () => void (await file.datasync()));
      return hooks.canSync;
    };
    const run = (operation: string, work: () => Promise<void>) => {
      log.push(`${name} ${operation}`);
      return hooks.intercept(`${name} ${operation}`, work);
    };
    return {
      write: (bytes, position) => run('write', () => file.write(bytes, position)),
      read: (into, position) => file.read(into, position),
      setAttributes: (attributes) => file.setAttributes(attributes),
      truncate: (length) => file.truncate(length),
      datasync: () => sync('datasync'),
      sync: () => sync('sync'),
      state: () => file.state(),
      descriptor: () => 42,
      links: () => file.links(),
      close: () => {
        log.push(`${name} close`);
        file.close();
      },
    };
  };
  const journal = disk.create('/temp/journal');
  const start = encodeJournalStart(description, 'a');
  await journal.write(start, 0);
  let closed = 0;
  const part = new PartFile({
    disk,
    clock,
    syncs: new SyncQueue(),
    description,
    path: 'a',
    folder: '/temp',
    partPath: '/temp/part',
    journalPath: '/temp/journal',
    data: wrap('data', disk.create('/temp/part')),
    journal: wrap('journal', journal),
    journalBytes: start.length,
    records: 0,
    verified: [],
    attributes: {},
    install: async () => {
      log.push('install');
      return '/share/a';
    },
    onVerified: () => {},
    onClosed: () => closed++,
  });
  const readBack = () => readJournal(disk.peek('/temp/journal') ?? Buffer.alloc(0));
  return { part, clock, disk, log, hooks, readBack, closed: () => closed };
}

/** Releases the held operation, and returns its promise. */
function held() {
  let release: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { wait, release };
}

const failure = () => Object.assign(new Error('EIO'), { code: 'EIO' });

test('data is synced before its mark is written, and the mark is synced too', async () => {
  const { part, clock, log } = await interceptedPart();
  await writeChunk(part, content, 0);
  log.length = 0;
  clock.advance(SYNC_MS);
  await settle();
  expect(log).toEqual(['data datasync', 'journal write', 'journal datasync']);
});

test('a record that arrives while a sync fails never leads to a mark', async () => {
  const { part, clock, hooks, readBack } = await interceptedPart();
  await writeChunk(part, content, 0);
  const sync = held();
  const record = held();
  hooks.intercept = async (operation, work) => {
    if (operation === 'data datasync') {
      await sync.wait;
      throw failure();
    }
    if (operation === 'journal write') await record.wait;
    return work();
  };
  clock.advance(SYNC_MS);
  const written = writeChunk(part, content, 1);
  await settle();
  sync.release();
  await settle();
  // Later syncs succeed: the kernel reports lost pages once.
  hooks.intercept = (_, work) => work();
  record.release();
  expect(await written).toBe(true);
  clock.advance(SYNC_MS);
  await settle();
  await part.close();
  expect(readBack()).toMatchObject({ durable: [], unsure: [0, 1] });
});

test('a record that could not be written is not counted in the next mark', async () => {
  const { part, clock, hooks, readBack } = await interceptedPart();
  hooks.intercept = async (operation, work) => {
    if (operation === 'journal write') throw failure();
    return work();
  };
  await expect(writeChunk(part, content, 0)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(part.verified.has(0)).toBe(false);
  hooks.intercept = (_, work) => work();
  await writeChunk(part, content, 1);
  clock.advance(SYNC_MS);
  await settle();
  await writeChunk(part, content, 2);
  expect(readBack()).toMatchObject({ durable: [1], unsure: [2], records: 2 });
});

test('a chunk of which one write failed is not recorded, even if all its bytes hash right', async () => {
  const { part, hooks, readBack } = await interceptedPart();
  let writes = 0;
  hooks.intercept = async (operation, work) => {
    if (operation === 'data write' && writes++ === 0) throw failure();
    return work();
  };
  const bytes = chunkBytes(content, description.layout, 0);
  const writer = part.writer(0);
  const first = writer.write(bytes.subarray(0, 10));
  const second = writer.write(bytes.subarray(10));
  await Promise.allSettled([first, second]);
  await expect(writer.finish()).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(part.verified.has(0)).toBe(false);
  expect(readBack()).toMatchObject({ durable: [], unsure: [] });
});

test('finishing syncs the file before it is installed, and refuses while a chunk is missing', async () => {
  const { part, log, disk, closed } = await interceptedPart();
  for (const chunk of [0, 1, 2]) await writeChunk(part, content, chunk);
  await expect(part.finish()).rejects.toThrow('before every chunk was verified');
  await writeChunk(part, content, 3);
  log.length = 0;
  expect(await part.finish()).toBe('/share/a');
  expect(log).toEqual(['data sync', 'install', 'data close', 'journal close']);
  expect(disk.kindOf('/temp/journal')).toBeUndefined();
  expect(closed()).toBe(1);
});

test('a discarded part is not synced, and a fault while it is deleted is reported', async () => {
  const { part, log, disk } = await interceptedPart();
  await writeChunk(part, content, 0);
  log.length = 0;
  disk.failAt(1, 'EIO');
  await expect(part.discard()).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(log).toEqual(['data close', 'journal close']);
});

test('a failed sync at the end installs nothing, now or later, and leads to no mark', async () => {
  const { part, log, hooks, readBack } = await interceptedPart();
  for (const chunk of [0, 1, 2, 3]) await writeChunk(part, content, chunk);
  hooks.intercept = async (operation, work) => {
    if (operation === 'data sync') throw failure();
    return work();
  };
  await expect(part.finish()).rejects.toMatchObject({ code: 'DISK_FAILED' });
  hooks.intercept = (_, work) => work();
  await expect(part.finish()).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(log).not.toContain('install');
  await part.close();
  expect(readBack()).toMatchObject({ durable: [], unsure: [0, 1, 2, 3] });
});

test('without sync in the file system no chunk is marked as durable, and the file is installed', async () => {
  const { part, clock, hooks, readBack } = await interceptedPart();
  hooks.canSync = false;
  await writeChunk(part, content, 0);
  clock.advance(SYNC_MS);
  await settle();
  expect(readBack()).toMatchObject({ durable: [], unsure: [0] });
  for (const chunk of [1, 2, 3]) await writeChunk(part, content, chunk);
  expect(await part.finish()).toBe('/share/a');
});

test('closing waits for writes under way and syncs them; afterwards nothing is written or read', async () => {
  const { part, log, hooks, readBack, closed } = await interceptedPart();
  const write = held();
  hooks.intercept = async (operation, work) => {
    if (operation === 'journal write') await write.wait;
    return work();
  };
  const written = writeChunk(part, content, 0);
  await settle();
  const over = part.close();
  await settle();
  expect(log).not.toContain('journal close');
  write.release();
  await Promise.all([written, over]);
  expect(readBack()).toMatchObject({ durable: [0] });
  expect(log.slice(-2)).toEqual(['data close', 'journal close']);
  await part.close();
  expect(closed()).toBe(1);
  await expect(part.read(0, 0, Buffer.alloc(1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(part.writer(1).write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'CLOSED' });
});

test('a part file that is shorter than its journal says is reported, not served', async () => {
  const { part, disk } = await interceptedPart();
  await writeChunk(part, content, 1);
  await disk.open('/temp/part').truncate(10);
  await expect(part.read(1, 0, Buffer.alloc(10))).rejects.toMatchObject({ code: 'PART_FILE_GONE' });
});

test('a chunk can be written and recorded twice without harm', async () => {
  const { part, readBack } = await interceptedPart();
  await writeChunk(part, content, 0);
  expect(await writeChunk(part, content, 0)).toBe(true);
  await part.close();
  expect(readBack()).toMatchObject({ durable: [0], records: 1 });
});

test('the folder of the part is synced once', async () => {
  const { part, clock, disk } = await interceptedPart();
  let folderSyncs = 0;
  const { syncFolder } = disk;
  disk.syncFolder = async () => {
    folderSyncs++;
    await syncFolder.call(disk);
  };
  for (const chunk of [0, 1]) {
    await writeChunk(part, content, chunk);
    clock.advance(SYNC_MS);
    await settle();
  }
  expect(folderSyncs).toBe(1);
});

test('finishing waits for a running sync, and installs nothing when it fails', async () => {
  const { part, clock, log, hooks } = await interceptedPart();
  for (const chunk of [0, 1, 2, 3]) await writeChunk(part, content, chunk);
  const sync = held();
  hooks.intercept = async (operation, work) => {
    if (operation !== 'data datasync') return work();
    await sync.wait;
    throw failure();
  };
  clock.advance(SYNC_MS);
  const finished = part.finish();
  finished.catch(() => {});
  await settle();
  expect(log).not.toContain('install');
  sync.release();
  await expect(finished).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(log).not.toContain('install');
});

test('a part lends its file for verified chunks only, and no longer once it is closed', async () => {
  const MIB = 1_024 * 1_024;
  const { part } = await interceptedPart();
  await writeChunk(part, content, 0);
  await writeChunk(part, content, 1);
  expect(part.lend(0, 10, MIB - 10)).toMatchObject({ descriptor: 42, position: 10 });
  expect(part.lend(0, 10, 2 * MIB - 10)).toMatchObject({ position: 10 });
  expect(part.lend(1, 0, MIB)).toMatchObject({ position: MIB });
  expect(part.lend(0, 10, 2 * MIB)).toBeUndefined();
  expect(part.lend(2, 0, 1)).toBeUndefined();
  expect(part.lend(3, 0, 5 + MIB)).toBeUndefined();
  await part.close();
  expect(part.lend(0, 0, 1)).toBeUndefined();
});
