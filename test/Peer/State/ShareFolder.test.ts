import { mkdir, symlink } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeShare } from '../../../Peer/State/ShareFolder.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

/** Makes share folders, and collects the warnings. */
async function withHome(home: string) {
  vi.stubEnv('HOME', home);
  onTestFinished(() => void vi.unstubAllEnvs());
  const warnings: string[] = [];
  return {
    warnings,
    make: (path: string) => makeShare(path, { ...silentLog, warn: (text) => warnings.push(text) }),
  };
}

test('a new folder is created, an existing one is taken', async () => {
  const folder = await TempFolder.forTest();
  const { make, warnings } = await withHome('/nonexistent');
  expect([await make(folder.at('a/b')), await make(folder.at('a/b'))]).toEqual([true, false]);
  expect(warnings).toEqual([]);
});

test('the home folder is shared with a warning, also through a link; a folder in it without', async () => {
  const folder = await TempFolder.forTest();
  const { make, warnings } = await withHome(folder.at('home'));
  await mkdir(folder.at('home'));
  await symlink(folder.at('home'), folder.at('link'));
  await make(folder.at('home/films'));
  expect(warnings).toEqual([]);
  await make(folder.at('link'));
  await make(folder.path);
  expect(warnings).toEqual([
    expect.stringMatching(/link holds your home folder: /),
    expect.stringContaining(`${folder.path} holds your home folder: `),
  ]);
});

test('a folder of the system is refused, also through a link, and before it is created', async () => {
  const folder = await TempFolder.forTest();
  const { make } = await withHome('/nonexistent');
  await symlink('/', folder.at('link'));
  const refusal = {
    code: 'USAGE',
    message: expect.stringContaining('holds files of the system'),
    hint: /--share DIR/,
  };
  for (const path of ['/', '/etc/shoal-test-never', folder.at('link')])
    await expect(make(path)).rejects.toMatchObject({ ...refusal, hint: expect.stringMatching(refusal.hint) });
});
