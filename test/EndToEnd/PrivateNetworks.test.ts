import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { type Namespace, Namespaces } from '../Support/Namespaces.ts';
import { networkNamespaces, title } from '../Support/Requires.ts';
import { newInvite, someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, TestPeer } from '../Support/TestPeer.ts';

const FILM = someMebibytes(90, 12);
const NAMESPACES = networkNamespaces();
const PORT = 9_001;

/** A tracker of a private network on loopback. */
async function privateTracker(lan: TestLan, invite: string): Promise<string> {
  const port = String(await freePort());
  const env = { SHOAL_NETWORK: invite };
  const program = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', port], { env });
  const [address] = await program.line(/^127\.0\.0\.1:\d+$/);
  return address;
}

/** All bytes received by a connection until it is closed. */
async function answerOf(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part)).on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(parts);
}

test.concurrent('three members share; a stranger with another invite and an open peer see nothing', async ({
  lan,
}) => {
  const invite = newInvite('lab 3');
  const tracker = await privateTracker(lan, invite);
  const member = { tracker, args: ['--network', invite] };
  const anna = await lan.seeder('anna', { ...member, files: { 'film.bin': FILM } });
  const berta = await lan.peer('berta', member);
  const clara = await lan.peer('clara', member);
  await eventually('clara sees both', async () => (await clara.items('peers')).length === 2);
  await berta.items('download film.bin');
  expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
  await clara.items('send film.bin berta').catch(() => {}); // Nothing to send yet.
  await clara.items('download film.bin');
  expect(FILM.equals(await clara.read('film.bin'))).toBe(true);
  expect(await anna.answer('status')).toMatchObject({ privateNetwork: { name: 'lab 3' } });
  expect(await anna.answer('network')).toMatchObject({ ok: true, privateNetwork: { name: 'lab 3' } });

  const other = newInvite('lab 4');
  const strangers = [
    await lan.peer('stranger', { tracker, args: ['--network', other] }),
    await lan.peer('open', { tracker }),
  ];
  for (const stranger of strangers) {
    expect(await stranger.answer('search film')).toMatchObject({ error: { code: 'NO_TRACKER' } });
    for (const { port } of [anna, berta, clara])
      expect(await stranger.answer(`connect 127.0.0.1:${port}`)).toMatchObject({
        error: { code: 'UNREACHABLE' },
      });
    expect(stranger.program.stdout).not.toMatch(/film|anna|berta|clara|lab 3/);
    const status = await stranger.answer('status');
    expect(status.peers).toEqual([]);
  }
  // A member that dials a stranger gets no link.
  for (const { port } of strangers)
    expect(await anna.answer(`connect 127.0.0.1:${port}`)).toMatchObject({ error: { code: 'UNREACHABLE' } });
  const { network } = (await anna.answer('status')) as unknown as { network: Record<string, number> };
  expect(network.failedHandshakes).toBeGreaterThanOrEqual(2);
});

test.concurrent('a connection without TLS is closed by a member without a byte, whatever it sends', async ({
  lan,
}) => {
  const invite = newInvite('lab 3');
  const anna = await lan.peer('anna', { tracker: undefined, args: ['--network', invite] });
  await anna.answer('status'); // The member listens.
  const openings = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'SHOAL\x02L\0',
    'SHOAL\x01C\0',
    'SHOAL\x09C\0',
    'nonsense',
  ];
  for (const opening of openings)
    expect(await answerOf(anna.port, Buffer.from(opening, 'latin1'))).toEqual(Buffer.alloc(0));
});

test.concurrent('inside a private network a download resumes after kill -9, and a push arrives', async ({
  lan,
}) => {
  const invite = newInvite('lab 3');
  const tracker = await privateTracker(lan, invite);
  const member = { tracker, args: ['--network', invite] };
  const anna = await lan.seeder('anna', {
    tracker,
    files: { 'film.bin': FILM },
    args: ['--network', invite, '--upload-limit', '4M'],
  });
  const home = (await lan.launcher.folder()).path;
  const share = await lan.launcher.folder();
  const first = await lan.peer('berta', { ...member, home, share });
  await first.items('download film.bin --no-wait');
  await first.hasFetched(3_000_000);
  await first.program.kill('SIGKILL');
  anna.program.type('limit up off');
  const again = await lan.peer('berta', { ...member, home, share });
  const done = await again.isDone();
  expect(done.bytesFromBefore).toBeGreaterThan(0);
  expect(FILM.equals(await again.read('film.bin'))).toBe(true);

  const clara = await lan.peer('clara', { tracker, args: ['--network', invite, '--accept', 'all'] });
  await eventually('berta sees clara', async () =>
    (await again.items('peers')).some(({ name }) => name === 'clara'),
  );
  await again.items('send film.bin clara');
  expect(FILM.equals(await clara.read('film.bin'))).toBe(true);
});

