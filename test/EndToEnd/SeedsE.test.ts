import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

const SONG = someBytes(4, 500_000);

test('E2: the index answers for a peer that does nothing', async ({ lan }) => {
  const anna = await lan.seeder('anna', { files: { 'song.mp3': SONG } });
  const berta = await lan.peer('berta');
  await eventually(
    'berta is connected',
    async () => (await berta.items('tracker'))[0]?.state === 'connected',
  );
  anna.program.signal('SIGSTOP'); // An idle peer: the tracker answers from memory.
  const [found] = await berta.items('search song');
  anna.program.signal('SIGCONT');
  expect(found?.sources.map(({ name }) => name)).toEqual(['anna']);
});

test('E3: a search lists exactly the holders; none is an empty list and no error', async ({ lan }) => {
  const files = { 'song.mp3': SONG };
  await lan.tracker(); // One for all of them.
  await Promise.all([
    lan.seeder('anna', { files }),
    lan.seeder('berta', { files }),
    lan.seeder('carla', { files: { 'other.txt': 'other' } }),
  ]);
  const dora = await lan.peer('dora');
  const [found, ...others] = await dora.items('search song');
  expect(others).toEqual([]);
  expect(found?.sources.map(({ name }) => name).sort()).toEqual(['anna', 'berta']);
  expect(await dora.answer('search nothingofthekind')).toMatchObject({ ok: true, items: [] });
});

test('E8: the port of the seed as argument or flag, and peers that name it', async ({ lan }) => {
  for (const args of [[], ['--port']]) {
    const port = String(await freePort());
    const tracker = await lan.launcher.tracker([...args, port, '--host', '127.0.0.1']);
    await tracker.line(new RegExp(`^127\\.0\\.0\\.1:${port}$`));
    const peers = [
      await lan.launcher.peer(['--tracker', `127.0.0.1:${port}`]),
      await lan.launcher.peer([`127.0.0.1:${port}`]),
    ];
    for (const peer of peers) {
      await eventually('it is connected', async () => {
        const [line] = await peer.ask('tracker --json', /^\{"version":.*$/);
        return JSON.parse(line).items[0]?.state === 'connected';
      });
    }
  }
});

test('E9: --interactive asks for address and port; an empty line takes the default', async ({ lan }) => {
  const port = await freePort();
  const tracker = await lan.launcher.tracker(['--interactive', '--port', String(port)]);
  tracker.type('127.0.0.1', '');
  await tracker.line(new RegExp(`^127\\.0\\.0\\.1:${port}$`));
});
