import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { lanTest as test } from '../Support/TestLan.ts';

/** Prefix that closes the standard input, as `nohup` and systemd do. */
const WITHOUT_INPUT = ['sh', '-c', 'exec "$@" </dev/null', 'sh'];

test.concurrent('without terminal and input a peer runs as a service, prints that and who can read its files, and ends with 0', async ({
  lan,
}) => {
  const port = await freePort();
  const program = await lan.launcher.peer([String(port), '--tracker', await lan.tracker()], {
    prefix: WITHOUT_INPUT,
  });
  await program.line(/shares .* on TCP port \d+\. There is no terminal, so it runs as a service/);
  const asked = await lan.launcher.shoal(['whoami', '--json', '--peer', String(port)], {
    home: program.home,
  });
  expect(await asked.exitCode()).toBe(0);
  expect(program.running).toBe(true);
  program.signal('SIGTERM');
  expect(await program.exitCode()).toBe(0);
  expect(program.lines).toEqual([
    expect.stringContaining('service'),
    expect.stringMatching(/^Open network: /),
    // Without the secret: the output of a service is kept in logs.
    `Web page: http://127.0.0.1:${port}/ (to manage this peer with it: shoal web)`,
  ]);
});

test.concurrent('a second peer with another HOME on the same share is refused', async ({ lan }) => {
  const share = await lan.launcher.folder();
  await lan.seeder('anna', { share, files: { 'a.txt': 'a' } });
  const second = await lan.launcher.peer(['--share', share.path], { prefix: WITHOUT_INPUT });
  expect(await second.exitCode()).toBe(1);
  expect(second.stderr).toMatch(
    /^error: another peer \(process \d+\) already shares .*\nhint: .*--share DIR\n$/m,
  );
});

test.concurrent('shoal tracker beside a running peer shows the state of its trackers, and starts none', async ({
  lan,
}) => {
  const nobody = `127.0.0.1:${await freePort()}`;
  const peer = await lan.peer('anna', { tracker: nobody });
  await peer.items('whoami');
  const home = peer.program.home;
  const state = await lan.launcher.shoal(['tracker'], { home });
  expect(await state.exitCode()).toBe(0);
  expect(state.stdout).toContain(nobody);
  const json = await lan.launcher.shoal(['tracker', '--json'], { home });
  expect(await json.exitCode()).toBe(0);
  expect(JSON.parse(json.stdout).items).toMatchObject([{ foundBy: 'configured' }]);
  const search = await lan.launcher.shoal(['search', 'film'], { home });
  expect(await search.exitCode()).not.toBe(0);
  expect(search.stderr).toContain(`the tracker ${nobody} does not answer`);
  expect(search.stderr).not.toContain('Tracker.js');
});

test.concurrent('a search marks own files, and finds files of this peer alone', async ({ lan }) => {
  await lan.seeder('anna', { files: { 'both film.mkv': 'same' } });
  const berta = await lan.seeder('berta', { files: { 'my film.mkv': 'mine', 'both film.mkv': 'same' } });
  const found = await berta.items('search film');
  expect(found.map(({ path, here, sourceCount }) => [path, here, sourceCount])).toEqual([
    ['both film.mkv', true, 1],
    ['my film.mkv', true, 0],
  ]);
});

test.concurrent('a folder that cannot be created is an error at once, also in /proc', async ({ lan }) => {
  const get = await lan.launcher.shoal(['get', 'x', '-o', '/proc/x/y']);
  expect(await get.exitCode()).toBe(10);
  expect(get.stderr).toMatch(/^error: .*\/proc\/x\nhint: .+\n$/);
  expect(existsSync('/proc/x')).toBe(false);
});

test.concurrent('SHOAL_PORT is the port of shoal share, and SHOAL_CONFIG has to exist', async ({ lan }) => {
  const port = String(await freePort());
  const folder = await lan.launcher.folder();
  await folder.write('a.txt', 'a');
  const share = await lan.launcher.shoal(['share', folder.path], {
    env: { SHOAL_PORT: port, SHOAL_TRACKER: await lan.tracker() },
  });
  await share.line(new RegExp(`on TCP port ${port}`));
  share.signal('SIGINT');
  await share.exitCode();
  const typo = await lan.launcher.peer([], { env: { SHOAL_CONFIG: folder.at('no.conf') } });
  expect(await typo.exitCode()).toBe(2);
  expect(typo.stderr).toMatch(
    /^error: the config file .*no\.conf that SHOAL_CONFIG names does not exist\nhint: .+\n$/,
  );
});

test.concurrent('doctor measures a running peer; without one it reports that, and checks port and share', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.bin': 'x'.repeat(3_000_000) } });
  const { program } = await lan.seeder('berta', { files: { 'note.txt': 'x' } });
  const asked = await lan.launcher.shoal(['doctor', '--json'], { home: program.home });
  await asked.exitCode();
  const { items } = JSON.parse(asked.stdout) as { items: { check: string; ok: boolean; text: string }[] };
  const text = new Map(items.map((item) => [item.check, item.text]));
  expect(text.get('speed')).toMatch(/^\d.* from .*; the bound is /);
  expect(text.get('clock')).toBe('agrees with 1 linked peer');
  expect(text.get('disk')).toMatch(/free, writes \d/);
  expect(text.get('mtu')).toMatch(/^large datagrams reach the tracker/);
  const alone = await lan.launcher.shoal(['doctor', '--tracker', await lan.tracker()]);
  expect(await alone.exitCode()).toBe(1);
  expect(alone.stderr).toMatch(
    /^look {2}peer: no peer runs on this computer: nothing is shared\n {6}Start one: /,
  );
  expect(alone.stderr).toMatch(/^fine {2}port: TCP \d+ is free$/m);
  expect(alone.stderr).toMatch(/^fine {2}tracker: connected/m);
});
