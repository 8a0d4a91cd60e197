import { expect, test } from 'vitest';
import { RateLimiter } from '../../../../../Peer/Network/Lanes/Limits/RateLimiter.ts';
import { RelayHost } from '../../../../../Peer/Network/Links/Relaying/RelayHost.ts';
import type { RelayPeer } from '../../../../../Peer/Network/Links/Relaying/RelayTypes.ts';
import type { PeerId } from '../../../../../Protocol/Ids.ts';
import { encodeLane } from '../../../../../Protocol/PeerMessages.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

/** A relay with a grant for two peers, of which `b` accepts no bytes. */
async function relayed() {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, {});
  const tokens = ['a', 'b'].map((digit) => digit.repeat(32));
  const peer = (name: string): RelayPeer => ({
    contact: { peerId: name.repeat(64) as PeerId, name, address: { host: `10.0.0.${name}`, port: 9_001 } },
    link: { via: undefined, remote: { host: `10.0.0.${name}` } },
    dials: {} as never,
    send: () => {},
  });
  const host = new RelayHost({
    clock,
    bytesPerSecond: 1_000_000,
    limits: { up: limiter, down: limiter, classOf: () => 'lan' } as never,
    newToken: () => tokens.shift() ?? expect.fail(),
    summon: async () => peer('2'),
    misbehaved: () => expect.fail(),
  });
  await host.grant(peer('1'), '2'.repeat(64) as PeerId);
  const enter = (digit: string, ip: string, isWritable: boolean) => {
    const stream = {
      remote: { host: ip, port: 50_000 },
      isDestroyed: false,
      write: () => isWritable,
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {
        if (stream.isDestroyed) return;
        stream.isDestroyed = true;
        handler.closed(undefined);
      },
    };
    const { handler } = host.accept(stream, false, () => {});
    handler.data?.(encodeLane({ type: 'token', token: digit.repeat(32) }));
    return { stream, handler };
  };
  return { clock, host, a: enter('a', '10.0.0.1', true), b: enter('b', '10.0.0.2', false) };
}

test('a half that stops reading is cut two minutes after the end of the other half', async () => {
  const { clock, host, a, b } = await relayed();
  expect(host.status.connections).toBe(1);
  a.handler.data?.(Buffer.alloc(1_000));
  await clock.advanceAsync(10);
  a.stream.destroy();
  await clock.advanceAsync(60_000);
  expect([b.stream.isDestroyed, host.status.connections]).toEqual([false, 0]);
  await clock.advanceAsync(100_000);
  expect(b.stream.isDestroyed).toBe(true);
});

test('a half that stops reading is cut at the end of its link', async () => {
  const { clock, host, a, b } = await relayed();
  a.handler.data?.(Buffer.alloc(1_000));
  await clock.advanceAsync(10);
  a.stream.destroy();
  host.drop('2'.repeat(64) as PeerId);
  expect(b.stream.isDestroyed).toBe(true);
});
