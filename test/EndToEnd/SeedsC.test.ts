import { readFile, stat } from 'node:fs/promises';
import { expect } from 'vitest';
import { isFree } from '../Support/launch.ts';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';
import { type Answer, eventually, type TestPeer } from '../Support/TestPeer.ts';

/** Seed 002, parts: `send`, `accept` and `parts` between real programs. */

/** 4 chunks, the last one shorter. */
const FILM = someBytes(21, 3_500_000);

function at({ port }: TestPeer): string {
  return `127.0.0.1:${port}`;
}

/** The answer to a command in the output of a pipe with JSON. */
function answers(stdout: string): Answer[] {
  return lines(stdout).filter((line) => 'version' in line) as unknown as Answer[];
}

function lines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test.concurrent('C1: parts lists which chunks of which file are here', async ({ lan }) => {
  const files = { 'film.mkv': FILM, 'small.txt': 'small' };
  const end = await lan.script('anna', ['parts', 'parts film.mkv --json', 'parts nothing.bin'], { files });
  expect(end.stdout).toMatch(/film\.mkv +4 of 4 +0-3 /);
  expect(end.stdout).toMatch(/small\.txt +1 of 1 +0 /);
  const [one] = answers(end.stdout);
  expect(one).toMatchObject({ ok: true, command: 'parts' });
  expect(one?.items).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      path: 'film.mkv',
      chunks: 4,
      count: 4,
      size: 3_500_000,
      have: [[0, 3]],
    },
  ]);
  expect(end.stderr).toMatch(
    /^error: line 3 "parts nothing\.bin": there is no "nothing\.bin" in the share\nhint: /m,
  );
});

test('C2: 20 pushers at once to one receiver, all acknowledged', async ({ lan }) => {
  const receiver = await lan.seeder('receiver', { args: ['--accept', 'all'] });
  const ends = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const name = `part${index}.bin`;
      const content = someBytes(100 + index, index % 4 === 0 ? 1_300_000 : 70_000);
      const end = await lan.script(`pusher${index}`, [`send ${name} ${at(receiver)}`], {
        files: { [name]: content },
      });
      return { name, content, end };
    }),
  );
  for (const { name, content, end } of ends) {
    expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
    expect(end.stdout).toMatch(/^(\d) of \1 chunks? of part\d+\.bin confirmed by receiver$/m);
    expect(content.equals(await receiver.read(name)), name).toBe(true);
  }
});

test.concurrent('C3, C4, C6, C7: a pushed file lies in the share, byte for byte; every chunk is confirmed', async ({
  lan,
}) => {
  const bytes = Buffer.from(Array.from({ length: 1_024 }, (_, index) => index & 0xff));
  const berta = await lan.seeder('berta', {
    args: ['--accept', 'all'],
    files: { 'film.mkv': 'another film' },
  });
  const sent = ['send film.mkv berta --verbose', `send bytes.bin 127.0.0.1 ${berta.port} --json`];
  const files = { 'film.mkv': FILM, 'bytes.bin': bytes };
  const end = await lan.script('anna', sent, { files });
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  const acks = end.stdout.match(/^chunk \d confirmed by berta \(\d of 4\)$/gm) ?? [];
  expect(acks.map((line) => line.split(' ')[1]).sort()).toEqual(['0', '1', '2', '3']);
  expect(end.stdout).toMatch(/^4 of 4 chunks of film\.mkv confirmed by berta$/m);
  expect(lines(end.stdout)).toMatchObject([
    { event: 'chunk', chunk: 0, confirmed: 1, chunks: 1 },
    { version: 1, command: 'send', ok: true, items: [{ state: 'done', confirmed: 1, chunks: 1 }] },
  ]);
  expect(await berta.files()).toEqual(['bytes.bin', 'film (2).mkv', 'film.mkv']);
  expect((await berta.read('film.mkv')).toString()).toBe('another film');
  expect(FILM.equals(await berta.read('film (2).mkv'))).toBe(true);
  expect(bytes.equals(await berta.read('bytes.bin'))).toBe(true);
});

test.concurrent('C5: what is there already costs no bytes', async ({ lan }) => {
  const berta = await lan.seeder('berta', { args: ['--accept', 'all'] });
  const anna = await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  expect(await anna.answer('send film.mkv berta')).toMatchObject({ ok: true, items: [{ state: 'done' }] });
  const before = await stat(berta.share.at('film.mkv'));
  const sent = await anna.sent();
  expect(await anna.answer('send film.mkv berta')).toMatchObject({
    ok: true,
    items: [{ state: 'already there' }],
  });
  expect(await anna.sent()).toBe(sent);
  const after = await stat(berta.share.at('film.mkv'));
  expect([after.mtimeMs, after.ino]).toEqual([before.mtimeMs, before.ino]);
  await anna.program.ask(`send film.mkv ${at(berta)}`, /^berta already has film\.mkv: nothing to send$/);
});

test.concurrent('C6: a receiver that goes away, is not there, or is not known: the push has failed', async ({
  lan,
}) => {
  const berta = await lan.seeder('berta', { args: ['--accept', 'all', '--download-limit', '300K'] });
  const anna = await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  const push = anna.answer('send film.mkv berta');
  await eventually('bytes flow', async () => (await berta.items('downloads')).some(({ bytes }) => bytes > 0));
  await berta.program.kill();
  const { ok, error } = await push;
  expect({ ok, code: error?.code }).toEqual({ ok: false, code: 'UNREACHABLE' });
  expect(error?.hint).toContain('Send it again');
  const nobody = await anna.answer('send film.mkv 127.0.0.1:1');
  expect(nobody.error?.code).toBe('UNREACHABLE');
  expect((await anna.answer('send film.mkv nobody')).error?.code).toBe('NOT_FOUND');
  expect((await anna.answer('send nothing.bin berta')).error).toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining('share folder'),
  });
  expect((await anna.answer('send film.mkv')).error?.code).toBe('USAGE');
});

