import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ContactsFile } from '../../../Peer/State/ContactsFile.ts';
import { loadIdentity } from '../../../Peer/State/Identity.ts';
import { fittingName, loadProfile, saveProfile } from '../../../Peer/State/Profile.ts';
import { StateFolder, stateRoot } from '../../../Peer/State/StateFolder.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { LINUX, title, tmpfs } from '../../Support/Requires.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

async function opened(): Promise<{ state: StateFolder; folder: TempFolder }> {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share'));
  const state = new StateFolder(folder.at('share'), silentLog, folder.at('state'));
  await state.start();
  onTestFinished(() => state.close());
  return { state, folder };
}

test('a second peer on the same folder is refused, also by another path', async () => {
  const { state, folder } = await opened();
  await symlink(folder.at('share'), folder.at('other-way'));
  const second = new StateFolder(folder.at('other-way'), silentLog, folder.at('state'));
  await expect(second.start()).rejects.toMatchObject({
    code: 'LOCAL_CONFLICT',
    hint: expect.stringContaining('--share'),
  });

  await state.close();
  await second.start();
  expect(second.path).toBe(state.path);
  await second.close();
});

test('a peer of another HOME on the same folder is refused until the first one ends', async () => {
  const { state, folder } = await opened();
  const stranger = new StateFolder(folder.at('share'), silentLog, folder.at('other-home'));
  await expect(stranger.start()).rejects.toMatchObject({
    code: 'LOCAL_CONFLICT',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await state.close();
  expect(await readdir(folder.at('share'))).toEqual([]); // The lock leaves nothing behind.
  await stranger.start();
  await stranger.close();
});

test('a folder in which no lock can be created is shared nevertheless', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share/.shoal-lock-7'), { recursive: true });
  const state = new StateFolder(folder.at('share'), silentLog, folder.at('state'));
  await state.start();
  expect(state.path).toContain('shares');
  await state.close();
});

test('a default name is cut to 64 bytes, between two characters', () => {
  expect(fittingName('n'.repeat(65))).toBe('n'.repeat(64));
  expect(fittingName(`${'n'.repeat(63)}ä`)).toBe('n'.repeat(63));
  expect(fittingName('ann@home')).toBe('ann@home');
});

test('a file of more than 1 MiB is not read', async () => {
  const { state } = await opened();
  const read = async (bytes: number) => {
    await writeFile(join(state.path, 'x.json'), '{"a":1}'.padEnd(bytes));
    return state.read('x.json');
  };
  expect([await read(1_048_576), await read(1_048_577)]).toEqual([{ a: 1 }, {}]);
});

test('a damaged file is moved aside and named, so that no write replaces it; others stay', async () => {
  const folder = await TempFolder.forTest();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const state = new StateFolder(folder.path, log, folder.at('state'));
  await state.start();
  onTestFinished(() => state.close());
  const asides = async () =>
    (await readdir(state.path)).filter((name) => /\.damaged-[0-9a-f]{6}$/.test(name));
  await state.write('profile.json', { name: 'anna' });
  await writeFile(join(state.path, 'links.json'), '[{"secret":"abc"');
  await mkdir(join(state.path, 'trusted.json'));
  await writeFile(join(state.path, 'places.json'), ' '.repeat(2_000_000));
  expect(await state.read('profile.json')).toEqual({ name: 'anna' });
  expect([await asides(), warnings]).toEqual([[], []]);

  for (const name of ['links.json', 'trusted.json', 'places.json', 'missing.json'])
    expect(await state.read(name)).toEqual({});
  const [links = '', places = '', trusted = ''] = (await asides()).toSorted();
  expect([places, trusted]).toEqual([expect.stringMatching(/^places/), expect.stringMatching(/^trusted/)]);
  expect(await readFile(join(state.path, links), 'utf8')).toBe('[{"secret":"abc"');
  expect(warnings.map((text) => text.slice(-links.length))).toContain(links);
  expect(warnings).toHaveLength(3);

  await state.close();
  await rm(join(state.path, 'share.json'));
  await mkdir(join(state.path, 'share.json'));
  await state.start();
  expect(await state.read('share.json')).toEqual({ folder: state.shareFolder });
});

test('another folder has another state, for its owner only', async () => {
  const { state, folder } = await opened();
  await mkdir(folder.at('more'));
  const other = new StateFolder(folder.at('more'), silentLog, folder.at('state'));
  await other.start();
  expect(other.path).not.toBe(state.path);
  expect((await stat(other.path)).mode & 0o777).toBe(0o700);
  await other.close();
});

test('a state folder that cannot be written is an error with a hint', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share'));
  await writeFile(folder.at('state'), 'a file where a folder belongs');
  const state = new StateFolder(folder.at('share'), silentLog, folder.at('state'));
  await expect(state.start()).rejects.toMatchObject({
    code: 'DISK_FAILED',
    hint: expect.stringContaining('state'),
  });
  expect(() => state.path).toThrow('not open');
});

const MOUNTS = tmpfs();

