import { expect, test } from 'vitest';
import { JobSize } from '../../../../../Peer/Network/Lanes/Desk/JobSize.ts';

const MIB = 1_048_576;

test('jobs grow to 16 MiB while they are fast, shrink to 256 KiB while they are slow, and stay in between', () => {
  const jobs = new JobSize();
  const sizes = (ms: number, count: number) =>
    Array.from({ length: count }, () => {
      jobs.took(ms);
      return jobs.bytes / MIB;
    });
  expect(jobs.bytes).toBe(2 * MIB);
  expect(sizes(49, 4)).toEqual([4, 8, 16, 16]);
  expect([...sizes(50, 1), ...sizes(200, 1)]).toEqual([16, 16]);
  expect(sizes(201, 7)).toEqual([8, 4, 2, 1, 0.5, 0.25, 0.25]);
});
