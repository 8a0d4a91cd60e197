import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { GuestLimits } from '../../../../Peer/Web/Access/GuestLimits.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function limits() {
  const clock = new SimulatedClock();
  const made = new GuestLimits(clock);
  const asks = (remoteAddress: string) =>
    made.allows({ socket: { remoteAddress, remotePort: 1 } } as IncomingMessage);
  /** Number of allowed requests of 40 by one client. */
  const allowed = (client = '10.0.0.7') => Array.from({ length: 40 }, () => asks(client)).filter(Boolean);
  return { clock, asks, allowed };
}

test('a client has 30 requests at once, then 10 a second; all clients together 120 and 40', () => {
  const { clock, allowed } = limits();
  const others = Array.from({ length: 5 }, (_, n) => `10.0.1.${n}`);
  expect(others.map((client) => allowed(client).length)).toEqual([30, 30, 30, 30, 0]);
  clock.advance(1_000);
  expect(others.map((client) => allowed(client).length)).toEqual([10, 10, 10, 10, 0]);
});

test('the rates of 1,024 clients are remembered; the oldest is evicted', () => {
  const { clock, asks, allowed } = limits();
  expect(allowed()).toHaveLength(30);
  for (let n = 0; n < 1_023; n++) asks(`10.1.${n >> 8}.${n & 255}`);
  clock.advance(1_000);
  expect(allowed()).toHaveLength(10);
  for (let n = 0; n < 1_024; n++) asks(`10.1.${n >> 8}.${n & 255}`);
  clock.advance(1_000);
  expect(allowed()).toHaveLength(30);
});
