import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../Peer/Commands/All/Commands.ts';
import { editDistance } from '../../../../Peer/Commands/Line/EditDistance.ts';
import { suggestCommand } from '../../../../Peer/Commands/Line/FindCommand.ts';

test.each([
  ['serach', 'search'],
  ['lst', 'list'],
  ['pers', 'peers'],
  ['STATSU', 'status'],
  ['downlaods', 'downloads'],
  ['quitt', 'quit'],
  ['conn', 'connect'],
  ['hepl', 'help'],
])('%s: did you mean %s?', (typed, meant) => {
  expect(suggestCommand(COMMANDS, typed)).toBe(meant);
});

test('a word that resembles no command gets no suggestion', () => {
  for (const typed of ['zzz', 'x', 'frobnicate', 'a'.repeat(10_000)])
    expect(suggestCommand(COMMANDS, typed)).toBeUndefined();
});

test('the edit distance is a metric on short words', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  expect(editDistance('search', 'serach')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
  fc.assert(
    fc.property(word, word, (one, other) => {
      const distance = editDistance(one, other);
      expect(distance).toBe(editDistance(other, one));
      expect(distance === 0).toBe(one === other);
      expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
    }),
  );
});
