import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { dial, listen } from '../../../../../Peer/Network/Links/Accepting/StreamSockets.ts';
import { tlsTransport } from '../../../../../Peer/Network/Links/Accepting/TlsSockets.ts';
import { PeerLinks } from '../../../../../Peer/Network/Links/PeerLinks.ts';
import { certificateOf } from '../../../../../Peer/State/Certificate.ts';
import { peerIdOf } from '../../../../../Protocol/PeerKey.ts';
import { silentLog } from '../../../../../Shared/Log.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { systemClock } from '../../../../../Shared/Time/Clock.ts';
import { collect, instanceOf, listAt, openAt, patient, requestAll, watcher } from '../../links.ts';
import { MemoryPart, MemoryShare } from '../../MemoryShare.ts';

async function realNode(number: number, port = 0) {
  const { privateKey } = generateKeyPairSync('ed25519');
  const peerId = peerIdOf(privateKey);
  const share = new MemoryShare();
  const links = new PeerLinks({
    self: { peerId, instanceId: instanceOf(number), name: `peer ${number}`, port },
    provider: share,
    dial,
    secure: tlsTransport({
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      cert: certificateOf(privateKey),
    }),
    listen,
    clock: systemClock,
    random: Math.random,
    randomBytes,
    log: silentLog,
  });
  onTestFinished(() => links.close());
  await links.start({ port });
  const address = { host: '127.0.0.1', port: links.local.port };
  return { links, share, contact: { peerId, name: '', address } };
}

test('64 MiB over real sockets, byte for byte', async () => {
  const [seeder, leecher] = [await realNode(1), await realNode(2)];
  expect(seeder.links.local.port).toBeGreaterThanOrEqual(9_000);
  expect(seeder.links.local.port).toBeLessThanOrEqual(9_999);
  const bytes = randomBytes(64 * 1_048_576 - 1_234);
  const { fileId } = seeder.share.add('film', bytes);
  expect(await collect(listAt(leecher.links, seeder.contact, ''))).toHaveLength(1);
  const source = await openAt(leecher.links, seeder.contact, fileId, watcher().events, patient);
  const description = await source.describe(patient);
  const part = new MemoryPart(description);
  const outcomes = await requestAll(source, description, part);
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['verified']));
  expect(part.bytes.equals(bytes)).toBe(true);
});

test('small files over real sockets, many at once', async () => {
  const [seeder, leecher] = [await realNode(1), await realNode(2)];
  const files = Array.from({ length: 500 }, (_, index) =>
    seeder.share.add(`${index}`, randomBytes(1 + index * 7)),
  );
  const kinds = await Promise.all(
    files.map(async (description) => {
      const { fileId, layout } = description;
      const source = await openAt(
        leecher.links,
        seeder.contact,
        fileId,
        watcher().events,
        patient,
        'complete',
      );
      return (await source.request(0, layout.size, new MemoryPart(description).writer(0))).kind;
    }),
  );
  expect(kinds.every((kind) => kind === 'verified')).toBe(true);
});

test('a taken port is PORT_IN_USE, with the next one as the hint', async () => {
  const { links } = await realNode(1);
  const { port } = links.local;
  await expect(realNode(2, port)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    hint: expect.stringContaining(`${port + 1}`),
  });
});

test('a dial without a listener is UNREACHABLE, an aborted one CANCELLED', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  await new Promise((resolve) => server.close(resolve));
  const nothing = { closed: () => {} };
  await expect(dial({ host: '127.0.0.1', port }, nothing)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  const abort = new AbortController();
  const dialled = dial({ host: '127.0.0.1', port }, nothing, { signal: abort.signal });
  abort.abort();
  await expect(dialled).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(dial({ host: '127.0.0.1', port }, nothing, { signal: abort.signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});

test.each(['the other side', 'this side'])(
  'an accepted stream reads into memory of its owner after its first bytes: every byte once, pauses, writes; %s ends it',
  async (who) => {
    const sent = randomBytes(3_000_000);
    const events: string[] = [];
    const received: Buffer[] = [];
    const buffer = Buffer.alloc(50_000);
    let got = 0;
    let pauses = 0;
    let stream: ByteStream | undefined;
    const listener = await listen(0, (accepted) => {
      stream = accepted;
      const takesOver = (bytes: Uint8Array) => {
        events.push(`data of ${bytes.length} bytes`);
        const filled = (count: number) => {
          received.push(Buffer.from(buffer.subarray(0, count)));
          got += count;
          if (got < 1_000_000 || pauses > 0) return true;
          pauses = got;
          return false;
        };
        events.push(`takes over: ${accepted.readInto?.({ nextBuffer: () => buffer, filled })}`);
        accepted.write(Buffer.from('go'));
      };
      return { data: takesOver, closed: (error) => events.push(`closed ${error?.message}`) };
    });
    onTestFinished(() => listener.close());
    let answered: () => void = () => {};
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const client = await dial(
      { host: '127.0.0.1', port: listener.local.port },
      { data: () => answered(), closed: () => events.push('the client is closed') },
    );
    client.write(Buffer.from('hello'));
    await answer;
    client.write(sent);
    await expect.poll(() => pauses).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).toBe(pauses);
    expect(stream?.descriptor?.()).toBeGreaterThan(0);
    stream?.resume();
    await expect.poll(() => got).toBe(sent.length);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    if (who === 'this side') stream?.destroy();
    else client.end();
    await expect.poll(() => events.length).toBe(4);
    expect(events.slice(0, 2)).toEqual(['data of 5 bytes', 'takes over: true']);
    expect(events.slice(2).toSorted()).toEqual(['closed undefined', 'the client is closed']);
    expect(stream?.readInto?.({ nextBuffer: () => buffer, filled: () => true })).toBe(false);
  },
);

test('memory of the owner: reads fill it, false pauses, every write completes, both ends are notified of the close once', async () => {
  const closed: string[] = [];
  let accepted: ByteStream | undefined;
  const listener = await listen(0, (stream) => {
    accepted = stream;
    return { data: () => {}, closed: (error) => closed.push(`server ${error?.message}`) };
  });
  onTestFinished(() => listener.close());
  const buffer = Buffer.alloc(100);
  let got = 0;
  let paused: () => void = () => {};
  const pause = new Promise<void>((resolve) => {
    paused = resolve;
  });
  let finished: () => void = () => {};
  const end = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const stream = await dial(
    { host: '127.0.0.1', port: listener.local.port },
    {
      closed: (error) => {
        closed.push(`client ${error?.message}`);
        finished();
      },
    },
    {
      into: {
        nextBuffer: () => buffer,
        filled: (bytes) => {
          const before = got;
          got += bytes;
          if (before >= 1_000 || got < 1_000) return true;
          paused();
          return false;
        },
      },
    },
  );
  await expect.poll(() => accepted).toBeDefined();
  expect(accepted?.remote.host).toBe('127.0.0.1');
  let done = 0;
  accepted?.write(Buffer.alloc(3_000), () => done++);
  await pause;
  const atPause = got;
  await new Promise((resolve) => setImmediate(resolve));
  expect(got).toBe(atPause);
  stream.resume();
  await expect.poll(() => got).toBe(3_000);
  accepted?.destroy();
  accepted?.write(Buffer.alloc(10), () => done++);
  await end;
  await expect.poll(() => done).toBe(2);
  await expect.poll(() => closed.toSorted()).toEqual(['client undefined', 'server undefined']);
});