test.skipIf(MOUNTS)(
  title('a full disk, or one that is read-only, does not keep a peer from running', MOUNTS),
  async () => {
    const folder = await TempFolder.forTest();
    await mkdir(folder.at('share'));
    const disk = await folder.inside('disk');
    const mount = (...args: string[]) => execFileSync('mount', [...args, disk.path]);
    mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs');
    onTestFinished(() => void execFileSync('umount', ['-l', disk.path]));
    const started = async () => {
      const state = new StateFolder(folder.at('share'), silentLog, disk.at('state'));
      await state.start();
      const warnings: string[] = [];
      const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
      const { peerId } = await loadIdentity(state.path, log);
      const second = new StateFolder(folder.at('share'), silentLog, disk.at('state'));
      await expect(second.start()).rejects.toMatchObject({ code: 'LOCAL_CONFLICT' });
      await state.close();
      return { problem: state.problem, peerId, warnings };
    };
    await writeFile(disk.at('fill'), Buffer.alloc(64 * 1_024)).catch(() => {});
    expect(await started()).toMatchObject({
      problem: 'full',
      warnings: [expect.stringContaining('this run only')],
    });
    await rm(disk.at('fill'));
    const { problem, peerId } = await started();
    expect(problem).toBeUndefined();
    await writeFile(disk.at('fill'), Buffer.alloc(64 * 1_024)).catch(() => {});
    expect(await started()).toEqual({ problem: 'full', peerId, warnings: [] });
    mount('-o', 'remount,ro');
    expect(await started()).toEqual({ problem: 'read-only', peerId, warnings: [] });
  },
);

test.skipIf(LINUX)(title('XDG_STATE_HOME names the place', LINUX), () => {
  vi.stubEnv('XDG_STATE_HOME', '/somewhere');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(stateRoot()).toBe('/somewhere/shoal');
});

test('stored values are restored, no temporary file is left, and damage reads as no fields', async () => {
  const { state } = await opened();
  await Promise.all([1, 2, 3, 4].map((value) => state.write('value.json', { value })));
  expect(await state.read('value.json')).toMatchObject({ value: expect.any(Number) });
  expect((await readdir(state.path)).sort()).toEqual(['lock-1', 'share.json', 'value.json']);

  await writeFile(join(state.path, 'value.json'), '{"value": 1');
  expect(await state.read('value.json')).toEqual({});
  await writeFile(join(state.path, 'value.json'), ' '.repeat(2_000_000));
  expect(await state.read('value.json')).toEqual({});
  expect(await state.read('missing.json')).toEqual({});
});

test('each network has its own contacts', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share'));
  const state = new StateFolder(folder.at('share'), silentLog, folder.at('state'));
  await state.start();
  onTestFinished(() => state.close());
  const tracker = { host: '10.0.0.1', port: 6_881 };
  await new ContactsFile(state, '9f7dbbd976adc79f').save({ trackers: [tracker], peers: [] });
  expect(await new ContactsFile(state).load()).toEqual({ trackers: [], peers: [] });
  expect((await new ContactsFile(state, '9f7dbbd976adc79f').load()).trackers).toEqual([tracker]);
});

test('contacts are restored; damaged entries are skipped', async () => {
  const { state } = await opened();
  const places = new ContactsFile(state);
  expect(await places.load()).toEqual({ trackers: [], peers: [] });
  const peerId = 'ab'.repeat(32) as PeerId;
  const known = {
    trackers: [
      { host: '192.168.1.5', port: 6_881 },
      { host: 'fd00::1', port: 6_882 },
    ],
    peers: [{ peerId, address: { host: '192.168.1.6', port: 9_001 } }],
  };
  await places.save(known);
  expect(await places.load()).toEqual(known);

  const trackers = ['192.168.1.5:6881', 'evil.example:6881', '255.255.255.255:1', '192.168.1.5', 7, null];
  const peers = [
    { id: 'short', address: '192.168.1.6:9001' },
    { id: peerId },
    'x',
    { id: peerId, address: '10.0.0.1:9001' },
  ];
  await state.write('places.json', { trackers, peers });
  expect(await places.load()).toEqual({
    trackers: [{ host: '192.168.1.5', port: 6_881 }],
    peers: [{ peerId, address: { host: '10.0.0.1', port: 9_001 } }],
  });
  await state.write('places.json', { trackers: 'none', peers: { length: 3 } });
  expect(await places.load()).toEqual({ trackers: [], peers: [] });
});

test('name and port of the last run are restored, unless invalid', async () => {
  const { state } = await opened();
  expect(await loadProfile(state)).toEqual({ name: undefined, port: undefined });
  await saveProfile(state, { name: 'Ann', port: 9_007 });
  expect(await loadProfile(state)).toEqual({ name: 'Ann', port: 9_007 });
  await state.write('profile.json', { name: 'x'.repeat(65), port: 80 });
  expect(await loadProfile(state)).toEqual({ name: undefined, port: undefined });
});

test('a file of contacts edited by hand is read up to 16 trackers and 50 peers', async () => {
  const { state } = await opened();
  const many = Array.from({ length: 99 }, (_, index) => `10.0.0.${index}:6881`);
  const peers = many.map((address) => ({ id: 'ab'.repeat(32), address }));
  await state.write('places.json', { trackers: many, peers });
  const contacts = await new ContactsFile(state).load();
  expect([contacts.trackers.length, contacts.peers.length]).toEqual([16, 50]);
});
