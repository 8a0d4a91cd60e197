import { expect } from 'vitest';
import { hostBehindRouter } from '../Support/BehindRouter.ts';
import { type Namespace, Namespaces } from '../Support/Namespaces.ts';
import { addressTranslation, networkNamespaces, title } from '../Support/Requires.ts';
import { newInvite, someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, TestPeer } from '../Support/TestPeer.ts';

const FILM = someMebibytes(90, 6);
const PORT = 9_001;
const TRACKER_PORT = 6_881;
const NAMESPACES = networkNamespaces();
const TRANSLATION = addressTranslation();

for (const network of ['open', 'private'] as const)
  test
    .skipIf(NAMESPACES)
    .concurrent(
      title(
        `two computers that cannot connect to each other exchange a file by a peer with --relay (${network} network)`,
        NAMESPACES,
      ),
      async ({ lan }) => {
        const [first, second, third] = await computers(lan);
        const args = network === 'open' ? [] : ['--network', newInvite()];
        // The third has the tracker, too.
        const rita = await peerOn(lan, third, {}, [
          ...args,
          '--relay',
          '--relay-limit',
          '40M',
          '--name',
          'rita',
        ]);
        await eventually('it starts a tracker', async () =>
          (await rita.items('tracker')).some(({ state }) => state === 'connected'),
        );
        const [anna, berta] = await Promise.all([
          peerOn(lan, first, { film: FILM }, [...args, '--name', 'anna']),
          peerOn(lan, second, {}, [...args, '--name', 'berta']),
        ]);
        await eventually(
          'the film is found',
          async () => (await berta.answer('search film')).items?.length === 1,
        );
        const [done] = await berta.items('download film.bin');
        expect(done?.sources).toMatchObject([{ name: 'anna', relayedBy: 'rita', bytes: FILM.length }]);
        expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
        const links = (await berta.items('peers')).filter(({ name }) => name === 'anna');
        expect(links).toMatchObject([{ link: { relayedBy: 'rita', lanes: { secured: 'TLS 1.3' } } }]);
        const { relay } = (await rita.answer('status')).network as { relay: { bytes: number } };
        expect(relay.bytes).toBeGreaterThan(FILM.length);
        expect(anna.program.stdout).not.toContain('relay');
      },
    );

test
  .skipIf(TRANSLATION)
  .concurrent(
    title(
      'two computers behind different routers report the reason and the next step; a peer with --relay relays',
      TRANSLATION,
    ),
    async ({ lan }) => {
      const net = await Namespaces.make(3);
      lan.onClose(() => net.close());
      const [router, otherRouter, outside] = net.hosts as [Namespace, Namespace, Namespace];
      const behind = await Promise.all([hostBehindRouter(router, 81), hostBehindRouter(otherRouter, 82)]);
      for (const host of behind) lan.onClose(() => host.close());
      const at = ['--host', outside.ip, '--port', String(TRACKER_PORT)];
      await (await lan.launcher.tracker(at, { prefix: outside.prefix })).line(/^\d+\.\d+\.\d+\.\d+:\d+$/);
      const args = ['--tracker', `${outside.ip}:${TRACKER_PORT}`, '--name'];
      const [anna, berta] = await Promise.all([
        peerOn(lan, behind[0], { film: FILM }, [...args, 'anna']),
        peerOn(lan, behind[1], {}, [...args, 'berta']),
      ]);
      await eventually(
        'the film is found',
        async () => (await berta.answer('search film')).items?.length === 1,
      );
      const [hit] = await berta.items('search film');
      // The own address of anna, 192.168.81.100, is not reachable for others.
      expect(hit?.sources).toMatchObject([{ host: router.ip, port: PORT }]);
      await berta.items('download film.bin --no-wait');
      await eventually('the reason is shown, with the next step', async () =>
        /cannot connect to each other: let TCP 9001 through/.test(
          String((await berta.lastDownload()).reason),
        ),
      );
      await peerOn(lan, outside, {}, [...args, 'rita', '--relay', '--relay-limit', '40M']);
      await eventually('it is whole', async () => (await berta.lastDownload()).state === 'done');
      expect(FILM.equals(await berta.read('film.bin'))).toBe(true);
      expect((await berta.lastDownload()).sources).toMatchObject([{ name: 'anna', relayedBy: 'rita' }]);
      await eventually(
        'it knows that nobody can connect to it',
        async () => (await anna.answer('whoami')).reachable === false,
      );
    },
  );

/** Two computers without incoming connections, and a third one. */
async function computers(lan: TestLan): Promise<readonly [Namespace, Namespace, Namespace]> {
  const net = await Namespaces.make(3);
  lan.onClose(() => net.close());
  const [first, second, third] = net.hosts;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('three were wanted');
  const rule = ['ipproto', 'tcp', 'sport', String(PORT), 'blackhole'];
  for (const host of [first, second]) await net.run(host, 'ip', 'rule', 'add', 'pref', '10', ...rule);
  return [first, second, third];
}

/** `node Peer.js 9001 …`, with these files in the default folder. */
async function peerOn(
  lan: TestLan,
  host: Namespace,
  files: Readonly<Record<string, Buffer>>,
  args: readonly string[],
): Promise<TestPeer> {
  const home = await lan.launcher.folder();
  const share = await home.inside('Downloads', 'P2P', `User-${PORT}`);
  for (const [name, bytes] of Object.entries(files)) await share.write(`${name}.bin`, bytes);
  const options = { home: home.path, prefix: host.prefix, env: { SHOAL_DISCOVERY: undefined } };
  return new TestPeer(host.name, await lan.launcher.peer([String(PORT), ...args], options), share, PORT);
}
