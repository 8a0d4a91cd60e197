import { symlink, utimes } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { defaultShare, formerPorts } from '../../../Peer/State/FormerPorts.ts';
import { saveProfile } from '../../../Peer/State/Profile.ts';
import { StateFolder } from '../../../Peer/State/StateFolder.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('a peer returns to the port of its default share folder, the latest first', async () => {
  const above = await TempFolder.forTest();
  expect(await formerPorts(undefined, above.at('missing'), silentLog)).toEqual([]);
  for (const [name, second] of [
    ['User-9005', 1],
    ['User-9300', 3],
    ['User-9001', 2],
    ['User-12000', 4],
    ['Films', 5],
    ['User-90x', 6],
  ] as const) {
    await above.inside(name);
    await utimes(above.at(name), second, second);
  }
  expect(await formerPorts(undefined, above.path, silentLog)).toEqual([9_300, 9_001, 9_005]);
  expect(defaultShare(above.path, 9_300)).toBe(above.at('User-9300'));
});

test('a file, and a link to a folder that is gone, are not taken for a former share folder', async () => {
  const above = await TempFolder.forTest();
  await above.inside('User-9005');
  await above.write('User-9300', Buffer.from('a file'));
  await symlink(above.at('gone'), above.at('User-9001'));
  expect(await formerPorts(undefined, above.path, silentLog)).toEqual([9_005]);
});

test('a peer with a share folder of its own returns to its last port', async () => {
  const root = await TempFolder.forTest();
  const share = await TempFolder.forTest();
  const former = () => formerPorts(share.path, root.at('none'), silentLog, root.path);
  expect(await former()).toEqual([]);
  const state = new StateFolder(share.path, silentLog, root.path);
  await state.start();
  await saveProfile(state, { name: 'Ann', port: 9_007 });
  expect(await former()).toEqual([9_007]);
  await saveProfile(state, { name: 'Ann', port: 12_000 });
  expect(await former()).toEqual([]);
  await state.close();
});
