import { expect, test } from 'vitest';
import { commandFirst } from '../../Cli/CommandFirst.ts';

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
