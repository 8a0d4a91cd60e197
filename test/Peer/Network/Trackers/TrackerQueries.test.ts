import { expect, test } from 'vitest';
import { noTracker } from '../../../../Peer/Network/Trackers/NoTracker.ts';
import type { TrackerLink } from '../../../../Peer/Network/Trackers/Session/TrackerLink.ts';
import { TrackerQueries } from '../../../../Peer/Network/Trackers/TrackerQueries.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { PEERS_MAX } from '../../../../Protocol/Limits.ts';
import {
  encodeRequest,
  type ListedPeer,
  type ReplyOf,
  type TrackerRequest,
} from '../../../../Protocol/TrackerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { idOf } from './TrackerLan.ts';

const never = new AbortController().signal;

const listed = (number: number): ListedPeer => ({
  peerId: idOf(`peer ${number}`) as PeerId,
  name: `peer ${number}`,
  address: { host: '10.0.0.9', port: 1_000 + (number % 60_000) },
  onTrackerHost: false,
  files: 1,
  bytes: 1,
});

/** Queries to one tracker whose pages the test supplies; `registered` is the count in its heartbeat answers. */
function queries(page: (cursor: number) => Partial<ReplyOf<'peerList'>>, registered = 0) {
  const cursors: number[] = [];
  const link = {
    address: { host: '10.0.0.1', port: 6_881 },
    session: { standing: { alive: { peers: registered } } },
    ask: async (request: TrackerRequest) => {
      const cursor = request.type === 'peers' ? request.cursor : 0;
      cursors.push(cursor);
      return { type: 'peerList', total: 1e6, next: 0, peers: [], ...page(cursor) };
    },
  } as unknown as TrackerLink;
  const viewpoint = () => ({ self: idOf('self') as PeerId, isOurs: () => false });
  return {
    cursors,
    queries: new TrackerQueries({
      links: () => [link],
      viewpoint,
      noTracker: (cause) => noTracker([], cause),
      clock: new SimulatedClock(),
    }),
  };
}

test('a tracker that never ends its list is read up to the limit', async () => {
  const peers = (cursor: number) => Array.from({ length: 100 }, (_, index) => listed(cursor * 100 + index));
  const endless = queries((cursor) => ({ next: cursor + 1, peers: peers(cursor) }));
  expect(await endless.queries.peers(never)).toHaveLength(Math.ceil(PEERS_MAX / 100) * 100);
  const idle = queries((cursor) => ({ next: cursor + 1 })); // A page without any may be the end of one tracker of a cluster.
  expect(await idle.queries.peers(never)).toEqual([]);
  expect(idle.cursors).toHaveLength(65);
});

test('a failure half-way keeps the pages before it; on the first page it is reported', async () => {
  const broken = queries((cursor) => {
    if (cursor > 1) throw new ShoalError('TIMEOUT', 'gone');
    return { next: cursor + 1, peers: [listed(cursor)] };
  });
  expect(await broken.queries.peers(never)).toHaveLength(2);
  const dead = queries(() => {
    throw new ShoalError('TIMEOUT', 'gone');
  });
  await expect(dead.queries.peers(never)).rejects.toMatchObject({ code: 'NO_TRACKER', message: 'gone' });
});

test('a sample of a large registry starts at a random position, and of a small one at the first', async () => {
  const large = queries((cursor) => ({ peers: [listed(cursor)] }), 1_040);
  await large.queries.sample(40, () => 0.5, never);
  const small = queries((cursor) => ({ peers: [listed(cursor)] }), 40);
  await small.queries.sample(40, () => 0.5, never);
  expect([large.cursors, small.cursors]).toEqual([[500], [0]]);
});

test.each([
  ['answers', async () => ({}), true],
  ['refuses', () => Promise.reject(new ShoalError('REFUSED', 'too many')), true],
  ['is silent', () => new Promise(() => {}), false],
])('whether large datagrams reach a tracker that %s', async (_what, ask, expected) => {
  const clock = new SimulatedClock();
  const asked: TrackerRequest[] = [];
  const link = (state: string) =>
    ({
      session: { standing: { state } },
      ask: (request: TrackerRequest, signal: AbortSignal) => {
        asked.push(request);
        const aborted = new Promise((_, reject) => {
          const end = () => reject(new ShoalError('CANCELLED', 'late'));
          if (signal.aborted) end();
          signal.addEventListener('abort', end);
        });
        return Promise.race([ask(), aborted]);
      },
    }) as unknown as TrackerLink;
  const made = (...links: readonly TrackerLink[]) =>
    new TrackerQueries({
      links: () => links,
      viewpoint: () => ({ self: idOf('self') as PeerId, isOurs: () => false }),
      noTracker: (cause) => noTracker([], cause),
      clock,
    });
  expect(await made(link('lost')).takesLargeDatagrams(never)).toBeUndefined();
  expect(asked).toEqual([]);
  expect(await clock.settle(made(link('connected')).takesLargeDatagrams(never))).toBe(expected);
  expect(encodeRequest('0'.repeat(16), 1, asked[0] ?? { type: 'connect' }).length).toBeGreaterThan(1_000);
  const aborted = made(link('connected')).takesLargeDatagrams(AbortSignal.abort());
  expect(await clock.settle(aborted)).toBeUndefined();
});
