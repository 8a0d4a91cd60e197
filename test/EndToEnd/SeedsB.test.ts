import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { expect } from 'vitest';
import { safePath } from '../../Peer/Files/Disk/SafePath.ts';
import { freePort } from '../Support/launch.ts';
import { GONE_MS, SEEN_MS, within } from '../Support/Slowdown.ts';
import { someBytes, someMebibytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type TestPeer } from '../Support/TestPeer.ts';

/** The behaviours of the seed "P2P em Python", by their lines in the checklist. */

const FILM = someBytes(320, 2_500_000);

test.concurrent('B5: the share folder is ~/Downloads/P2P/User-<port>, made when missing', async ({ lan }) => {
  const home = await lan.launcher.folder();
  const port = await freePort();
  const program = await lan.launcher.peer([String(port)], { home: home.path });
  program.type('list');
  program.endInput();
  expect(await program.exitCode()).toBe(0);
  expect(existsSync(home.at('Downloads', 'P2P', `User-${port}`))).toBe(true);
});

test('B6: a file that comes is found within 2 s, and one that goes is not found any more', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'first.txt': 'x' } });
  const berta = await lan.peer('berta');
  const found = async () => (await berta.items('search second')).length;
  await eventually('they know each other', async () => (await berta.items('search first')).length === 1);
  await within(SEEN_MS, async () => {
    await anna.share.write('second.txt', 'copied in');
    await eventually('it is found', async () => (await found()) === 1);
  });
  await within(SEEN_MS, async () => {
    await rm(anna.share.at('second.txt'));
    await eventually('it is gone', async () => (await found()) === 0);
  });
});

test.concurrent('B7: list, ls, files: files here, and the progress of a download', async ({ lan }) => {
  const film = someMebibytes(321, 8);
  await lan.seeder('anna', { files: { 'film.bin': film }, args: ['--upload-limit', '1M'] });
  const berta = await lan.peer('berta', { files: { 'mine.txt': 'mine' } });
  await berta.items('download film.bin --no-wait');
  await berta.hasFetched(1);
  for (const command of ['list', 'ls', 'files']) {
    const from = berta.program.stdout.length;
    berta.program.type(command);
    await berta.program.line(/^film\.bin .*\d+ ?%/, { from });
    expect(berta.program.stdout.slice(from)).toMatch(/^mine\.txt/m);
  }
});

test.concurrent('B8: peers, p: the others, not oneself', async ({ lan }) => {
  const anna = await lan.peer('anna');
  const berta = await lan.peer('berta');
  await eventually('known', async () => (await berta.items('peers')).length === 1);
  for (const command of ['peers', 'p']) {
    const ports = (await berta.items(command)).map(({ port }) => port);
    expect(ports).toEqual([anna.port]);
  }
});

test.concurrent('B9: download takes a file from the network; an unknown one fails with a sentence', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.bin': FILM } });
  const berta = await lan.peer('berta');
  await berta.items('download film.bin');
  expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
  const end = await lan.script('clara', ['download nothing.bin']);
  expect(end.code).not.toBe(0);
  expect(end.stderr).toMatch(/nobody shares "nothing\.bin" now\nhint: /);
});

test.concurrent('B10: downloads, dls: what runs and what is done', async ({ lan }) => {
  const slow = someMebibytes(322, 30);
  await lan.seeder('anna', {
    files: { 'small.bin': 'small', 'slow.bin': slow },
    args: ['--upload-limit', '1M'],
  });
  const berta = await lan.peer('berta');
  await berta.items('download small.bin');
  await berta.items('download slow.bin --no-wait');
  for (const command of ['downloads', 'dls']) {
    const states = (await berta.items(command)).map(({ name, state }) => `${name} ${state}`);
    expect(states[0]).toBe('small.bin done');
    expect(states[1]).toMatch(/^slow\.bin (waiting|searching|describing|fetching)$/);
  }
});

test.concurrent('B11: status, info: identity, port, tracker, share, bytes, peers, transfers', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'film.bin': FILM } });
  for (const command of ['status', 'info']) {
    const from = anna.program.stdout.length;
    await anna.program.ask(command, /^Received/);
    const text = anna.program.stdout.slice(from);
    expect(text).toMatch(new RegExp(`^Peer +anna at \\S+:${anna.port}$`, 'm'));
    expect(text).toMatch(/^Id +[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}$/m);
    expect(text).toMatch(/^Tracker +127\.0\.0\.1:\d+, connected$/m);
    expect(text).toMatch(/^Share +1 file, 2\.5 MB in \//m);
    for (const fact of ['Peers', 'Downloads', 'Uploads', 'Sent'])
      expect(text).toMatch(new RegExp(`^${fact} `, 'm'));
  }
});

test.concurrent('B12: refresh, update: a new peer is there at once', async ({ lan }) => {
  const anna = await lan.peer('anna');
  await anna.items('peers');
  for (const [count, command] of [
    [1, 'refresh'],
    [2, 'update'],
  ] as const) {
    await joined(await lan.peer(`peer${count}`));
    expect(await anna.items(command)).toHaveLength(count);
    expect(await anna.items('peers')).toHaveLength(count);
  }
});

