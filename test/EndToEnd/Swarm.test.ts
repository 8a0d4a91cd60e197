import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { someBytes, someMebibytes, lanTest as test } from '../Support/TestLan.ts';

const MIB = 1_048_576;

test.concurrent('a file of two holders is fetched from both, byte for byte', async ({ lan }) => {
  const film = someMebibytes(2, 40);
  const files = { 'film.bin': film };
  const limit = { args: ['--upload-limit', '20M'] };
  const seeders = [
    await lan.seeder('anna', { files, ...limit }),
    await lan.seeder('berta', { files, ...limit }),
  ];
  const leecher = await lan.peer('clara');
  const [done] = await leecher.items('download film.bin');
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  const given = new Map(done?.sources.map(({ name, bytes }) => [name, bytes]));
  const sent = await Promise.all(seeders.map((seeder) => seeder.sent()));
  for (const bytes of [...sent, given.get('anna'), given.get('berta')])
    expect(bytes).toBeGreaterThan(4 * MIB);
  expect((sent[0] ?? 0) + (sent[1] ?? 0)).toBeLessThan(film.length * 1.25);
  expect(await leecher.files()).toEqual(['film.bin']);
});

test.concurrent('five peers: unfinished ones serve each other, and all copies are byte-equal', async ({
  lan,
}) => {
  const film = someMebibytes(3, 24);
  const seeder = await lan.seeder('seed', { files: { 'film.bin': film }, args: ['--upload-limit', '8M'] });
  const leechers = await Promise.all(['anna', 'berta', 'clara', 'dora'].map((name) => lan.peer(name)));
  await Promise.all(leechers.map((leecher) => leecher.items('download film.bin')));
  for (const leecher of leechers) expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  const given = await Promise.all(leechers.map((leecher) => leecher.sent()));
  expect(given.reduce((sum, bytes) => sum + bytes)).toBeGreaterThan(film.length / 2);
  expect(await seeder.sent()).toBeLessThan(3.5 * film.length);
});

test.concurrent('a third peer gets chunks from a partial holder, and lists it as incomplete', async ({
  lan,
}) => {
  const film = someMebibytes(4, 24);
  const seeder = await lan.seeder('seed', { files: { 'film.bin': film }, args: ['--upload-limit', '4M'] });
  const partial = await lan.peer('partial');
  const third = await lan.peer('third');
  await third.items('peers');
  await partial.items('download film.bin --no-wait');
  await partial.hasFetched(6 * MIB);
  const [hit] = await third.items('search film');
  expect(Object.fromEntries(hit?.sources.map(({ name, complete }) => [name, complete]) ?? [])).toEqual({
    seed: true,
    partial: false,
  });
  const listed = await third.items('ls partial');
  expect(listed).toEqual([]); // Never listed as a complete file.
  const [done] = await third.items('download film.bin');
  expect(film.equals(await third.read('film.bin'))).toBe(true);
  expect(done?.sources.find(({ name }) => name === 'partial')?.bytes).toBeGreaterThan(2 * MIB);
  expect(await partial.sent()).toBeGreaterThan(2 * MIB);
  expect(await seeder.sent()).toBeLessThan(2 * film.length);
});

test.concurrent('a folder is fetched with its subfolders and 500 small files', async ({ lan }) => {
  const files: Record<string, Buffer> = {
    'Holiday/film.bin': someMebibytes(5, 3),
    'outside.txt': someBytes(6, 10),
  };
  for (let n = 0; n < 500; n++) files[`Holiday/day ${n % 7}/deep/${n}.jpg`] = someBytes(1_000 + n, 1_000 + n);
  await lan.seeder('anna', { files });
  const end = await lan.script('berta', ['download Holiday/']);
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  const got = await lan.peer('berta', { share: end.share });
  expect(await got.files()).toEqual(
    Object.keys(files)
      .filter((path) => path.startsWith('Holiday/'))
      .sort(),
  );
  for (const path of await got.files()) expect(files[path]?.equals(await got.read(path)), path).toBe(true);
});

test.concurrent('same name, different contents: a choice, made by a prefix of the id', async ({ lan }) => {
  await lan.seeder('anna', { files: { 'a/notes.txt': 'one content' } });
  await lan.seeder('berta', { files: { 'b/notes.txt': 'another content' } });
  const leecher = await lan.peer('clara');
  const choice = await leecher.answer('download notes.txt');
  expect(choice).toMatchObject({ ok: false, error: { code: 'AMBIGUOUS' } });
  expect(choice.items).toHaveLength(2);
  expect(await leecher.files()).toEqual([]);
  const wanted = choice.items?.find((item) => item.sources[0]?.name === 'berta');
  await leecher.items(`download ${wanted?.id.slice(0, 8)}`);
  expect((await leecher.read('notes.txt')).toString()).toBe('another content');
});

