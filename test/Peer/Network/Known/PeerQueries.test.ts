import { expect, test } from 'vitest';
import type { PeerBook } from '../../../../Peer/Network/Known/PeerBook.ts';
import { PeerQueries } from '../../../../Peer/Network/Known/PeerQueries.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { peerIdOf } from '../links.ts';

const never = new AbortController().signal;

/** Queries of a peer with this number of links, which knows 200 more peers. */
function queried(linked: number) {
  const contact = (peer: number) => ({
    peerId: peerIdOf(peer),
    name: `peer ${peer}`,
    address: { host: `10.0.0.${peer}`, port: 9_001 },
  });
  const dialled: unknown[] = [];
  const known = Array.from({ length: 200 }, (_, peer) => contact(1_000 + peer));
  const book = {
    candidates: (max: number) => known.slice(0, Math.max(0, max)),
    reached: () => {},
    failed: () => {},
  };
  const queries = new PeerQueries({
    links: {
      links: () => Array.from({ length: linked }, (_, peer) => ({ peer: contact(peer) })) as never,
      connect: async (peer) => {
        dialled.push(peer);
        return peer as never;
      },
      peer: async () => ({ query: async () => [] }) as never,
    },
    book: book as unknown as PeerBook,
    clock: new SimulatedClock(),
    random: () => 0.5,
  });
  return { queries, dialled };
}

test('a query dials 24 known peers at most, fewer beside many links', async () => {
  for (const [linked, expected] of [
    [0, 24],
    [50, 14],
    [70, 0],
  ] as const) {
    const { queries, dialled } = queried(linked);
    await queries.reach(never);
    expect(dialled, `${linked} links`).toHaveLength(expected);
  }
});
