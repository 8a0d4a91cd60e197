import { expect, test } from 'vitest';
import { fairShare } from '../../../Peer/UseCases/FairShare.ts';

const kept = (entries: string, max: number) =>
  fairShare([...entries], (entry) => entry.toLowerCase(), max).join('');

test.each([
  ['', 3, ''],
  ['aba', 3, 'aba'],
  ['aAaaA', 3, 'aaA'],
  ['bAaaa', 3, 'baa'],
  ['aaAbBbc', 5, 'aABbc'],
  ['abcd', 2, 'cd'],
])('of %s, %i: %s', (entries, max, expected) => {
  expect(kept(entries, max)).toBe(expected);
});
