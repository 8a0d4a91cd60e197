import { expect, test } from 'vitest';
import { failureAnswer } from '../../../Cli/Running/Answers.ts';
import { Deadline, durationMs } from '../../../Cli/Running/Deadline.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

test.each([
  ['30s', 30_000],
  ['500ms', 500],
  ['1.5m', 90_000],
  ['2H', 7_200_000],
  ['10', 10_000],
])('--timeout %s', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(['', '0', '-1s', 'soon', '3d', '600h', '1e3s', '\u001b[2J'])(
  '--timeout %j is a usage error',
  (text) => {
    expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);

test('a failure after the deadline is a timeout, one before it is unchanged', async () => {
  const { signal } = new AbortController();
  const failing = () => Promise.reject(new ShoalError('CLOSED', 'closed during the start'));
  const over = new Deadline('3s', signal, AbortSignal.abort());
  expect((await over.answerOf(failing())).error?.code).toBe('TIMEOUT');
  await expect(new Deadline('1h', signal).answerOf(failing())).rejects.toMatchObject({ code: 'CLOSED' });
});

test('only an interruption by the deadline is a timeout', () => {
  const interrupted = failureAnswer('get', new ShoalError('CANCELLED', 'interrupted at 3 %'));
  const other = failureAnswer('get', new ShoalError('NOT_FOUND', 'nobody has it'));
  const { signal } = new AbortController();
  expect(new Deadline('1h', signal).answer(interrupted)).toBe(interrupted);
  expect(new Deadline(undefined, signal).signal).toBe(signal);
  const over = new Deadline('1h', signal, AbortSignal.abort());
  expect(over.answer(other)).toBe(other);
  expect(over.answer(interrupted).error).toMatchObject({
    code: 'TIMEOUT',
    message: 'not complete within 1h: interrupted at 3 %',
  });
});