test.concurrent('content of the own share is not fetched, under any name', async ({ lan }) => {
  const film = someMebibytes(7, 3);
  const seeder = await lan.seeder('anna', { files: { 'film.bin': film } });
  const mine = { 'mine.bin': film };
  const { code, stdout, share } = await lan.script('berta', ['download film.bin', 'list'], { files: mine });
  expect(code).toBe(0);
  expect(stdout).toMatch(/film\.bin is here already/);
  expect(await seeder.sent()).toBe(0);
  const [copy, original] = await Promise.all(
    ['film.bin', 'mine.bin'].map((name) => readFile(share.at(name))),
  );
  expect([copy?.equals(film), original?.equals(film)]).toEqual([true, true]);
});

test.concurrent('a different file of the same name is never overwritten: name (2).ext', async ({ lan }) => {
  await lan.seeder('anna', { files: { 'report.final.txt': 'theirs' } });
  const peer = await lan.peer('berta', { files: { 'report.final.txt': 'mine' } });
  const [done] = await peer.items('get anna report.final.txt');
  expect(done?.path).toBe(peer.share.at('report.final (2).txt'));
  expect((await peer.read('report.final.txt')).toString()).toBe('mine');
  expect((await peer.read('report.final (2).txt')).toString()).toBe('theirs');
  expect(await peer.files()).toEqual(['report.final (2).txt', 'report.final.txt']);
});

test.concurrent('ls and get accept a peer by its name, address, "ip port", or prefix of its id', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'x/1.txt': 'one', '2.txt': 'two' } });
  const { id } = await anna.answer('whoami');
  const peer = await lan.peer('berta');
  for (const form of ['anna', `127.0.0.1:${anna.port}`, `127.0.0.1 ${anna.port}`, String(id).slice(0, 8)]) {
    expect(
      (await peer.items(`ls ${form}`)).map(({ path }) => path),
      form,
    ).toEqual(['2.txt', 'x/1.txt']);
    expect(
      (await peer.items(`ls ${form} x`)).map(({ path }) => path),
      form,
    ).toEqual(['x/1.txt']);
    expect((await peer.items(`get ${form} 1.txt`))[0]?.state, form).toBe('done');
  }
  expect(await peer.files()).toEqual(['1.txt']);
  expect(await peer.answer('get anna nothing.txt')).toMatchObject({
    ok: false,
    error: { code: 'NOT_FOUND' },
  });
});

test.concurrent('connect host:port links two peers without any tracker', async ({ lan }) => {
  const film = someMebibytes(8, 2);
  const anna = await lan.peer('anna', { tracker: undefined, files: { 'film.bin': film } });
  await anna.items('list');
  const berta = await lan.peer('berta', { tracker: undefined });
  expect(await berta.answer(`connect 127.0.0.1:${anna.port}`)).toMatchObject({ ok: true, name: 'anna' });
  expect((await berta.items('ls anna')).map(({ path }) => path)).toEqual(['film.bin']);
  await berta.items('get anna film.bin');
  expect(film.equals(await berta.read('film.bin'))).toBe(true);
  expect((await anna.items('ls berta')).map(({ path }) => path)).toEqual(['film.bin']);
});

test.concurrent('files of boundary sizes and unusual names arrive unchanged', async ({ lan }) => {
  const files = {
    'empty.bin': new Uint8Array(0),
    'one byte.bin': someBytes(9, 1),
    'exactly 1 MiB.bin': someBytes(10, MIB),
    '1 MiB and 1.bin': someBytes(11, MIB + 1),
    '-rf': someBytes(12, 100),
    'wölfe & "schafe".txt': someBytes(13, 100),
    "o'clock $(id) `x`.txt": someBytes(14, 100),
    '日本語 🐟 файл.txt': someBytes(15, 100),
    'percent %s %00 #1.txt': someBytes(16, 100),
  };
  await lan.seeder('anna', { files });
  const peer = await lan.peer('berta');
  for (const [name, content] of Object.entries(files)) {
    const typed = `"${name.replaceAll('"', '\\"')}"`;
    await peer.items(`download ${typed}`);
    expect(Buffer.from(content).equals(await peer.read(name)), name).toBe(true);
  }
});