test.concurrent('B13: tracker: address, state, last answer, interval', async ({ lan }) => {
  const address = await lan.tracker();
  const anna = await lan.seeder('anna');
  const from = anna.program.stdout.length;
  await anna.program.ask('tracker', /^Catalog/);
  const text = anna.program.stdout.slice(from);
  expect(text).toContain(address);
  expect(text).toMatch(/^State +connected$/m);
  expect(text).toMatch(/^Last answer +[\d.]+ s ago$/m);
  expect(text).toMatch(/^Heartbeat +every [\d.]+ (s|min)/m);
});

test.concurrent('B14: whoami, me: id, name, host and port', async ({ lan }) => {
  const anna = await lan.peer('anna');
  for (const command of ['whoami', 'me']) {
    expect(await anna.answer(command)).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      name: 'anna',
      host: expect.stringMatching(/^[0-9a-f.:]+$/),
      port: anna.port,
    });
  }
});

test.concurrent('B15: help, h, ?: every command with its aliases', async ({ lan }) => {
  const end = await lan.script('anna', ['help', 'h', '?', 'help --json']);
  expect(end.code).toBe(0);
  const [json = ''] = end.stdout.split('\n').slice(-2);
  const { items } = JSON.parse(json) as { items: { name: string; aliases: string[] }[] };
  const words = items.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(words).toEqual(
    expect.arrayContaining(['list', 'ls', 'files', 'peers', 'p', 'download', 'dls', 'info']),
  );
  expect(words).toEqual(expect.arrayContaining(['update', 'tracker', 'me', 'h', '?', 'exit', 'q', 'bye']));
  const texts = end.stdout.slice(0, end.stdout.indexOf('{"version"'));
  for (const { name, aliases } of items)
    expect(texts.split([name, ...aliases].join(', '))).not.toHaveLength(1);
});

test('B16: quit, exit, q, bye end with 0, off the tracker within a second, and nothing is lost', async ({
  lan,
}) => {
  const film = someMebibytes(323, 12);
  await lan.seeder('anna', { files: { 'film.bin': film }, args: ['--upload-limit', '3M'] });
  const watcher = await lan.peer('watcher');
  for (const word of ['quit', 'exit', 'q', 'bye']) {
    const berta = await lan.peer('berta');
    await berta.items('peers');
    await eventually('it is known', async () => (await names(watcher)).includes('berta'));
    await berta.items('download film.bin --no-wait');
    if (word === 'quit') await berta.hasFetched(1_048_576);
    await within(GONE_MS, async () => {
      berta.program.type(word);
      await eventually('it is gone', async () => !(await names(watcher)).includes('berta'));
    });
    expect(await berta.program.exitCode()).toBe(0);
    if (word !== 'quit') continue;
    const again = await lan.peer('berta', { share: berta.share });
    const [resumed] = await again.items('download film.bin');
    expect(resumed?.bytesFromBefore).toBeGreaterThanOrEqual(1_048_576);
    expect(film.equals(await again.read('film.bin'))).toBe(true);
    again.program.type('quit');
    expect(await again.program.exitCode()).toBe(0);
  }
});

test.concurrent('B17: a 10 MiB file comes in several chunks from several sources', async ({ lan }) => {
  const film = someMebibytes(324, 10);
  for (const name of ['anna', 'berta'])
    await lan.seeder(name, { files: { 'film.bin': film }, args: ['--upload-limit', '4M'] });
  const clara = await lan.peer('clara');
  await eventually('both are found', async () => (await clara.items('search film'))[0]?.sources.length === 2);
  const [done] = await clara.items('download film.bin');
  expect(done?.sources.filter(({ bytes }) => bytes > 0)).toHaveLength(2);
  for (const { bytes } of done?.sources ?? []) expect(bytes).toBeLessThan(film.length);
  expect(film.equals(await clara.read('film.bin'))).toBe(true);
});

/** Windows and macOS are not run here: what can be shown on Linux is that names follow the rules of all three. */
test.each([
  ['C:\\Windows\\system32\\evil.dll', 'C__Windows_system32_evil.dll'],
  ['\\\\server\\share\\x', '__server_share_x'],
  ['..\\..\\up.txt', '_._.._up.txt'],
  ['con.txt', '_con.txt'],
  ['LPT1', '_LPT1'],
  ['a:stream', 'a_stream'],
  ['what?.txt', 'what_.txt'],
  ['dots...', 'dots'],
  ['blank ', 'blank'],
])('B20: win32 rules, tested on Linux: a download named %j lands at %j', (name, path) => {
  expect(safePath(name)).toBe(path);
});

async function names(peer: TestPeer): Promise<string[]> {
  return (await peer.items('peers')).map(({ name }) => name);
}

/** Waits until the peer's tracker has answered it. */
async function joined(peer: TestPeer): Promise<void> {
  await eventually('it has joined', async () =>
    (await peer.items('tracker')).some(({ state }) => state === 'connected'),
  );
}
