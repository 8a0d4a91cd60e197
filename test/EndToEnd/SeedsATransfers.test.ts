import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';
import { UdpMeter } from '../Support/UdpMeter.ts';

/** Seed 000, PyShare: transfers of files. */

const FILM = someBytes(31, 4_000_000);
/** Ten seconds for FILM, until `limit up off`: time to look at it half-way, on a busy machine too. */
const SLOW = ['--upload-limit', '400k'];

test.concurrent('A3: a peer downloads and shares at the same time', async ({ lan }) => {
  const song = someBytes(32, 1_500_000);
  const anna = await lan.seeder('anna', { files: { 'film.mkv': FILM }, args: SLOW });
  const both = await lan.seeder('berta', { files: { 'song.ogg': song } });
  const clara = await lan.peer('clara');
  await clara.items('peers');
  both.program.type('download film.mkv --no-wait');
  await both.hasFetched(1);
  expect(await clara.answer('download song.ogg')).toMatchObject({ ok: true });
  expect((await both.lastDownload()).state).toBe('fetching');
  await anna.items('limit up off');
  expect(song.equals(await clara.read('song.ogg'))).toBe(true);
  await both.isDone();
  expect(FILM.equals(await both.read('film.mkv'))).toBe(true);
});

test.concurrent('A8: the bytes go from peer to peer, not through the tracker', async ({ lan }) => {
  const meter = new UdpMeter(await lan.tracker());
  lan.onClose(() => meter.close());
  const tracker = await meter.start();
  await lan.seeder('anna', { tracker, files: { 'foo.bin': FILM } });
  const end = await lan.script('berta', ['search foo', 'download foo.bin'], { tracker });
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  expect(FILM.equals(await readFile(end.share.at('foo.bin')))).toBe(true);
  expect(meter.bytes).toBeGreaterThan(100);
  expect(meter.bytes).toBeLessThan(64 * 1_024);
});

test.concurrent('A9, A10, A11: one folder for what is finished and shared, unfinished files in Temp, never offered as complete', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'film.mkv': FILM }, args: SLOW });
  const berta = await lan.seeder('berta', { files: { 'own.txt': 'mine' } });
  const clara = await lan.peer('clara');
  await clara.items('peers');
  berta.program.type('download film.mkv --no-wait');
  await berta.hasFetched(1_000_000);
  const during = await berta.files();
  expect(during.filter((path) => path.startsWith('Temp/')).length).toBeGreaterThan(0);
  expect(during).not.toContain('film.mkv');
  const [hit] = await eventually('the search shows both', async () => {
    const hits = await clara.items('search film');
    return hits[0]?.sources.length === 2 ? hits : undefined;
  });
  const complete = Object.fromEntries(hit?.sources.map((source) => [source.name, source.complete]) ?? []);
  expect(complete).toEqual({ anna: true, berta: false });
  expect((await clara.items(`ls 127.0.0.1:${berta.port}`)).map(({ path }) => path)).toEqual(['own.txt']);

  await anna.items('limit up off');
  await berta.isDone();
  expect(await berta.files()).toEqual(['film.mkv', 'own.txt']);
  await berta.isPublished();
  const [after] = await clara.items('search film');
  expect(after?.sources.map(({ complete: whole }) => whole)).toEqual([true, true]);
  expect(await anna.files()).toEqual(['film.mkv']);
});

test.concurrent('A14: with --max-downloads 1 the second waits until the first ends', async ({ lan }) => {
  const files = { 'one.bin': FILM, 'two.bin': someBytes(33, 300_000) };
  await lan.seeder('anna', { files, args: ['--upload-limit', '2M'] });
  const berta = await lan.peer('berta', { args: ['--max-downloads', '1'] });
  berta.program.type('download one.bin --no-wait', 'download two.bin --no-wait');
  await berta.hasFetched(0);
  const both = await eventually('both are known', async () => {
    const all = await berta.items('downloads');
    return all.length === 2 && all[0]?.state === 'fetching' ? all : undefined;
  });
  expect(both.map(({ state }) => state)).toEqual(['fetching', 'waiting']);
  await eventually('the second is done', async () => {
    const [first, second] = await berta.items('downloads');
    if (second?.state !== 'waiting') expect(first?.state).toBe('done');
    return second?.state === 'done';
  });
  const wrong = await lan.launcher.peer(['--max-downloads', '0']);
  expect(await wrong.exitCode()).toBe(2);
  expect(wrong.stderr).toContain('"0" is not a number of downloads');
});

test.concurrent('A15: download --wait comes back when the file is there', async ({ lan }) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM }, args: ['--upload-limit', '4M'] });
  const berta = await lan.peer('berta');
  await berta.program.ask('download film.mkv --wait', /^film\.mkv is done: /);
  expect((await stat(join(berta.share.path, 'film.mkv'))).size).toBe(FILM.length);
  berta.program.type('quit');
  expect(await berta.program.exitCode()).toBe(0);
});

test('A16: several files to several clients at once', async ({ lan }) => {
  const names = ['a.bin', 'b.bin', 'c.bin', 'd.bin'];
  const files = Object.fromEntries(names.map((name, index) => [name, someBytes(40 + index, 4_200_000)]));
  const seeder = await lan.seeder('seeder', { files, args: ['--upload-limit', '6M'] });
  const clients = await Promise.all(names.map((name) => lan.peer(`to-${name}`)));
  await Promise.all(clients.map((client) => client.items('peers')));
  for (const client of clients) client.program.type(...names.map((name) => `download ${name} --no-wait`));
  let peak = 0;
  await eventually('all four have all four', async () => {
    const uploads = (await seeder.answer('status')).uploads;
    peak = Math.max(peak, Array.isArray(uploads) ? uploads.length : 0);
    const states = await Promise.all(clients.map((client) => client.items('downloads')));
    return states.every((all) => all.length === 4 && all.every(({ state }) => state === 'done'));
  });
  expect(peak).toBeGreaterThanOrEqual(4);
  for (const client of clients) {
    for (const [name, content] of Object.entries(files)) {
      expect(content.equals(await client.read(name)), name).toBe(true);
    }
  }
});
