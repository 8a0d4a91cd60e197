import { expect, test } from 'vitest';
import { beNicer } from '../../../../Peer/Files/Hashing/Niceness.ts';

test.each([
  [0, 'linux', [5]],
  [10, 'linux', [15]],
  [18, 'linux', [19]],
  [0, 'darwin', []],
] as const)('from %i on %s, a thread that is 5 nicer has the niceness %j', (before, platform, after) => {
  const set: number[] = [];
  beNicer(5, platform, { getPriority: () => before, setPriority: (niceness) => set.push(niceness) });
  expect(set).toEqual(after);
});
