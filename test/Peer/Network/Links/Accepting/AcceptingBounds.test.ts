import { expect, test } from 'vitest';
import type { Bans } from '../../../../../Peer/Network/Links/Accepting/Bans.ts';
import { ConnectionAcceptor } from '../../../../../Peer/Network/Links/Accepting/ConnectionAcceptor.ts';
import type { Incoming } from '../../../../../Peer/Network/Links/Accepting/Opening.ts';
import { otherVersions } from '../../../../../Peer/Network/Links/Accepting/OtherVersion.ts';
import { encodePreamble } from '../../../../../Protocol/PeerMessages.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

test('16 connections beyond the limit stay open for their refusal, the next one is destroyed at once', () => {
  const acceptor = new ConnectionAcceptor({
    clock: new SimulatedClock(),
    bans: { has: () => false } as unknown as Bans,
    counters: { refusedConnections: 0, foreignConnections: 0, evictedConnections: 0 },
    openings: [],
    connectionsMax: 4,
  });
  const destroyed = Array.from({ length: 21 }, (_, number) => {
    let isDestroyed = false;
    // Those that give way to later ones are destroyed, too, and do not report their end.
    const destroy = () => {
      isDestroyed = true;
    };
    acceptor.accept({ remote: { host: `10.0.0.${number}`, port: 1 }, destroy } as unknown as ByteStream);
    return isDestroyed;
  });
  expect(destroyed.map(Number).join('')).toBe('000000000000000000001');
});

test('the versions of 100 hosts are noted, each host once', () => {
  const notes: string[] = [];
  let refused = 0;
  const opening = otherVersions(
    () => refused++,
    (text) => notes.push(text),
  );
  const first = encodePreamble('lane');
  for (const number of [0, ...Array(101).keys()])
    opening.accept({
      remote: { host: `10.0.0.${number}`, port: 1 },
      first,
      stream: () => {},
    } as unknown as Incoming);
  expect([refused, notes.length, new Set(notes).size]).toEqual([102, 100, 100]);
});
