import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { GONE_MS, within } from '../Support/Slowdown.ts';
import { someMebibytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

const MIB = 1_048_576;
/** Promised recovery time after an outage. */
const REJOINED_MS = 10_000;

test.concurrent('a killed and restarted tracker is rejoined within 10 s; a running download continues', async ({
  lan,
}) => {
  const film = someMebibytes(30, 48);
  const { program, address } = await lan.trackerProgram();
  const files = { 'film.bin': film };
  const seeder = await lan.seeder('anna', { files, args: ['--upload-limit', '8M'] });
  const leecher = await lan.peer('berta');
  await leecher.items('download film.bin --no-wait');
  await leecher.hasFetched(4 * MIB);
  await program.kill('SIGKILL');
  const atDeath = (await leecher.lastDownload()).bytes;
  await leecher.hasFetched(atDeath + 4 * MIB); // The download continues without a tracker.
  await leecher.isDone();
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  expect(await seeder.sent()).toBeLessThan(film.length + 2 * MIB);
  const isLost = async () => (await leecher.items('tracker'))[0]?.state === 'lost';
  await eventually('the outage is seen', isLost);
  const [host = '', port = ''] = address.split(':');
  const back = await lan.launcher.tracker(['--host', host, '--port', port]);
  await back.line(/^\d/);
  await within(REJOINED_MS, () =>
    eventually('everybody is back in the new tracker', async () => {
      const newcomers = await lan.script('clara', ['peers', 'search film']);
      return (
        /anna/.test(newcomers.stdout) && /berta/.test(newcomers.stdout) && /film\.bin/.test(newcomers.stdout)
      );
    }),
  );
});

test.concurrent('peers may start before the tracker', async ({ lan }) => {
  const port = await freePort();
  const tracker = `127.0.0.1:${port}`;
  const peer = await lan.peer('anna', { tracker, files: { 'film.bin': 'film' } });
  await peer.items('list');
  expect(await peer.answer('search film')).toMatchObject({ ok: false, error: { code: 'NO_TRACKER' } });
  await (await lan.launcher.tracker(['--host', '127.0.0.1', '--port', String(port)])).line(/^\d/);
  await within(REJOINED_MS, () =>
    eventually('the peer has joined', async () => (await peer.items('tracker'))[0]?.state === 'connected'),
  );
  await peer.isPublished();
  const { code, stdout } = await lan.script('berta', ['search film'], { tracker });
  expect(code).toBe(0);
  expect(stdout).toContain('anna');
});

test.concurrent('a taken port is an error with a hint and code 1; two signals end its peer at once', async ({
  lan,
}) => {
  const first = await lan.seeder('anna');
  const end = await lan.script('berta', [], { port: first.port });
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(new RegExp(`^error: .*port ${first.port} .*\nhint: .+\n$`));
  // A second signal ends a peer at once; it leaves no lock either.
  for (const _ of [1, 2]) first.program.signal('SIGINT');
  await first.program.exit();
  expect(readdirSync(first.share.path)).toEqual([]);
});

test.concurrent.for([
  ['/bin/sh', /^error: \/bin\/sh is not a folder\nhint: /],
  ['/bin/sh/deeper', /cannot be created\nhint: /],
  ['/proc/nope/deeper', /^error: \/proc\/nope\/deeper holds files of the system: .+\nhint: /],
] as const)('the share folder %s is an error with a hint and code 1', async ([folder, message], { lan }) => {
  const peer = await lan.launcher.peer(['--share', folder]);
  peer.endInput();
  expect(await peer.exitCode()).toBe(1);
  expect(peer.stderr).toMatch(message);
});

test.concurrent('a second peer in the same share folder is refused with a hint', async ({ lan }) => {
  const first = await lan.seeder('anna', { files: { a: 'a' } });
  const same = { share: first.share, home: first.program.home };
  const end = await lan.script('berta', ['list'], same);
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/^error: .+\nhint: .+\n$/);
  await first.program.kill('SIGKILL');
  // The lock ends with its process.
  expect((await lan.script('berta', ['list'], same)).code).toBe(0);
});

test.concurrent('quit, SIGINT and SIGTERM end a peer cleanly, and it is gone from the tracker within 1 s', async ({
  lan,
}) => {
  const witness = await lan.seeder('witness');
  const peers = {
    quit: await lan.seeder('quits', { files: { 'quits.bin': 'q' } }),
    SIGINT: await lan.seeder('interrupted', { files: { 'int.bin': 'i' } }),
    SIGTERM: await lan.seeder('terminated', { files: { 'term.bin': 't' } }),
  };
  expect(await witness.items('peers')).toHaveLength(3);
  peers.quit.program.type('quit');
  peers.SIGINT.program.signal('SIGINT');
  peers.SIGTERM.program.signal('SIGTERM');
  const ends = await Promise.all(Object.values(peers).map(({ program }) => program.exit()));
  expect(ends.map(({ signal }) => signal)).toEqual([null, null, null]);
  expect(ends[0]).toMatchObject({ code: 0 });
  for (const { share } of Object.values(peers)) expect(readdirSync(share.path).join()).toMatch(/^\w+\.bin$/); // No lock is left.
  await within(GONE_MS, () =>
    eventually('nobody is left', async () => (await witness.items('peers')).length === 0),
  );
  expect(await witness.items('search bin')).toEqual([]);
});

test.concurrent('--no-console prints the share, serves, and ends with 0 at a signal', async ({ lan }) => {
  const service = await lan.peer('anna', { files: { 'film.bin': 'film' }, args: ['--no-console'] });
  await service.program.line(/^anna shares .* on TCP port \d+$/);
  const witness = await lan.peer('berta');
  await eventually('it is found', async () => (await witness.items('search film')).length === 1);
  service.program.signal('SIGTERM');
  expect(await service.program.exit()).toEqual({ code: 0, signal: null });
  expect(service.program.stderr).not.toMatch(/error/i);
});
