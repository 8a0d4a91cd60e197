import { expect, test } from 'vitest';
import { PortMapper, type PortRouter } from '../../../../Peer/Network/PortMapping/PortMapper.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function mapper(map: PortRouter['map']) {
  const released: number[] = [];
  const router = { map, release: async (port: number) => void released.push(port) };
  const clock = new SimulatedClock();
  const lines: string[] = [];
  const write = (text: string) => lines.push(text);
  let mappings = 0;
  const log = { debug: write, info: write, warn: write };
  const made = new PortMapper({ router, clock, log: log as never, mapped: () => mappings++ });
  return { made, clock, lines, released, mappings: () => mappings };
}

test('a mapped port is shown and logged once, and renewed every half hour until the peer closes', async () => {
  let asked = 0;
  const { made, clock, lines, mappings } = mapper(async (port) => {
    asked++;
    return { host: '203.0.113.5', port, by: 'UPnP' };
  });
  expect(made.status).toEqual({ state: 'asking' });
  made.start(9_001);
  await clock.advanceAsync(1);
  expect(made.status).toEqual({
    state: 'mapped',
    external: { host: '203.0.113.5', port: 9_001 },
    by: 'UPnP',
  });
  await clock.advanceAsync(1_800_000);
  expect([asked, lines.length, mappings()]).toEqual([2, 1, 1]);
  made.renew();
  await clock.advanceAsync(1);
  expect(asked).toBe(3);
  await made.close();
  await clock.advanceAsync(10_000_000);
  expect(asked).toBe(3);
});

test('a router that does not answer is asked again after five minutes, and reported once', async () => {
  let asked = 0;
  const { made, clock, lines } = mapper(async () => {
    asked++;
    throw new ShoalError('UNREACHABLE', 'no router');
  });
  made.start(9_001);
  await clock.advanceAsync(900_001);
  expect(asked).toBe(4);
  expect(lines).toEqual(['no port of the router leads to this peer: no router']);
  expect(made.status).toEqual({ state: 'failed', reason: 'no router' });
  await made.close();
});

test.each([
  ['192.168.0.7', 9_001, 'there is another router before it'],
  ['100.64.3.2', 9_001, 'there is another router before it'],
  ['203.0.113.5', 9_044, 'start with --port 9044'],
  ['203.0.113.5\u001b[2J', 9_001, 'named no IP address'],
])('a useless mapping is reported with the reason: %s:%d', async (host, port, reason) => {
  const { made, clock } = mapper(async () => ({ host, port, by: 'NAT-PMP' }));
  made.start(9_001);
  await clock.advanceAsync(1);
  expect(made.status).toMatchObject({ state: 'failed', reason: expect.stringContaining(reason) });
  await made.close();
});

test.each([
  ['NAT-PMP', [9_001]],
  ['UPnP', []],
] as const)('at the end a mapping by %s is undone: %j', async (by, expected) => {
  const { made, clock, released } = mapper(async (port) => ({ host: '192.168.0.7', port, by }));
  made.start(9_001);
  await clock.advanceAsync(1);
  await made.close();
  expect(released).toEqual(expected);
});

test('a router without a mapping gets no request at the end', async () => {
  const { made, clock, released } = mapper(async () => {
    throw new ShoalError('UNREACHABLE', 'no router');
  });
  made.start(9_001);
  await clock.advanceAsync(1);
  await made.close();
  expect(released).toEqual([]);
});
