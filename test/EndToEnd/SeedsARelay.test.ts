import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { LaunchedProgram } from '../../bench/Programs/LaunchedProgram.ts';
import { decodeReply, encodeRequest, type TrackerReply } from '../../Protocol/TrackerMessages.ts';
import { keyOf, proven } from '../Support/keys.ts';
import { freePort } from '../Support/launch.ts';
import { within } from '../Support/Slowdown.ts';
import { someBytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type TestPeer } from '../Support/TestPeer.ts';
import { heartbeatOf } from '../Tracker/peers.ts';

const FOO = someBytes(1, 3_000_000);

/** A tracker with these flags and --verbose. */
async function verboseTracker(lan: TestLan, ...flags: string[]) {
  const port = String(await freePort());
  const args = ['--host', '127.0.0.1', '--port', port, '--verbose', ...flags];
  const program = await lan.launcher.tracker(args);
  const [address] = await program.line(/^127\.0\.0\.1:\d+$/);
  return { program, address };
}

function linesWith(program: LaunchedProgram, pattern: RegExp): string[] {
  return program.stderr.split('\n').filter((line) => pattern.test(line));
}

/** Waits for the log: an answer may overtake the line about it, which comes through another pipe. */
async function loggedLines(program: LaunchedProgram, pattern: RegExp, count = 1): Promise<string[]> {
  await eventually(`${count} lines with ${pattern}`, () => linesWith(program, pattern).length >= count);
  return linesWith(program, pattern);
}

/** Waits until the tracker lists all of them. */
async function joined(peers: readonly TestPeer[]): Promise<void> {
  const [first] = peers;
  await eventually('everybody is registered', async () => {
    const items = await first?.items('tracker');
    return items?.[0]?.state === 'connected' && Number((items[0] as { peers?: number }).peers) >= 0;
  });
  await eventually('everybody sees everybody', async () => {
    const counts = await Promise.all(peers.map(async (peer) => (await peer.items('peers')).length));
    return counts.every((count) => count === peers.length - 1);
  });
}

test('A1: a tracker and clients, which are connected to it', async ({ lan }) => {
  const anna = await lan.seeder('anna', { files: { 'foo.bin': FOO } });
  const [tracker] = await anna.items('tracker');
  expect(tracker).toMatchObject({ state: 'connected', reason: null });
});

test('A2: the tracker writes nothing, whatever is searched and downloaded', async ({ lan }) => {
  const { program } = await lan.trackerProgram();
  await lan.seeder('anna', { files: { 'secretname.bin': FOO } });
  const { code } = await lan.script('berta', ['search secretname', 'download secretname.bin']);
  expect(code).toBe(0);
  const files = await readdir(program.home, { recursive: true, withFileTypes: true });
  expect(files.filter((one) => one.isFile())).toEqual([]);
  expect(program.stdout + program.stderr).not.toContain('secretname');
});

