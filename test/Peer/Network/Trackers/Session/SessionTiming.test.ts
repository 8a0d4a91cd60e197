import { expect, test } from 'vitest';
import { nextHeartbeatMs } from '../../../../../Peer/Network/Trackers/Session/SessionTiming.ts';
import { HEARTBEAT_MAX_MS } from '../../../../../Protocol/Limits.ts';

test.each([
  [0, 1_000],
  [5_000, 5_000],
  [0xffff_ffff, HEARTBEAT_MAX_MS],
])('a tracker that asks for heartbeats every %i ms gets them every %i ms', (requestedMs, intervalMs) => {
  expect(nextHeartbeatMs(100, requestedMs, () => 1)).toBe(100 + intervalMs);
  expect(nextHeartbeatMs(100, requestedMs, () => 0)).toBe(100 + intervalMs * 0.85);
});
