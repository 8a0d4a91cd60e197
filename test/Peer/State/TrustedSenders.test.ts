import { mkdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { StateFolder } from '../../../Peer/State/StateFolder.ts';
import { TrustedSendersFile } from '../../../Peer/State/TrustedSenders.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('trusted peers are restored; damaged entries are skipped', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share'));
  const state = new StateFolder(folder.at('share'), silentLog, folder.at('state'));
  await state.start();
  onTestFinished(() => state.close());
  const file = new TrustedSendersFile(state);
  expect(await file.load()).toEqual([]);
  const peers = ['1', '2'].map((digit) => digit.repeat(64) as PeerId);
  await file.save(peers);
  expect(await file.load()).toEqual(peers);
  await state.write('trusted.json', { peers: [peers[0], 'short', 7, null, '../x'] });
  expect(await file.load()).toEqual([peers[0]]);
  for (const damaged of [null, [], { peers: 'all' }, 'x']) {
    await state.write('trusted.json', damaged);
    expect(await file.load()).toEqual([]);
  }
});

test('at most 10,000 trusted peers are read, and the newest 10,000 are written', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share'));
  const state = new StateFolder(folder.at('share'), silentLog, folder.at('state'));
  await state.start();
  onTestFinished(() => state.close());
  const many = Array.from({ length: 10_001 }, (_, index) => index.toString(16).padStart(64, '0') as PeerId);
  const file = new TrustedSendersFile(state);
  await state.write('trusted.json', { peers: many });
  expect(await file.load()).toHaveLength(10_000);
  await file.save(many);
  expect(await state.read('trusted.json')).toEqual({ peers: many.slice(1) });
});