test.for([
  ['--relay-only', []],
  ['--unlisted', ['--unlisted']],
] as const)(
  'A4, A5, A6, A7, A8 with %s: a search is passed on to everybody but the asker, and joined',
  async ([flag, args], { lan }) => {
    const tracker = await verboseTracker(lan, ...(flag === '--relay-only' ? ['--relay-only'] : []));
    const setup = { tracker: tracker.address, args: ['--verbose', ...args] };
    const anna = await lan.peer('anna', { ...setup, files: { 'my foo.bin': FOO } });
    const berta = await lan.peer('berta', { ...setup, files: { 'other.txt': 'other' } });
    const carla = await lan.peer('carla', setup);
    await anna.items('list');
    await joined([anna, berta, carla]);

    const [found, ...others] = await carla.items('search foo');
    expect(others).toEqual([]);
    expect(found).toMatchObject({ size: FOO.length, path: 'my foo.bin' });
    expect(found?.sources).toMatchObject([
      { name: 'anna', host: '127.0.0.1', port: anna.port, complete: true },
    ]);
    expect(await loggedLines(tracker.program, /^search from 127\.0\.0\.1:\d+: "foo"/)).toHaveLength(1);
    const queries = await loggedLines(tracker.program, /QUERY "foo"/, 2);
    expect(queries.map((line) => /"(anna|berta|carla)"/.exec(line)?.[1]).sort()).toEqual(['anna', 'berta']);
    expect(await loggedLines(anna.program, /HIT my foo\.bin,3000000,[0-9a-f]{64}$/)).toHaveLength(1);
    expect(await loggedLines(berta.program, /QUERY "foo": MISS$/)).toHaveLength(1);
    expect(linesWith(carla.program, /QUERY "foo"/)).toEqual([]);
    expect(
      await loggedLines(tracker.program, /relay \d+: HIT "my foo\.bin", 3000000, [0-9a-f]{8}: "anna"/),
    ).toHaveLength(1);
    expect(await loggedLines(tracker.program, /relay \d+: MISS: "berta"/)).toHaveLength(1);

    await carla.items('download "my foo.bin"');
    expect(FOO.equals(await readFile(carla.share.at('my foo.bin')))).toBe(true);
    expect(await anna.sent()).toBeGreaterThanOrEqual(FOO.length); // From the sharing peer, not through the tracker.
    // By its id too, and nothing found is an empty list.
    expect(await berta.items(`search ${found?.id.slice(0, 16)}`)).toHaveLength(1);
    expect(await carla.items('search nothingofthekind')).toEqual([]);
    for (const peer of [anna, berta]) {
      expect((await peer.items('tracker'))[0]).toMatchObject({ asksByRelay: true, heldVersion: 0 });
    }
  },
);

test('A5: a folder is found without any catalog at the tracker', async ({ lan }) => {
  const tracker = await verboseTracker(lan, '--relay-only');
  const files = { 'Films/one.bin': someBytes(1, 10_000), 'Films/two.bin': someBytes(2, 20_000) };
  const anna = await lan.peer('anna', { tracker: tracker.address, files });
  const berta = await lan.peer('berta', { tracker: tracker.address });
  await anna.items('list');
  await joined([anna, berta]);
  await berta.items('download Films/');
  expect(files['Films/two.bin'].equals(await readFile(berta.share.at('Films/two.bin')))).toBe(true);
});

test('A5: a peer that does not answer delays a search by less than a second, others are heard', async ({
  lan,
}) => {
  const anna = await lan.peer('anna', { args: ['--unlisted'], files: { 'foo.bin': FOO } });
  const berta = await lan.peer('berta', { args: ['--unlisted'] });
  const carla = await lan.peer('carla');
  await anna.items('list');
  await joined([anna, berta, carla]);
  berta.program.signal('SIGSTOP');
  const startMs = performance.now();
  expect(await within(2_000, () => carla.items('search foo'))).toHaveLength(1);
  expect(performance.now() - startMs).toBeGreaterThan(700);
  berta.program.signal('SIGCONT');
});

test('A11: the running download of an unlisted peer is listed as incomplete', async ({ lan }) => {
  const big = someBytes(9, 12_000_000);
  const anna = await lan.seeder('anna', { files: { 'big.bin': big }, args: ['--upload-limit', '1M'] });
  const berta = await lan.peer('berta', { args: ['--unlisted'] });
  const carla = await lan.peer('carla');
  await joined([anna, berta, carla]);
  berta.program.type('download big.bin');
  const sources = await eventually('berta is a source', async () => {
    const [found] = await carla.items('search big.bin');
    return (found?.sources.length ?? 0) > 1 ? found?.sources : undefined;
  });
  expect(sources.find(({ name }) => name === 'anna')?.complete).toBe(true);
  expect(sources.find(({ name }) => name === 'berta')?.complete).toBe(false);
});

test('A12: --port-range takes a random port of it, a port exactly that one', async ({ lan }) => {
  const range = await Promise.all(
    Array.from({ length: 4 }, () => lan.launcher.peer(['--port-range', '60000-61000'])),
  );
  const ports = await Promise.all(range.map(async (program) => (await whoami(program)).port));
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(60_000);
    expect(port).toBeLessThanOrEqual(61_000);
  }
  expect(new Set(ports).size).toBe(4);
  const port = await freePort();
  expect((await whoami(await lan.launcher.peer([String(port)]))).port).toBe(port);
});

