import { expect, test } from 'vitest';
import { reach } from '../../../../../Peer/Network/Links/Dialling/Reach.ts';
import { ShoalError } from '../../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

/** Reaches a peer that accepts the connection after `connectedMs`; its handshake does not end. */
function reaching(connectedMs: number | undefined) {
  const clock = new SimulatedClock();
  const calledMs: number[] = [];
  let link = (_peer: string) => {};
  const reached = reach<string>({
    address: { host: '10.0.0.9', port: 9_000 },
    dial: (connected) =>
      new Promise(() => {
        if (connectedMs !== undefined) clock.after(connectedMs, connected);
      }),
    call: async () => {
      calledMs.push(clock.nowMs());
    },
    callFirst: false,
    onLinked: (listener) => {
      link = listener;
      return () => {};
    },
    notYet: () => new ShoalError('UNREACHABLE', 'not yet'),
    clock,
  });
  return { clock, calledMs, reached, link: () => link('the peer') };
}

test.each([
  ['accepts no connection', undefined, 300],
  ['accepts one late', 301, 300],
  ['accepts one in time', 299, 2_299],
] as const)('a peer whose handshake does not end is called: it %s', async (_what, ms, called) => {
  const { clock, calledMs } = reaching(ms);
  await clock.advanceAsync(5_000);
  expect(calledMs).toEqual([called]);
});

test('a peer that has linked to us by itself is not called, whenever our connection comes', async () => {
  const { clock, calledMs, reached, link } = reaching(200);
  link();
  expect(await reached).toBe('the peer');
  await clock.advanceAsync(5_000);
  expect(calledMs).toEqual([]);
});
