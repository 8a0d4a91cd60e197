import { expect, test } from 'vitest';
import { consoleLine } from '../../Cli/Run.ts';
import { findCommand } from '../../Peer/CommandInterface.ts';
import { readCall } from '../../Peer/Commands/CommandCall.ts';

test.each([
  [['a b', 'it"s', "it's", 'C:\\x\\'], []],
  [['-', '"', "'", '\\'], []],
  [['--wait', 'film'], ['--wait']],
])('%j comes back as it was typed', (words, flags) => {
  const spec = findCommand('search');
  const call = readCall(consoleLine('get', words).replace(/^get/, flags.length > 0 ? 'download' : 'search'));
  expect(spec).toBeDefined();
  expect(call?.args).toEqual(words.filter((word) => !flags.includes(word)));
  expect([...(call?.flags ?? [])]).toEqual(flags);
});

test('what is behind -- is a name', () => {
  expect(readCall(consoleLine('search', ['--json', '--odd'], 1))?.args).toEqual(['--odd']);
});

test('a line end cannot be smuggled in', () => {
  expect(() => consoleLine('get', ['a\nquit'])).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