test.for([
  ['61000-60000', /the range 61000-60000 is the wrong way round.*60000-61000/s],
  ['60000-70000', /"70000" is not a port.*1 to 65535/s],
  ['sixty', /"sixty" is not a range of ports/],
] as const)('A12: --port-range %s is one error with a hint, code 2', async ([range, message], { lan }) => {
  const program = await lan.launcher.peer(['--port-range', range]);
  expect(await program.exitCode()).toBe(2);
  expect(program.stderr).toMatch(message);
  expect(program.stderr).toMatch(/^error: .+\nhint: .+\n$/);
});

test.concurrent('A17, E12: a killed peer and its files are gone within three heartbeats and 5 s', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'foo.bin': FOO } });
  const berta = await lan.peer('berta');
  await joined([anna, berta]);
  expect(await berta.items('search foo')).toHaveLength(1);
  await anna.program.kill();
  await within(20_000, () =>
    eventually('anna is gone', async () => (await berta.items('peers')).length === 0),
  );
  expect(await berta.items('search foo')).toEqual([]);
});

test('A18, D13: 200 clients join and search at once, nobody is lost', async ({ lan }) => {
  const tracker = await lan.tracker();
  await lan.seeder('anna', { files: { 'foo.bin': FOO } });
  const clients = await Promise.all(
    Array.from({ length: 200 }, (_, number) => Client.join(tracker, number + 1)),
  );
  const found = await Promise.all(
    clients.map((client) => client.ask({ type: 'search', words: 'foo', cursor: 0 })),
  );
  expect(found.filter((reply) => reply.type === 'found' && reply.hits.length === 1)).toHaveLength(200);
  const seen = new Set<string>();
  for (let cursor = 0, more = true; more; ) {
    const page = await clients[0]?.ask({ type: 'peers', cursor });
    if (page?.type !== 'peerList') throw new Error('no list');
    for (const { peerId } of page.peers) seen.add(peerId);
    cursor = page.next;
    more = cursor > 0;
  }
  expect(seen.size).toBe(201);
  for (const client of clients) client.close();
});

/** A minimal client of the tracker, which retries lost requests. */
class Client {
  readonly #socket = createSocket('udp4');
  readonly #port: number;
  #cookie = '';
  #transaction = 0;

  static async join(tracker: string, number: number): Promise<Client> {
    const client = new Client(Number(tracker.split(':')[1]));
    const connected = await client.ask({ type: 'connect' });
    if (connected.type === 'connected') client.#cookie = connected.connectionId;
    const key = keyOf(`client ${number}`);
    const beat = heartbeatOf(number, { peerId: key.peerId });
    const alive = await client.ask(proven(key, client.#cookie, beat, await client.ask(beat)));
    if (alive.type !== 'alive') throw new Error(`refused: ${JSON.stringify(alive)}`);
    return client;
  }

  constructor(port: number) {
    this.#port = port;
  }

  async ask(request: Parameters<typeof encodeRequest>[2]): Promise<TrackerReply> {
    const id = ++this.#transaction;
    const bytes = encodeRequest(this.#cookie, id, request);
    for (let tries = 0; tries < 10; tries++) {
      this.#socket.send(bytes, this.#port, '127.0.0.1');
      const signal = AbortSignal.timeout(1_000);
      try {
        for (;;) {
          const [message] = (await once(this.#socket, 'message', { signal })) as [Buffer];
          const { transactionId, reply } = decodeReply(message);
          if (transactionId === id) return reply;
        }
      } catch (failure) {
        if (!signal.aborted) throw failure;
      }
    }
    throw new Error(`no answer to ${request.type}`);
  }

  close(): void {
    this.#socket.close();
  }
}

async function whoami(program: LaunchedProgram): Promise<{ port: number }> {
  const [line] = await program.ask('whoami --json', /^\{"version":.*$/);
  return JSON.parse(line);
}
