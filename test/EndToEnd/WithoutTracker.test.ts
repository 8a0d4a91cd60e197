import { expect } from 'vitest';
import { within } from '../Support/Slowdown.ts';
import { someMebibytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

const MIB = 1_048_576;

test.concurrent('after a kill of the tracker downloads continue, and known peers answer searches, locates and folders', async ({
  lan,
}) => {
  const film = someMebibytes(41, 32);
  const { program } = await lan.trackerProgram();
  await lan.seeder('anna', {
    files: { 'film.bin': film, 'songs/one.txt': 'one', 'songs/two.txt': 'two' },
    args: ['--upload-limit', '6M'],
  });
  await lan.seeder('berta', { files: { 'other film.bin': 'b' } });
  const leecher = await lan.peer('clara');
  await leecher.items('download film.bin --no-wait');
  await leecher.hasFetched(2 * MIB);
  await eventually('it knows both', async () => (await leecher.items('peers')).length === 2);
  await program.kill('SIGKILL');
  // The tracker is lost after 2.5 s; then the known peers are asked.
  expect(await within(6_000, () => leecher.answer('search film'))).toMatchObject({ ok: true });
  // On a busy machine a peer may answer after the deadline of a search.
  await eventually('both answer', async (note) => {
    const paths = (await leecher.items('search film')).map(({ path }) => path).toSorted();
    note(paths.join());
    return paths.join() === 'film.bin,other film.bin';
  });
  await eventually('the outage is seen', async () => (await leecher.items('tracker'))[0]?.state === 'lost');
  expect(await leecher.answer('search "other film"')).toMatchObject({ ok: true, trackers: 0, peers: 2 });
  expect(await leecher.answer('search nothing-like-it')).toMatchObject({ ok: true, items: [] });
  expect((await leecher.items('peers')).map(({ name }) => name).toSorted()).toEqual(['anna', 'berta']);
  await leecher.items('download "other film.bin"');
  await leecher.items('download songs/');
  expect(await leecher.read('other film.bin')).toEqual(Buffer.from('b'));
  expect(await leecher.read('songs/two.txt')).toEqual(Buffer.from('two'));
  // A peer for one command reaches the network through the running peer.
  const { home } = leecher.program;
  const got = await lan.launcher.shoal(['get', 'songs/one.txt', '-o', '-'], { home });
  expect(await got.exitCode()).toBe(0);
  expect(got.stdout).toBe('one');
  await eventually('the film is here', async () => (await leecher.items('downloads'))[0]?.state === 'done');
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
});

test.concurrent('restarted without a tracker, a peer dials the peers of its last run and finds their files', async ({
  lan,
}) => {
  const { program, address } = await lan.trackerProgram();
  await lan.seeder('anna', { files: { 'film.bin': 'film' } });
  const discovery = { env: { SHOAL_DISCOVERY: 'on' } };
  const first = await lan.peer('berta', discovery);
  await eventually('it has met anna', async () => (await first.items('search film')).length === 1);
  first.program.type('quit');
  await first.program.exit();
  await program.kill('SIGKILL');
  const again = await lan.peer('berta', {
    share: first.share,
    home: first.program.home,
    port: first.port,
    tracker: address,
    ...discovery,
  });
  await eventually('anna is linked', async () => (await again.items('peers').catch(() => [])).length === 1);
  expect((await again.items('search film')).map(({ path }) => path)).toEqual(['film.bin']);
  await again.items('download film.bin');
  expect(await again.read('film.bin')).toEqual(Buffer.from('film'));
});

test.concurrent('with several trackers every peer registers at all, and the loss of one hides no file', async ({
  lan,
}) => {
  const one = await lan.launcher.readyTracker();
  const two = await lan.launcher.readyTracker();
  const both = { tracker: one.address, args: ['--tracker', two.address] };
  const anna = await lan.peer('anna', { ...both, files: { 'film a.bin': 'a' } });
  await lan.peer('berta', { tracker: one.address, files: { 'film b.bin': 'b' } });
  await lan.peer('clara', { tracker: two.address, files: { 'film c.bin': 'c' } });
  const paths = async () =>
    (await anna.items('search film')).flatMap(({ path, here }) => (here ? [] : path)).toSorted();
  await eventually('both answers are joined', async () => (await paths()).join() === 'film b.bin,film c.bin');
  await one.program.kill('SIGKILL');
  await eventually('the outage is seen', async () =>
    (await anna.items('tracker')).some(({ state }) => state === 'lost'),
  );
  expect(await paths()).toContain('film c.bin');
  const late = await lan.script('dora', ['search film'], both);
  expect(late.code).toBe(0);
  expect(late.stdout).toContain('film a.bin');
  expect(late.stdout).toContain('film c.bin');
});
