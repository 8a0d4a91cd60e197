import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../Peer/Commands/All/Commands.ts';
import { findCommand } from '../../../../Peer/Commands/Line/FindCommand.ts';
import { readCall, wantsJson } from '../../../../Peer/Commands/Running/ReadCall.ts';

const read = (line: string) => readCall(line, COMMANDS);

test('a command is found by name or alias, in upper or lower case', () => {
  expect(read('SEARCH Film')?.name).toBe('search');
  expect(read('SEARCH Film')?.args).toEqual(['Film']);
  for (const [alias, name] of [
    ['ls', 'list'],
    ['FILES', 'list'],
    ['p', 'peers'],
    ['dls', 'downloads'],
    ['Info', 'status'],
    ['update', 'refresh'],
    ['me', 'whoami'],
    ['h', 'help'],
    ['?', 'help'],
    ['exit', 'quit'],
    ['q', 'quit'],
    ['bye', 'quit'],
  ]) {
    expect(findCommand(COMMANDS, alias ?? '')?.name).toBe(name);
  }
});

test('flags of a command are accepted anywhere, in upper or lower case; quoted they are names', () => {
  expect(read('download --WAIT x')?.flags).toEqual(new Set(['--wait']));
  expect(read('download "--wait"')?.args).toEqual(['--wait']);
  expect(() => read('download x --fast')).toThrow('download has no flag --fast');
  expect(wantsJson('nonsense --json')).toBe(true);
  expect(wantsJson('search x--json')).toBe(false);
});

test('after -- every word is an argument, unless -- is quoted', () => {
  expect(read('download --wait -- --json -x --')).toMatchObject({
    args: ['--json', '-x', '--'],
    flags: new Set(['--wait']),
  });
  expect(read('download "--" --wait')).toMatchObject({ args: ['--'], flags: new Set(['--wait']) });
});

test('a flag with a value takes the next word, or the text after =', () => {
  const call = read('download Class/ --other 7c2f90ab --newest');
  expect(call?.args).toEqual(['Class/']);
  expect(call?.flags).toEqual(new Set(['--other', '--newest']));
  expect(call?.values.get('--other')).toBe('7c2f90ab');
  expect(read('get --other=7c2f90ab a')?.values.get('--other')).toBe('7c2f90ab');
});

test.each([
  [
    'download',
    'download needs at least 1 argument, not 0',
    'Usage: shoal download <file|id|folder/...> [--wait]',
  ],
  ['get', 'get needs at least 1 argument, not 0', 'shoal get <peer> <file...>'],
  ['get a --other', '--other needs a value', 'Write: --other <id>'],
  ['peers now', 'peers takes no arguments', 'Usage: shoal peers'],
  ['link a b --days 3', 'link takes at most 1 argument', 'Names with spaces go in quotes'],
  ['download ""', 'an argument of download is empty', 'Usage'],
  ['dowload x', 'unknown command "dowload"', 'Did you mean download?'],
  ['xyzzy', 'unknown command "xyzzy"', 'List of commands: shoal help'],
  ['\u001b[2J', 'unknown command "\\u{1b}[2J"', 'List of commands: shoal help'],
])('%j is a usage error', (line, message, hint) => {
  expect(() => read(line)).toThrow(
    expect.objectContaining({ code: 'USAGE', message, hint: expect.stringContaining(hint) }),
  );
});

test('empty lines and comments are no commands', () => {
  for (const line of ['', '   ', '# a comment "', '  #x']) expect(read(line)).toBeUndefined();
});
