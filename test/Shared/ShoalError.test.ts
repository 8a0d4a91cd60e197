import { expect, test } from 'vitest';
import { asShoalError, diskCode, ShoalError, systemCode } from '../../Shared/ShoalError.ts';

test('a failure keeps its code, its hint and its cause', () => {
  const cause = new Error('below');
  const error = new ShoalError('PORT_IN_USE', 'port 1 is taken', { hint: 'Choose another.', cause });
  expect(error).toMatchObject({ name: 'ShoalError', code: 'PORT_IN_USE', hint: 'Choose another.', cause });
  expect(asShoalError(error, 'USAGE')).toBe(error);
});

test('a hint names commands as its reader types them: for a shell, unless it is told otherwise', () => {
  const error = new ShoalError('NOT_FOUND', 'no peer', { hint: (command) => `See: ${command('peers')}` });
  expect(error.hint).toBe('See: shoal peers');
  expect(error.hintFor((command) => command)).toBe('See: peers');
});

test('anything thrown becomes a ShoalError', () => {
  const cause = new Error('below');
  expect(asShoalError(cause, 'DISK_FAILED')).toMatchObject({ code: 'DISK_FAILED', message: 'below', cause });
  expect(asShoalError('text', 'TIMEOUT')).toMatchObject({ code: 'TIMEOUT', message: 'text', cause: 'text' });
});

test('the system code of an error, if it has one', () => {
  expect(systemCode(Object.assign(new Error(), { code: 'ENOENT' }))).toBe('ENOENT');
  for (const other of [new Error('x'), { code: 7 }, null, undefined, 'ENOENT']) {
    expect(systemCode(other)).toBeUndefined();
  }
});

test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])(
  '%s means a full disk, also where a disk may fail in any way',
  (code) => {
    const failure = Object.assign(new Error('no space'), { code });
    expect(diskCode(failure)).toBe('DISK_FULL');
    expect(asShoalError(failure, 'DISK_FAILED').code).toBe('DISK_FULL');
    expect(asShoalError(failure, 'UNREACHABLE').code).toBe('UNREACHABLE');
    expect(diskCode(Object.assign(new Error('read-only'), { code: 'EROFS' }))).toBe('DISK_FAILED');
  },
);
