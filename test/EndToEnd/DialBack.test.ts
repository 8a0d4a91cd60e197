import { expect } from 'vitest';
import { type Namespace, Namespaces } from '../Support/Namespaces.ts';
import { networkNamespaces, title } from '../Support/Requires.ts';
import { someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, TestPeer } from '../Support/TestPeer.ts';

const FILM = someMebibytes(90, 20);
const SONG = someMebibytes(91, 20);
const PORT = 9_001;
const NAMESPACES = networkNamespaces();

test
  .skipIf(NAMESPACES)
  .concurrent(
    title('a computer behind a firewall gives and takes files, without settings', NAMESPACES),
    async ({ lan }) => {
      const { hosts, net } = await computers(lan);
      const [first, second] = hosts;
      await firewall(net, first);
      const [closed, free] = await Promise.all([
        peerOn(lan, first, { film: FILM }),
        peerOn(lan, second, { song: SONG }),
      ]);
      await finds(free, 'film');
      await finds(closed, 'song');
      const [done] = await free.items('download film.bin');
      expect(done?.sources).toMatchObject([{ host: first.ip, bytes: FILM.length }]);
      await closed.items('download song.bin');
      expect([FILM.equals(await free.read('film.bin')), SONG.equals(await closed.read('song.bin'))]).toEqual([
        true,
        true,
      ]);
    },
  );

test
  .skipIf(NAMESPACES)
  .concurrent(
    title(
      'two computers behind firewalls report that, with the next step; one opened port is enough',
      NAMESPACES,
    ),
    async ({ lan }) => {
      const { hosts, net } = await computers(lan);
      const [first, second, third] = hosts;
      await Promise.all([firewall(net, first), firewall(net, second)]);
      // The third has the tracker.
      const tracker = await peerOn(lan, third, {});
      await eventually('it starts a tracker', async () =>
        (await tracker.items('tracker')).some(({ state }) => state === 'connected'),
      );
      const [one, other] = await Promise.all([
        peerOn(lan, first, { film: FILM }),
        peerOn(lan, second, { song: SONG }),
      ]);
      await finds(other, 'film');
      expect(one.port).toBe(PORT);
      await other.items('download film.bin --no-wait');
      await eventually('the reason is shown', async () =>
        /cannot connect to each other: let TCP 9001 through/.test(
          String((await other.lastDownload()).reason),
        ),
      );
      await net.run(second, 'ip', 'rule', 'delete', 'pref', '10');
      await eventually('it is whole', async () => (await other.lastDownload()).state === 'done');
      expect(FILM.equals(await other.read('film.bin'))).toBe(true);
    },
  );

async function computers(lan: TestLan) {
  const net = await Namespaces.make(3);
  lan.onClose(() => net.close());
  const [first, second, third] = net.hosts;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('three were wanted');
  return { net, hosts: [first, second, third] as const };
}

/** Makes the port of a peer unreachable: its answers are lost. */
async function firewall(net: Namespaces, host: Namespace): Promise<void> {
  const rule = ['ipproto', 'tcp', 'sport', String(PORT), 'blackhole'];
  await net.run(host, 'ip', 'rule', 'add', 'pref', '10', ...rule);
}

/** `node Peer.js 9001`, with these files in the default folder. */
async function peerOn(
  lan: TestLan,
  host: Namespace,
  files: Readonly<Record<string, Buffer>>,
): Promise<TestPeer> {
  const home = await lan.launcher.folder();
  const share = await home.inside('Downloads', 'P2P', `User-${PORT}`);
  for (const [name, bytes] of Object.entries(files)) await share.write(`${name}.bin`, bytes);
  const options = { home: home.path, prefix: host.prefix, env: { SHOAL_DISCOVERY: undefined } };
  return new TestPeer(host.name, await lan.launcher.peer([String(PORT)], options), share, PORT);
}

function finds(peer: TestPeer, what: string): Promise<true> {
  return eventually(
    `${what} is found`,
    async () => (await peer.answer(`search ${what}`)).items?.length === 1,
  );
}
