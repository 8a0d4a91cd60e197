import { expect, test } from 'vitest';
import { runOneShot } from '../../../../Peer/Commands/Running/OneShot.ts';
import type { TrackerStatus } from '../../../../Peer/Model.ts';
import { ShareLinks } from '../../../../Peer/Web/Links/ShareLinks.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { downloadOf, FakeControls } from '../FakeControls.ts';

const fileId = 'a'.repeat(64) as FileId;

/** A peer with a page, and one file. `run` runs a command and returns its envelope and text. */
function peerWithPage(network?: { name: string; id: string }) {
  const clock = new SimulatedClock();
  const controls = new FakeControls();
  let secrets = 0;
  const links = new ShareLinks({
    store: { load: async () => undefined, save: async () => {} },
    wallMs: clock.wallMs,
    newSecret: () => `secret-of-a-test-number-${++secrets}`,
  });
  controls.web = {
    address: network === undefined ? 'http://127.0.0.1:9001/#token=x' : undefined,
    onceAddress: () => 'http://127.0.0.1:9001/#code=y',
    fingerprint: async () => 'AB:CD',
    links,
    pathOf: ({ secret }) => `/s/${secret}/film.mkv`,
  };
  controls.privateNetwork = network;
  controls.files = [{ fileId, path: 'f/film.mkv', size: 5, modifiedMs: 0 }];
  controls.pushing.contents = [{ fileId, path: 'f/film.mkv', size: 5 }];
  const run = async (line: string, width: number | null = null) => {
    const { signal } = new AbortController();
    const asked = runOneShot(
      { line, command: line.split(' ')[0] ?? '', width, color: false },
      { controls, clock, signal, progress: () => {} },
    );
    const { json, text, error } = await clock.settle(asked);
    return { ...JSON.parse(json), text, code: error?.code };
  };
  return { run, controls, clock };
}

test('a share link is created, listed and revoked', async () => {
  const { run, clock } = peerWithPage();
  const made = await run('link f/film.mkv --days 1');
  expect(made).toMatchObject({ ok: true, items: [{ number: 1, name: 'film.mkv', id: fileId }] });
  expect(made.items[0].address).toBe('http://127.0.0.1:9001/s/secret-of-a-test-number-1/film.mkv');
  expect(made.text).not.toContain('█'); // No code without a terminal.
  expect((await run('link f/film.mkv', 80)).text).toContain('█');
  expect((await run('link')).items).toHaveLength(2);
  clock.advance(86_400_000);
  expect((await run('link')).items).toMatchObject([{ number: 2 }]);
  expect((await run('link --revoke 2')).ok).toBe(true);
  expect(await run('link --revoke 2')).toMatchObject({ ok: false, code: 'NOT_FOUND' });
  expect((await run('link')).text).toContain('No share links');
});

test('an address for others is none of this computer alone', async () => {
  const { run, controls } = peerWithPage();
  const at = (host: string) => ({ observed: { host, port: 9_001 } }) as TrackerStatus;
  const shown = async () => [(await run('web')).secure, (await run('link f/film.mkv')).items[0].address];
  const file = '/s/secret-of-a-test-number-';
  controls.trackerList = [at('127.0.0.1')];
  expect((await shown())[0]).toBe('https://127.0.0.1:9001/');
  controls.health = { ...controls.health, addresses: ['fe80::1%eth0', 'fd77::2', '10.0.0.7'] };
  expect(await shown()).toEqual([
    'https://[fd77::2]:9001/',
    expect.stringContaining(`http://[fd77::2]:9001${file}`),
  ]);
  expect((await run('whoami')).host).toBe('fd77::2');
  // A tracker on another computer knows better than the list of cards.
  controls.trackerList = [at('127.0.0.1'), at('192.168.1.20')];
  expect((await shown())[0]).toBe('https://192.168.1.20:9001/');
});

test('in a private network a link has HTTPS, and there is no page', async () => {
  const { run } = peerWithPage({ name: 'lab', id: 'x' });
  expect((await run('link f/film.mkv')).items[0].address).toMatch(/^https:/);
  expect(await run('web')).toMatchObject({
    code: 'NOT_FOUND',
    error: { hint: expect.stringContaining('link FILE') },
  });
});

test.each([
  ['link f/film.mkv --days 0', 'USAGE'],
  ['link f/film.mkv --days 366', 'USAGE'],
  ['link f/film.mkv --days x', 'USAGE'],
  ['link --revoke x', 'USAGE'],
  ['link f/film.mkv --revoke 1', 'USAGE'],
  ['link --days 5', 'USAGE'],
  ['link other.mkv', 'NOT_FOUND'],
])('%s: %s', async (line, code) => {
  const { run } = peerWithPage();
  expect(await run(line)).toMatchObject({ ok: false, code });
});

test('an incomplete file gets no share link', async () => {
  const { run, controls } = peerWithPage();
  controls.files = [];
  expect(await run('link f/film.mkv')).toMatchObject({ code: 'NOT_FOUND' });
});

test('web shows the address for others and the fingerprint of its certificate', async () => {
  const { run, controls } = peerWithPage();
  expect(await run('web')).toMatchObject({
    address: 'http://127.0.0.1:9001/#token=x',
    once: 'http://127.0.0.1:9001/#code=y',
    secure: 'https://127.0.0.1:9001/',
    fingerprint: 'AB:CD',
  });
  controls.web = undefined;
  expect(await run('web')).toMatchObject({ code: 'NOT_FOUND' });
  expect(await run('link f/film.mkv')).toMatchObject({ code: 'NOT_FOUND' });
});

test('first puts a download before the others, unless it has ended', async () => {
  const { run, controls } = peerWithPage();
  controls.running = [downloadOf(1, 'a', { state: 'fetching' }), downloadOf(2, 'b', { state: 'done' })];
  expect((await run('first 1')).ok).toBe(true);
  expect(controls.calls).toContain('first 1');
  expect((await run('first 2')).text).toContain('complete already');
  expect(controls.calls).not.toContain('first 2');
});
