import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { changeNetwork, withNetworkLine } from '../../../Peer/Settings/ChangeNetwork.ts';
import { readConfig } from '../../../Shared/Program/ConfigPath.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

const INVITE = 'shoal:join/aeaacaqdaqcqmbyibefawdanbyhwyylceaz75hh63q';
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test.each([
  ['', INVITE, `network = ${INVITE}\n`],
  ['', undefined, ''],
  ['name = a', INVITE, `name = a\nnetwork = ${INVITE}\n`],
  ['# network\nname = a\n', INVITE, `# network\nname = a\nnetwork = ${INVITE}\n`],
  ['Network=old\nname = a\n', INVITE, `name = a\nnetwork = ${INVITE}\n`],
  ['name = a\r\n network = "old"\r\nshare = b\r\n', undefined, 'name = a\r\nshare = b\r\n'],
  ['networks = 2\n', undefined, 'networks = 2\n'],
  ['name = a\nnetwork = old', undefined, 'name = a\n'],
])('%j with the network %s', (before, invite, after) => {
  expect(withNetworkLine(before, invite)).toBe(after);
});

describe('the config file', () => {
  test('is created for its owner only, with its folder, and keeps other settings', async () => {
    const folder = await TempFolder.forTest();
    const path = folder.at('below', 'shoal.conf');
    await changeNetwork(path, INVITE);
    expect(await readFile(path, 'utf8')).toBe(`network = ${INVITE}\n`);
    expect(await modeOf(path)).toBe(0o600);
    await writeFile(path, '# mine\nname = a\n');
    await chmod(path, 0o644);
    await changeNetwork(path, INVITE);
    expect(await readFile(path, 'utf8')).toBe(`# mine\nname = a\nnetwork = ${INVITE}\n`);
    expect(await modeOf(path)).toBe(0o600);
  });

  test('behind a symbolic link is changed in its place', async () => {
    const folder = await TempFolder.forTest();
    await writeFile(folder.at('real.conf'), 'name = a\n');
    await symlink(folder.at('real.conf'), folder.at('shoal.conf'));
    await changeNetwork(folder.at('shoal.conf'), INVITE);
    expect((await lstat(folder.at('shoal.conf'))).isSymbolicLink()).toBe(true);
    expect(await readFile(folder.at('real.conf'), 'utf8')).toContain(INVITE);
  });

  test('is not created to leave a network', async () => {
    const folder = await TempFolder.forTest();
    await changeNetwork(folder.at('shoal.conf'), undefined);
    await expect(stat(folder.at('shoal.conf'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that cannot be written is an error with a hint', async () => {
    const folder = await TempFolder.forTest();
    await writeFile(folder.at('file'), '');
    await expect(changeNetwork(folder.at('file', 'shoal.conf'), INVITE)).rejects.toMatchObject({
      code: 'DISK_FAILED',
      hint: expect.stringContaining('--network INVITE'),
    });
    await mkdir(folder.at('shoal.conf'));
    await expect(changeNetwork(folder.at('shoal.conf'), INVITE)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('with a hand-written invite gets permissions of its owner only when it is read', async () => {
    const folder = await TempFolder.forTest();
    const path = folder.at('shoal.conf');
    await writeFile(path, 'name = a\n');
    await chmod(path, 0o644);
    await readConfig({ SHOAL_CONFIG: path });
    expect(await modeOf(path)).toBe(0o644);
    await writeFile(path, `network = ${INVITE}\n`);
    await readConfig({ SHOAL_CONFIG: path });
    expect(await modeOf(path)).toBe(0o600);
  });
});
