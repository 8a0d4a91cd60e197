import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HistoryFile } from '../../../Peer/State/HistoryFile.ts';
import { StateFolder } from '../../../Peer/State/StateFolder.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

const entry = {
  fileId: 'a'.repeat(64) as FileId,
  path: 'film.mkv',
  size: 5,
  peer: { peerId: 'b'.repeat(64) as PeerId, name: 'anna', address: { host: '10.0.0.1', port: 9_000 } },
  bytes: 5,
  complete: true,
  firstWallMs: 1,
  lastWallMs: 2,
};

test('the saved history is restored, without damaged entries', async () => {
  const folder = await TempFolder.forTest();
  const state = new StateFolder(folder.path, silentLog, folder.at('state'));
  await state.start();
  onTestFinished(() => state.close());
  const { path } = state;
  const file = new HistoryFile(state);
  expect(await file.load()).toEqual([]);
  await file.save([entry, entry]);
  expect(await file.load()).toEqual([entry, entry]);
  const damaged = [
    null,
    5,
    { ...entry, fileId: '../../x' },
    { ...entry, bytes: 'all' },
    { ...entry, lastWallMs: 8.65e15 },
    { ...entry, peer: undefined },
    { ...entry, peer: { ...entry.peer, address: 7 } },
    { ...entry, complete: 1 },
  ];
  await writeFile(join(path, 'history.json'), JSON.stringify([...damaged, entry]));
  expect(await file.load()).toEqual([entry]);
  const numbered = Array.from({ length: 10_001 }, (_, size) => ({ ...entry, size }));
  await writeFile(join(path, 'history.json'), JSON.stringify(numbered));
  expect((await file.load()).map(({ size }) => size)).toEqual(numbered.slice(1).map(({ size }) => size));
  await writeFile(join(path, 'history.json'), JSON.stringify([entry]).padEnd(16 * 1_024 * 1_024 + 1));
  expect(await file.load()).toEqual([]);
  await writeFile(join(path, 'history.json'), '[{"fileId"');
  expect(await file.load()).toEqual([]);
});
