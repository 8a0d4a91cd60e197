import { expect, test } from 'vitest';
import { inParallel } from '../../../../Peer/Downloads/Folder/InParallel.ts';

test('inParallel: never more at once than allowed, and nothing new after a failure', async () => {
  let active = 0;
  let most = 0;
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    most = Math.max(most, ++active);
    await Promise.resolve();
    active--;
    if (item === 5) throw new Error('five');
  };
  await expect(inParallel([...Array(20).keys()], 3, work)).rejects.toThrow('five');
  expect(most).toBe(3);
  expect(begun.length).toBeLessThan(10);
});
