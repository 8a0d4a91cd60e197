import { expect } from 'vitest';
import { someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type TestPeer } from '../Support/TestPeer.ts';

const MIB = 1_048_576;
const FILM = someMebibytes(20, 18);
const SLOW = { args: ['--download-limit', '4M'] };
/** Upper bound on bytes in flight when a lane breaks: a second of its rate, and the socket buffers. */
const WINDOW = 7 * MIB;

/** Starts a seeder, and a leecher that has half of the film. */
async function halfWay(lan: TestLan): Promise<{ seeder: TestPeer; leecher: TestPeer }> {
  const seeder = await lan.seeder('anna', { files: { 'film.bin': FILM } });
  const leecher = await lan.peer('berta', SLOW);
  await leecher.items('download film.bin --no-wait');
  await leecher.hasFetched(9 * MIB);
  return { seeder, leecher };
}

/** Restarts an ended peer in its place. */
function again(lan: TestLan, peer: TestPeer, args: readonly string[] = []): Promise<TestPeer> {
  return lan.peer(peer.name, { share: peer.share, port: peer.port, home: peer.program.home, args });
}

async function isDone(peer: TestPeer): Promise<void> {
  await peer.isDone();
  expect(FILM.equals(await peer.read('film.bin'))).toBe(true);
  expect(await peer.files()).toEqual(['film.bin']); // Nothing is left in Temp.
}

test.concurrent('after kill -9 and a restart a download resumes, and fetches no verified chunk again', async ({
  lan,
}) => {
  const { seeder, leecher } = await halfWay(lan);
  expect((await leecher.files()).every((path) => path.startsWith('Temp/'))).toBe(true);
  const { bytes } = await leecher.lastDownload();
  await leecher.program.kill('SIGKILL');
  const restarted = await again(lan, leecher);
  await isDone(restarted);
  expect((await restarted.lastDownload()).bytesFromBefore).toBeGreaterThanOrEqual(bytes);
  expect(await seeder.sent()).toBeLessThanOrEqual(FILM.length + WINDOW);
});

test.concurrent('after quit and a restart a download resumes', async ({ lan }) => {
  const { seeder, leecher } = await halfWay(lan);
  const { bytes } = await leecher.lastDownload();
  leecher.program.type('quit');
  expect(await leecher.program.exitCode()).toBe(0);
  expect(await leecher.files()).not.toContain('film.bin');
  const restarted = await again(lan, leecher);
  await isDone(restarted);
  expect((await restarted.lastDownload()).bytesFromBefore).toBeGreaterThanOrEqual(bytes);
  expect(await seeder.sent()).toBeLessThanOrEqual(FILM.length + WINDOW);
});

test.concurrent('SIGTERM during a script: the exit code is 1, and the next run resumes the download', async ({
  lan,
}) => {
  const slow = { args: ['--upload-limit', '6M'] };
  const seeder = await lan.seeder('anna', { files: { 'film.bin': FILM }, ...slow });
  const leecher = await lan.peer('berta');
  leecher.program.type('download film.bin');
  await eventually('half is sent', async () => (await seeder.sent()) > 9 * MIB);
  expect(await leecher.program.kill('SIGTERM')).toEqual({ code: 1, signal: null });
  expect(leecher.program.stderr).toMatch(/line 1 "download film\.bin": /);
  const restarted = await again(lan, leecher);
  await isDone(restarted);
  expect((await restarted.lastDownload()).bytesFromBefore).toBeGreaterThan(5 * MIB);
});

test.concurrent('pause holds across a restart, until resume', async ({ lan }) => {
  const { seeder, leecher } = await halfWay(lan);
  await leecher.items('pause film.bin');
  const paused = await eventually('it is paused', async () => {
    const now = await leecher.lastDownload();
    return now.state === 'paused' ? now : undefined;
  });
  const sent = await seeder.sent();
  await leecher.program.kill('SIGKILL');
  const restarted = await again(lan, leecher);
  expect((await restarted.lastDownload()).state).toBe('paused');
  await restarted.items('peers'); // It had time to start.
  expect(await seeder.sent()).toBe(sent);
  await restarted.items('resume film.bin');
  await isDone(restarted);
  expect((await restarted.lastDownload()).bytesFromBefore).toBeGreaterThanOrEqual(paused.bytes);
});

test.concurrent('cancel removes the part file, and the download is no longer listed as a holder', async ({
  lan,
}) => {
  const { seeder, leecher } = await halfWay(lan);
  await leecher.items('cancel 1');
  await eventually('Temp is empty', async () => (await leecher.files()).length === 0);
  await eventually('the seeder is the only holder', async () => {
    const [hit] = await leecher.items('search film');
    const [seen] = await seeder.items('search film');
    return hit?.sources.length === 1 && (seen === undefined || seen.sources.length === 0);
  });
  const [anew] = await leecher.items('download film.bin --no-wait');
  expect(anew?.bytesFromBefore).toBe(0);
});

test.concurrent('a killed seeder costs only pending chunks; after its restart the download resumes', async ({
  lan,
}) => {
  const { seeder, leecher } = await halfWay(lan);
  await seeder.program.kill('SIGKILL');
  const { bytes } = await leecher.hasFetched(9 * MIB);
  expect(bytes).toBeLessThan(FILM.length);
  const back = await again(lan, seeder);
  await isDone(leecher);
  expect(await back.sent()).toBeLessThanOrEqual(FILM.length - bytes + WINDOW);
});

test.concurrent('after kill -9 and a restart a folder resumes by itself, as one download', async ({
  lan,
}) => {
  const large = Array.from({ length: 20 }, (_, n) => [`Films/${n}.bin`, someMebibytes(21 + n, 2)] as const);
  const small = Array.from(
    { length: 300 },
    (_, n) => [`Films/small/${n}.txt`, Buffer.from(`small file ${n}\n`.repeat(200))] as const,
  );
  const files = Object.fromEntries([...large, ...small]);
  const size = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  const seeder = await lan.seeder('anna', { files });
  const leecher = await lan.peer('berta', { args: ['--download-limit', '8M'] });
  await leecher.items('download Films/ --no-wait');
  await leecher.hasFetched(20 * MIB);
  await leecher.program.kill('SIGKILL');
  const restarted = await again(lan, leecher);
  expect(await restarted.items('downloads')).toHaveLength(1);
  await restarted.isDone();
  const { bytesFromBefore, bytes } = await restarted.lastDownload();
  expect(bytes).toBe(size);
  expect(bytesFromBefore).toBeGreaterThan(10 * MIB);
  expect(await restarted.files()).toEqual(Object.keys(files).sort());
  for (const [path, content] of Object.entries(files))
    expect(content.equals(await restarted.read(path)), path).toBe(true);
  // Of eight large files at once, up to one chunk each was in flight.
  expect(await seeder.sent()).toBeLessThanOrEqual(size + 9 * MIB + WINDOW);
});
