import { expect, test } from 'vitest';
import { ExpiryWheel } from '../../../Tracker/Peers/ExpiryWheel.ts';

interface Lease {
  deadlineMs: number;
}

test('a step reads a bounded number of leases, however many were renewed since', () => {
  let read = 0;
  const wheel = new ExpiryWheel<Lease>(({ deadlineMs }) => {
    read++;
    return deadlineMs;
  });
  const leases = Array.from({ length: 10_000 }, (): Lease => ({ deadlineMs: 5_000 }));
  for (const lease of leases) wheel.add(lease);
  for (const [at, lease] of leases.entries()) lease.deadlineMs = at % 100 === 0 ? 5_000 : 60_000;
  const expired = new Set<Lease>();
  let steps = 0;
  do {
    read = 0;
    const due = wheel.due(6_000, 2);
    // Each is read once more after it was moved.
    expect(read).toBeLessThanOrEqual(2 * 129);
    expect(due.length).toBeLessThanOrEqual(2);
    for (const lease of due) expired.add(lease);
  } while (wheel.isBehind && ++steps < 1_000);
  expect(expired.size).toBe(100);
  expect([...expired].every(({ deadlineMs }) => deadlineMs === 5_000)).toBe(true);
  expect(wheel.due(59_999)).toEqual([]);
  expect(wheel.due(60_000)).toHaveLength(9_900);
});
