import { describe, expect, test } from 'vitest';
import { dropPath, dropRange, dropTime } from '../../../../Peer/Web/Drop/DropRequest.ts';

describe('the byte range of a request', () => {
  test.each([
    [{ length: '10' }, { size: 10, from: 0, fresh: true }],
    [{ length: '0' }, { size: 0, from: 0, fresh: true }],
    [
      { length: '5', range: 'bytes 5-9/10' },
      { size: 10, from: 5, fresh: false },
    ],
    [
      { length: '0', range: 'bytes */10' },
      { size: 10, from: undefined, fresh: false },
    ],
    [{}, { status: 411 }],
    [{ length: '-1' }, { status: 411 }],
    [{ length: '4', range: 'bytes 5-9/10' }, { status: 400 }],
    [{ length: '5', range: 'bytes 6-10/10' }, { status: 400 }],
    [{ length: '5', range: 'bytes */10' }, { status: 400 }],
    [{ length: '5', range: 'bytes 9-5/10' }, { status: 400 }],
    [{ length: '5', range: 'lines 5-9/10' }, { status: 400 }],
    [{ length: '5', range: 'bytes 5-9/*' }, { status: 400 }],
    [{ length: '5', type: 'multipart/form-data; boundary=x' }, { status: 415 }],
  ])('%j', ({ length, range, type }: Record<string, string | undefined>, expected) => {
    expect(dropRange({ length, range, type })).toMatchObject(expected);
  });
});

test.each([
  ['/drop/a%20b.txt', 'a b.txt'],
  ['/drop/f/g.txt', 'f/g.txt'],
  ['/drop/..%2F..%2Fetc/passwd', '../../etc/passwd'], // Made safe when the file is installed.
  ['/drop', 400],
  ['/drop/', 400],
  ['/drop/f/', 400],
  ['/drop/%ff', 400],
  [`/drop/${'x'.repeat(4_097)}`, 400],
])('%s', (address, expected) => {
  const path = dropPath(address);
  expect(typeof path === 'string' ? path : path.status).toBe(expected);
});

test('an invalid time is ignored', () => {
  expect(dropTime('Fri, 02 Jan 2026 03:04:05 GMT')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
  expect([dropTime(undefined), dropTime('never'), dropTime('Thu, 01 Jan 1960 00:00:00 GMT')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
