import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Namespace, Namespaces } from '../Support/Namespaces.ts';
import { networkNamespaces, title } from '../Support/Requires.ts';
import { within } from '../Support/Slowdown.ts';
import { someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, TestPeer } from '../Support/TestPeer.ts';

const FILM = someMebibytes(80, 20);
const PORT = 9_001;
const NAMESPACES = networkNamespaces();

test
  .skipIf(NAMESPACES)
  .concurrent(
    title(
      'two computers without configuration: one starts the tracker, they find each other, a download completes',
      NAMESPACES,
    ),
    async ({ lan }) => {
      const hosts = await computers(lan, 2);
      const [anna, berta] = await Promise.all(hosts.map((host, index) => peerOn(lan, host, index === 0)));
      if (anna === undefined || berta === undefined) throw new Error('two were wanted');
      await findsFilm(berta);
      // Both may start a tracker at the same moment; linked peers answer searches before one of the two is closed.
      await eventually('one tracker is left', async () => {
        const trackers = (await Promise.all([anna, berta].map((peer) => peer.items('tracker')))).flat();
        return trackers.filter(({ foundBy }) => foundBy === 'embedded').length === 1;
      });
      const [done] = await berta.items('download film.bin');
      expect(done?.sources).toMatchObject([{ host: hosts[0]?.ip, port: PORT, bytes: FILM.length }]);
      expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
      await eventually('each has the other in its list, once', async () => {
        const listed = (await anna.items('peers')).map(({ host }) => host);
        return listed.length === 1 && listed[0] === hosts[1]?.ip;
      });
    },
  );

test
  .skipIf(NAMESPACES)
  .concurrent(
    title('three computers: when the one with the tracker quits, another takes over within 10 s', NAMESPACES),
    async ({ lan }) => {
      const { first, third, founder, anna, berta } = await threePeers(lan);
      expect((await berta.items('tracker')).map(({ host }) => host)).toEqual([first.ip]);

      founder.program.type('quit');
      expect(await founder.program.exitCode()).toBe(0);
      await within(10_000, async () => {
        await eventually('another one runs the tracker', () => hasOtherTracker(berta, first));
        await findsFilm(berta);
      });
      await berta.items('download film.bin');
      expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
      expect((await anna.items('peers')).map(({ host }) => host)).toEqual([third.ip]);
    },
  );

test
  .skipIf(NAMESPACES)
  .concurrent(
    title(
      'three computers: the one with the tracker is killed, and another one takes over within 10 s',
      NAMESPACES,
    ),
    async ({ lan }) => {
      const { first, third, founder, anna, berta } = await threePeers(lan);
      await eventually('they know each other', async () => (await anna.items('peers')).length === 2);

      await founder.program.kill('SIGKILL');
      await within(10_000, () =>
        eventually('another one runs the tracker', () => hasOtherTracker(berta, first)),
      );
      await findsFilm(berta);
      // The cable of one is unplugged and plugged in again: all peers find each other without any action.
      await pulled(lan, third, 8_000);
      await findsFilm(berta);
      await berta.items('download film.bin');
      expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
    },
  );

test
  .skipIf(NAMESPACES)
  .concurrent(
    title('a computer gets another address while it gives and fetches: both go on soon', NAMESPACES),
    async ({ lan }) => {
      const hosts = await threeComputers(lan);
      const [first, second, third] = hosts;
      const [anna, berta, clara] = await Promise.all([
        peerOn(lan, first, true, ['--upload-limit', '4M']),
        peerOn(lan, second, false, ['--upload-limit', '4M']),
        peerOn(lan, third, false),
      ]);
      const song = someMebibytes(81, 80);
      await berta.share.write('song.bin', song);
      await findsFilm(berta);
      await eventually(
        'the song is found',
        async () => (await clara.answer('search song')).items?.length === 1,
      );
      await berta.items('download film.bin --no-wait');
      await clara.items('download song.bin --no-wait');
      await berta.hasFetched(4_000_000);
      await clara.hasFetched(4_000_000);

      await networks.get(lan)?.run(second, 'ip', 'address', 'flush', 'dev', 'lan0');
      await networks
        .get(lan)
        ?.run(second, 'ip', 'address', 'add', '10.77.0.77/24', 'brd', '+', 'dev', 'lan0');
      await networks.get(lan)?.run(second, 'ip', 'route', 'add', 'default', 'dev', 'lan0');
      const fetched = await Promise.all(
        [berta, clara].map(async (peer) => (await peer.lastDownload()).bytes),
      );
      // Measured: 12 s. 3 s until the link is probed, 6 s until the probe fails, then a new connection.
      await within(20_000, () =>
        Promise.all(
          // On a busy machine a whole file may be there by now.
          [FILM, song].map((file, index) =>
            [berta, clara][index]?.hasFetched(
              Math.min(file.length, 2_000_000 + (fetched[index] ?? Number.NaN)),
            ),
          ),
        ),
      );
      for (const peer of [anna, berta]) peer.program.type('limit up off');
      await eventually('both are whole', async () =>
        (await Promise.all([berta, clara].map((peer) => peer.lastDownload()))).every(
          ({ state }) => state === 'done',
        ),
      );
      expect(song.equals(await clara.read('song.bin'))).toBe(true);
    },
  );