test.concurrent('C8: a peer on TCP 6881 and one on 6882 beside a tracker on UDP 6881', async ({ lan }) => {
  // Where the ports of the seed are in use, others replace them; the same number still serves UDP and TCP.
  const listening = async (port: number) => {
    if (!((await isFree(port)) && (await isFree(port + 1)))) return undefined;
    const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', String(port)]);
    return tracker.line(/^127\.0\.0\.1:\d+$/).catch(() => undefined);
  };
  const [address = ''] = (await listening(6_881)) ?? (await listening(16_881)) ?? [];
  const port = Number(address.split(':')[1]);
  const berta = await lan.seeder('berta', { port, tracker: address, args: ['--accept', 'all'] });
  const end = await lan.script('anna', [`send part2.txt 127.0.0.1:${port}`], {
    port: port + 1,
    tracker: address,
    files: { 'part2.txt': 'part two' },
  });
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  expect((await berta.read('part2.txt')).toString()).toBe('part two');
});

test.concurrent('C10: without consent a push is refused, with it stored; always is remembered', async ({
  lan,
}) => {
  const share = await lan.launcher.folder();
  const home = (await lan.launcher.folder()).path;
  const anna = await lan.seeder('anna', { files: { 'one.bin': FILM, 'two.txt': '2', 'three.txt': '3' } });
  const strict = await lan.seeder('berta', { share, home });
  const refused = await anna.answer('send one.bin berta');
  expect(refused.error).toMatchObject({ code: 'REFUSED', hint: expect.stringContaining('--accept') });
  strict.program.endInput();
  await strict.program.exit();

  const asking = await lan.seeder('berta', { share, home, args: ['--accept', 'ask'] });
  const first = anna.answer(`send one.bin ${at(asking)}`);
  await asking.program.line(
    /^anna \(127\.0\.0\.1:\d+\) offers one\.bin \(3\.5 MB, 4 chunks\)\. Accept it: accept 1\. Reject it: reject 1$/,
    { output: 'stderr' },
  );
  expect(await asking.items('accept')).toMatchObject([{ number: 1, name: 'one.bin', chunks: 4 }]);
  expect((await asking.answer('accept 7')).error?.code).toBe('NOT_FOUND');
  expect((await asking.answer('accept x')).error?.code).toBe('USAGE');
  expect((await asking.answer('reject 1')).ok).toBe(true);
  expect((await first).error?.code).toBe('REFUSED');
  const second = anna.answer(`send one.bin ${at(asking)}`);
  await asking.program.line(/accept 2/, { output: 'stderr' });
  expect((await asking.answer('accept 2 --always')).ok).toBe(true);
  expect(await second).toMatchObject({ ok: true, items: [{ state: 'done', confirmed: 4 }] });
  expect((await anna.answer(`send two.txt ${at(asking)}`)).ok).toBe(true);
  asking.program.endInput();
  await asking.program.exit();

  const again = await lan.seeder('berta', { share, home });
  expect((await anna.answer(`send three.txt ${at(again)}`)).ok).toBe(true);
  expect(await again.files()).toEqual(['one.bin', 'three.txt', 'two.txt']);
  again.program.endInput();
  await again.program.exit();

  const closed = await lan.seeder('berta', { share, home, args: ['--accept', 'none'] });
  await anna.share.write('four.txt', '4');
  await eventually('four.txt is shared', async () =>
    (await anna.items('list')).some(({ path }) => path === 'four.txt'),
  );
  expect((await anna.answer(`send four.txt ${at(closed)}`)).error?.code).toBe('REFUSED');
});

test.concurrent('C3: who has only some chunks pushes these, and the receiver finds the rest elsewhere', async ({
  lan,
}) => {
  const film = someBytes(22, 8 * 1_048_576);
  const seeder = await lan.seeder('seeder', { files: { 'film.mkv': film }, args: ['--upload-limit', '2M'] });
  const anna = await lan.seeder('anna');
  anna.program.type('download film.mkv --no-wait');
  const partial = await eventually('anna has some chunks', async () => {
    const [part] = await anna.items('parts').catch(() => []);
    return part !== undefined && Number(Reflect.get(part, 'count')) >= 2 ? part : undefined;
  });
  await seeder.program.kill();
  expect(partial.path).toBe('film.mkv');
  const berta = await lan.seeder('berta', { args: ['--accept', 'all'] });
  const push = await anna.answer('send film.mkv berta');
  expect(push).toMatchObject({ ok: true, items: [{ state: 'done', chunkCount: 8 }] });
  const [sent] = push.items ?? [];
  const [held] = await berta.items('parts');
  expect(Reflect.get(held ?? {}, 'count')).toBe(Reflect.get(sent ?? {}, 'chunks'));
  expect(Number(Reflect.get(held ?? {}, 'count'))).toBeLessThan(8);
  await lan.seeder('other', { files: { 'film.mkv': film } });
  await berta.isDone();
  expect(film.equals(await readFile(berta.share.at('film.mkv')))).toBe(true);
});
