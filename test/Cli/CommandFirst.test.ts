import { expect, test } from 'vitest';
import { commandFirst, withoutSeparator } from '../../Cli/CommandFirst.ts';

const takesValue = (option: string) => ['--tracker', '-o'].includes(option);

test.each([
  ['search x --json', 'search x --json'],
  ['--json search x', 'search --json x'],
  ['--json --tracker search get x -o d', 'get --json --tracker search x -o d'],
  ['-o search get x', 'get -o search x'],
  ['--tracker=host get x', 'get --tracker=host x'],
  ['--json -- get', '--json -- get'],
  ['--json', '--json'],
  ['--tracker', '--tracker'],
  ['', ''],
])('%s → %s', (typed, expected) => {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  expect(commandFirst(words(typed), takesValue)).toEqual(words(expected));
});

test.each([
  ['--once -- film', 1, '--once film'],
  ['a --once --', 0, 'a --once'],
  ['--once -- -- film', 2, '--once -- film'],
  ['a film', 1, 'a film'],
  ['-- film', undefined, '-- film'],
])('%s with %s words after -- → %s', (words, literal, expected) => {
  expect(withoutSeparator(words.split(' '), literal)).toEqual(expected.split(' '));
});
