import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { NatsServer } from '../Support/NatsServer.ts';
import { natsServer, title } from '../Support/Requires.ts';
import { type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type TestPeer } from '../Support/TestPeer.ts';

const MISSING = natsServer();
const INVITE = 'shoal:join/aeaacaqdaqcqmbyibefawdanbyhwyylceaz75hh63q';

/** A tracker program of the cluster at this server. `address` is `host:port`. */
async function member(lan: TestLan, url: string, ...args: string[]) {
  const port = await freePort();
  const flags = ['--host', '127.0.0.1', '--port', String(port), '--cluster', url, '--cluster-name', 'lab'];
  const program = await lan.launcher.tracker([...flags, ...args]);
  await program.line(/^127\.0\.0\.1:\d+$/);
  return { program, address: `127.0.0.1:${port}` };
}

/** Address of the tracker that a peer is connected to; undefined: none, or several. */
async function homeOf(peer: TestPeer): Promise<string | undefined> {
  const connected = (await peer.items('tracker')).filter(({ state }) => state === 'connected');
  const [home] = connected;
  return connected.length === 1 && home !== undefined ? `${home.host}:${home.port}` : undefined;
}

const pathsOf = async (peer: TestPeer, words: string) =>
  (await peer.items(`search ${words}`)).map(({ path }) => path).toSorted();

test.skipIf(MISSING)(
  title(
    'three trackers act as one; one is killed, another one stopped in order, and no file is missing',
    MISSING,
  ),
  async ({ lan }) => {
    const { url } = await NatsServer.forTest();
    const trackers = [await member(lan, url), await member(lan, url), await member(lan, url)];
    const tracker = trackers.map(({ address }) => address).join(',');
    const env = { SHOAL_TRACKER: tracker };
    const names = ['anna', 'ben', 'carl', 'dora'];
    const peers = await Promise.all(
      names.map((name) =>
        lan.seeder(name, { files: { [`${name} song.txt`]: name }, tracker: undefined, env }),
      ),
    );
    const all = names.map((name) => `${name} song.txt`);
    const findAll = (those: readonly TestPeer[]) =>
      Promise.all(
        those.map((peer) =>
          eventually(`${peer.name} finds all`, async (note) => {
            const paths = await pathsOf(peer, 'song');
            note(paths.join());
            return paths.join() === all.join() ? true : undefined;
          }),
        ),
      );
    await findAll(peers);
    const [anna] = peers;
    if (anna === undefined) throw new Error('no peer');
    const lab = { name: 'lab', trackers: 3, answering: 3, connected: true };
    await expect.poll(() => anna.answer('tracker')).toMatchObject({ clusters: [lab] });

    const home = await homeOf(anna);
    const killed = trackers.find(({ address }) => address === home);
    killed?.program.signal('SIGKILL');
    await eventually('anna has another home', async () => {
      const now = await homeOf(anna);
      return now !== undefined && now !== killed?.address ? now : undefined;
    });
    await findAll(peers);
    // On a busy machine a tracker may miss the end of a search.
    await expect.poll(() => anna.answer('search song')).toMatchObject({ trackers: 2, trackersKnown: 3 });
    await anna.program.ask('search song', /^[12] of 3 trackers answered: /);

    const ended = trackers.find(({ address }) => address !== killed?.address);
    ended?.program.signal('SIGTERM');
    expect(await ended?.program.ended).toEqual({ code: 0, signal: null });
    await findAll(peers);
    await expect.poll(() => anna.answer('search song')).toMatchObject({ trackers: 1, trackersKnown: 2 });
  },
);

test.skipIf(MISSING)(
  title('without a NATS server a tracker does not start, and shows no password', MISSING),
  async ({ lan }) => {
    const port = await freePort();
    const url = `nats://shoal:s3cret@127.0.0.1:${port}`;
    const program = await lan.launcher.tracker([String(await freePort()), '--cluster', url]);
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stdout).toBe('');
    expect(program.stderr).toMatch(
      new RegExp(`^error: the NATS server 127.0.0.1:${port} does not answer\nhint: Start one .*\n$`),
    );
  },
);

test.skipIf(MISSING)(
  title('on the bus of a private network nothing can be read, and other networks are not heard', MISSING),
  async ({ lan }) => {
    const { port, url } = await NatsServer.forTest();
    const spy = await connect({ servers: `127.0.0.1:${port}` });
    onTestFinished(() => spy.close());
    const seen: Buffer[] = [];
    spy.subscribe('>', { callback: (_failure, { data }) => void seen.push(Buffer.from(data)) });
    await spy.flush();
    const trackers = [
      await member(lan, url, '--network', INVITE),
      await member(lan, url, '--network', INVITE),
    ];
    await member(lan, url); // A tracker of the open network, in a cluster of the same name.
    const peerAt = (name: string, at: number) =>
      lan.seeder(name, {
        files: { [`${name} confidential.txt`]: name },
        tracker: trackers[at]?.address,
        args: ['--network', INVITE],
      });
    const peers = [await peerAt('anna', 0), await peerAt('ben', 1), await peerAt('carl', 0)];
    for (const peer of peers) {
      await eventually(`${peer.name} finds all`, async () => {
        const paths = await pathsOf(peer, 'confidential');
        return paths.length === 3 ? true : undefined;
      });
    }
    await expect
      .poll(() => peers[0]?.answer('search confidential'))
      .toMatchObject({ trackers: 2, trackersKnown: 2 });
    const bytes = Buffer.concat(seen);
    expect(bytes.length).toBeGreaterThan(500);
    for (const word of ['confidential', 'anna', 'ben']) expect(bytes.includes(word)).toBe(false);
  },
);
