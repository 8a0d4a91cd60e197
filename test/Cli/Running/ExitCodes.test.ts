import { expect, test } from 'vitest';
import { exitCodeOfAnswer, factsAnswer, failureAnswer } from '../../../Cli/Running/Answers.ts';
import { exitCodeOf } from '../../../Cli/Running/ExitCodes.ts';
import { type ErrorCode, ShoalError } from '../../../Shared/ShoalError.ts';

test.each([
  ['USAGE', 2],
  ['AMBIGUOUS', 2],
  ['NOT_FOUND', 3],
  ['REFUSED', 4],
  ['NO_TRACKER', 5],
  ['UNREACHABLE', 5],
  ['TIMEOUT', 6],
  ['CANCELLED', 7],
  ['CLOSED', 7],
  ['INTEGRITY', 8],
  ['FILE_CHANGED', 8],
  ['DISK_FULL', 9],
  ['LOCAL_CONFLICT', 10],
  ['PORT_IN_USE', 10],
  ['DISK_FAILED', 1],
  ['BUSY', 4],
  ['PART_FILE_GONE', 1],
  ['BAD_FRAME', 1],
] as const satisfies readonly (readonly [ErrorCode, number])[])('%s ends with %i', (code, exitCode) => {
  const answer = failureAnswer('get', new ShoalError(code, 'a sentence', { hint: 'a hint' }));
  expect(exitCodeOfAnswer(answer)).toBe(exitCode);
  expect(JSON.parse(answer.json)).toEqual({
    version: 1,
    command: 'get',
    ok: false,
    error: { code, message: 'a sentence', hint: 'a hint' },
  });
});

test('success is 0, a partly fetched folder 11, an unknown error code 1', () => {
  expect(exitCodeOfAnswer(factsAnswer('ls', { items: [] }, ''))).toBe(0);
  const failed = failureAnswer('get', new ShoalError('UNREACHABLE', 'gone'));
  expect(exitCodeOfAnswer({ ...failed, partly: true })).toBe(11);
  expect(exitCodeOf('toString')).toBe(1);
});
