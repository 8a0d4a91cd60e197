import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DiskNames } from '../../../../Peer/Files/Disk/DiskNames.ts';
import { nodeDisk } from '../../../../Peer/Files/Disk/NodeDisk.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const NAME = 'What? 12:30.txt';

test('a name is changed only on a disk that cannot store it', () => {
  const disk = (anyNames: boolean) => {
    const made = new MemoryDisk({ random: new SeededRandom(1), anyNames });
    made.putFolder('/share'); // `Temp` is made when the first name needs it.
    return made;
  };
  expect(new DiskNames(disk(true), '/share/Temp').safe(NAME)).toBe(NAME);
  expect(new DiskNames(disk(false), '/share/Temp').safe(NAME)).toBe('What_ 12_30.txt');
});

test('the disk is tested once, for the first name that needs it; until it can be tested, names are portable', () => {
  const asked: string[] = [];
  let answer: 'any' | undefined;
  const disk = Object.assign(new MemoryDisk({ random: new SeededRandom(1) }), {
    keepsAnyName: (folder: string) => {
      asked.push(folder);
      return answer;
    },
  });
  disk.putFolder('/share');
  disk.putFolder('/share/Temp');
  const names = new DiskNames(disk, '/share/Temp');
  expect(names.safe('plain.txt')).toBe('plain.txt');
  expect(asked).toEqual([]);
  expect(names.safe(NAME)).toBe('What_ 12_30.txt');
  answer = 'any';
  for (let round = 0; round < 3; round++) expect(names.safe(NAME)).toBe(NAME);
  expect(asked).toEqual(['/share/Temp', '/share/Temp']);
});

test.skipIf(process.platform !== 'linux')('the test of the disk leaves no file', async () => {
  const folder = await TempFolder.forTest();
  expect(nodeDisk.keepsAnyName(folder.path)).toBe('any');
  expect(readdirSync(folder.path)).toEqual([]);
  expect(nodeDisk.keepsAnyName(folder.at('missing'))).toBeUndefined();
});