test
  .skipIf(NAMESPACES)
  .concurrent(
    title('a script with nothing configured waits for the tracker that its own peer starts', NAMESPACES),
    async ({ lan }) => {
      const [alone] = await computers(lan, 1);
      if (alone === undefined) throw new Error('one was wanted');
      const home = await lan.launcher.folder();
      const options = { home: home.path, prefix: alone.prefix, env: { SHOAL_DISCOVERY: undefined } };
      for (let run = 0; run < 2; run++) {
        const script = await lan.launcher.peer([String(PORT)], options);
        script.type('search film', 'quit');
        script.endInput();
        expect(await script.exitCode()).toBe(0);
        expect(script.stderr).not.toMatch(/no tracker/i);
      }
    },
  );

/** Network namespaces on a bridge of their own. */
async function computers(lan: TestLan, count: number): Promise<readonly Namespace[]> {
  const made = await Namespaces.make(count);
  lan.onClose(() => made.close());
  networks.set(lan, made);
  return made.hosts;
}

/** Three computers with a peer each: the first one has the tracker, the second one the film. */
async function threePeers(lan: TestLan) {
  const [first, second, third] = await threeComputers(lan);
  // It starts alone, so that it has the tracker.
  const founder = await peerOn(lan, first, false);
  await eventually('it starts a tracker', async () =>
    (await founder.items('tracker')).some(
      ({ foundBy, state }) => foundBy === 'embedded' && state === 'connected',
    ),
  );
  const [anna, berta] = await Promise.all([peerOn(lan, second, true), peerOn(lan, third, false)]);
  await findsFilm(berta);
  return { first, third, founder, anna, berta };
}

async function threeComputers(lan: TestLan): Promise<readonly [Namespace, Namespace, Namespace]> {
  const [first, second, third] = await computers(lan, 3);
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('three were wanted');
  return [first, second, third];
}

const networks = new WeakMap<TestLan, Namespaces>();

/** Unplugs a computer for some time. */
async function pulled(lan: TestLan, host: Namespace, forMs: number): Promise<void> {
  await networks.get(lan)?.plug(host, false);
  await pause(forMs);
  await networks.get(lan)?.plug(host, true);
}

/** `node Peer.js 9001`, with the default folder. */
async function peerOn(
  lan: TestLan,
  host: Namespace,
  hasFilm: boolean,
  args: readonly string[] = [],
): Promise<TestPeer> {
  const home = await lan.launcher.folder();
  const share = await home.inside('Downloads', 'P2P', `User-${PORT}`);
  if (hasFilm) await share.write('film.bin', FILM);
  const options = { home: home.path, prefix: host.prefix, env: { SHOAL_DISCOVERY: undefined } };
  return new TestPeer(host.name, await lan.launcher.peer([String(PORT), ...args], options), share, PORT);
}

async function hasOtherTracker(peer: TestPeer, than: Namespace): Promise<boolean> {
  const trackers = await peer.items('tracker');
  return trackers.some(({ host, state }) => host !== than.ip && state === 'connected');
}

/** Waits until a search succeeds, which needs a tracker. */
function findsFilm(peer: TestPeer): Promise<true> {
  return eventually('the film is found', async () => (await peer.answer('search film')).items?.length === 1);
}
