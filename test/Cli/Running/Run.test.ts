import { expect, test } from 'vitest';
import { consoleLine, splitFlags } from '../../../Cli/Running/Run.ts';
import { COMMANDS } from '../../../Peer/CommandInterface.ts';
import { readCall } from '../../../Peer/Commands/Running/ReadCall.ts';

test.each([
  [['a b', 'it"s', "it's", 'C:\\x\\'], []],
  [['-', '"', "'", '\\'], []],
  [['--wait', 'film'], ['--wait']],
])('%j parses as the typed words', (words, flags) => {
  const call = readCall(
    consoleLine('get', words).replace(/^get/, flags.length > 0 ? 'download' : 'search'),
    COMMANDS,
  );
  expect(call?.args).toEqual(words.filter((word) => !flags.includes(word)));
  expect([...(call?.flags ?? [])]).toEqual(flags);
});

test('words after -- are names', () => {
  expect(readCall(consoleLine('search', ['--json', '--odd'], 1), COMMANDS)?.args).toEqual(['--odd']);
});

test('a file whose name begins with -- is sent when it stands after --', () => {
  const words = ['--wait', '--json', 'anna'];
  expect(splitFlags(words, 2)).toEqual({ flags: ['--wait'], args: ['--json', 'anna'] });
  expect(splitFlags(words, 0)).toEqual({ flags: ['--wait', '--json'], args: ['anna'] });
});

test('a line end in an argument starts no second command', () => {
  expect(() => consoleLine('get', ['a\nquit'])).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