test.concurrent('shoal network: create, show, invite, leave, join; the secret stays in a file of the user', async ({
  lan,
}) => {
  const home = (await lan.launcher.folder()).path;
  const shoal = async (...args: string[]) => {
    const program = await lan.launcher.shoal([...args, '--json'], { home });
    const [line] = await program.line(/^\{"version":.*$/);
    await program.exitCode();
    return JSON.parse(line) as { ok: boolean; invite?: string; path: string; error?: { code: string } };
  };
  const { invite = '' } = await shoal('network', 'create', 'lab 3');
  expect(invite).toMatch(/^shoal:join\//);
  const { path } = await shoal('config');
  expect(await readFile(path, 'utf8')).toBe(`network = ${invite}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const settings = await shoal('config');
  expect(JSON.stringify(settings)).toContain('"lab 3"');
  expect(JSON.stringify(settings)).not.toContain(invite.slice(20));
  expect(await shoal('network', 'invite')).toMatchObject({
    ok: true,
    invite,
    privateNetwork: { name: 'lab 3' },
  });
  expect(await shoal('network', 'show')).toMatchObject({
    ok: true,
    privateNetwork: { name: 'lab 3' },
    items: [],
  });
  expect(await shoal('network', 'create', 'lab 4')).toMatchObject({ error: { code: 'LOCAL_CONFLICT' } });
  const peer = await lan.launcher.peer(['--no-console'], { home });
  await peer.line(/^Private network "lab 3": only its members/);
  const port = String(await freePort());
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', port], { home });
  await eventually('the tracker is in that network', async () =>
    tracker.stderr.includes('serves the private network "lab 3"'),
  );
  expect(await shoal('network', 'leave')).toMatchObject({ ok: true, privateNetwork: null });
  expect(await readFile(path, 'utf8')).toBe('');
  expect(await shoal('network', 'invite')).toMatchObject({ error: { code: 'NOT_FOUND' } });
  // The running peer is in the other network; a guest peer would search in this one.
  expect(await shoal('get', 'film.bin', '-o', home)).toMatchObject({ error: { code: 'LOCAL_CONFLICT' } });
  expect(await shoal('network', 'join', `${invite.slice(0, -1)}0`)).toMatchObject({
    error: { code: 'USAGE' },
  });
  expect(await shoal('network', 'join')).toMatchObject({
    error: { hint: expect.stringContaining('shoal network join shoal:join/') },
  });
  expect(await shoal('network', 'join', invite.toUpperCase())).toMatchObject({ ok: true });
  expect(await readFile(path, 'utf8')).toBe(`network = ${invite}\n`);
});

test
  .skipIf(NAMESPACES)
  .concurrent(
    title(
      'five computers, nothing configured: two private networks and the open one do not see each other',
      NAMESPACES,
    ),
    async ({ lan }) => {
      const [a, b, c, d, e] = await computers(lan, 5);
      if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined)
        throw new Error('five were wanted');
      const [labs, offices] = [newInvite('lab 3'), newInvite('office')];
      const peers = await Promise.all([
        peerOn(lan, a, { 'film.bin': FILM }, ['--network', labs]),
        peerOn(lan, b, { 'letter.txt': 'to the lab' }, ['--network', labs]),
        peerOn(lan, c, { 'film.bin': 'of the office' }, ['--network', offices]),
        peerOn(lan, d, {}, ['--network', offices]),
        peerOn(lan, e, { 'film.bin': 'of everybody' }),
      ]);
      const sees = [[b], [a], [d], [c], []];
      await eventually('each network has found itself', async () => {
        const others = await Promise.all(peers.map(async (peer) => (await peer.answer('peers')).items ?? []));
        return sees.every((hosts, index) =>
          hosts.every(({ ip }) => others[index]?.some(({ host }) => host === ip)),
        );
      });
      const [, berta] = peers;
      // A tracker that was elected just now gets the catalogs with the next announces.
      await eventually('the film is found', async () => (await berta.answer('download film.bin')).ok);
      expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
      for (const [index, peer] of peers.entries())
        expect((await peer.answer('peers')).items?.map(({ host }) => host) ?? []).toEqual(
          sees[index]?.map(({ ip }) => ip),
        );
      // The peer with the tracker ends: the other one of its network takes over.
      const [tracker] = await berta.items('tracker');
      const [leaving, staying] = tracker?.host === a.ip ? [peers[0], berta] : [berta, peers[0]];
      leaving.program.type('quit');
      expect(await leaving.program.exitCode()).toBe(0);
      await eventually('another tracker', async () =>
        (await staying.items('tracker')).some(
          ({ state, foundBy }) => state === 'connected' && foundBy === 'embedded',
        ),
      );
    },
  );

/** Network namespaces on a bridge of their own. */
async function computers(lan: TestLan, count: number): Promise<readonly Namespace[]> {
  const made = await Namespaces.make(count);
  lan.onClose(() => made.close());
  return made.hosts;
}

async function peerOn(
  lan: TestLan,
  host: Namespace,
  files: Readonly<Record<string, string | Uint8Array>>,
  args: readonly string[] = [],
): Promise<TestPeer> {
  const home = await lan.launcher.folder();
  const share = await home.inside('Downloads', 'P2P', `User-${PORT}`);
  for (const [path, content] of Object.entries(files)) await share.write(path, content);
  const options = { home: home.path, prefix: host.prefix, env: { SHOAL_DISCOVERY: undefined } };
  return new TestPeer(host.name, await lan.launcher.peer([String(PORT), ...args], options), share, PORT);
}
