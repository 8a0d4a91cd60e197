import { expect, test } from 'vitest';
import type { CatalogEntry, PeerContact } from '../../../Peer/Model.ts';
import { FolderListings } from '../../../Peer/UseCases/FolderListings.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const patient = new AbortController().signal;
const photo = 'a'.repeat(64) as FileId;
const song = 'b'.repeat(64) as FileId;
const entry = (path: string, fileId: FileId, size: number): CatalogEntry => ({
  path,
  fileId,
  size,
  modifiedMs: 0,
});

/**
 * A fake peer: its pages, and the sizes that it proves. `stalls`: it stops answering. `gone`: the dial failed
 * and a call is pending, to which the peer connects after that many milliseconds.
 */
interface Lister {
  readonly pages?: Iterable<readonly CatalogEntry[]>;
  readonly proves?: Readonly<Record<string, number>>;
  readonly stalls?: true;
  readonly gone?: number;
  /** The peer reports itself as undialable. */
  readonly undialable?: true;
}

function setting(listers: readonly Lister[]) {
  const clock = new SimulatedClock();
  const peers = listers.map(({ undialable }, index): PeerContact => {
    const peerId = index.toString(16).padStart(64, '0') as PeerId;
    return { peerId, name: `peer ${index}`, address: { host: '10.0.0.1', port: 9_000 + index }, undialable };
  });
  const of = (peer: PeerContact) => listers[peers.findIndex(({ peerId }) => peerId === peer.peerId)] ?? {};
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      onAbort(signal, () => reject(new ShoalError('CANCELLED', 'cancelled'))),
    );
  const listings = new FolderListings({
    clock,
    network: {
      links: {
        connect: async (peer) => {
          const { gone } = of(peer);
          if (gone !== undefined) await new Promise<void>((resolve) => clock.after(gone, resolve));
          return { ...peer, peerId: peer.peerId as PeerId };
        },
        dialFailed: (peer) => clock.nowMs() < (of(peer).gone ?? 0),
      },
      async *listFiles(peer, _folder, signal) {
        yield* of(peer).pages ?? [];
        if (of(peer).stalls) await never(signal);
      },
      describe: async (peer, fileId, signal) => {
        const { proves = {}, stalls } = of(peer);
        if (stalls) return never(signal);
        const size = proves[fileId];
        if (size === undefined) throw new ShoalError('INTEGRITY', 'the chunk hashes do not match');
        return { fileId, layout: chunkLayout(size), chunkHashes: [] };
      },
    },
  });
  /** The names of the peers whose listings are used, and the elapsed time. */
  const gather = async (withinMs = 0) => {
    let result: { names: string[]; late: number } | undefined;
    void listings.gather('d', peers, patient).then(({ listings: used, late }) => {
      result = { names: used.map(({ holder }) => holder.name), late };
    });
    await clock.advanceAsync(withinMs);
    return result;
  };
  return { gather };
}

test('a slow peer is not awaited: after 3 s the received lists are used', async () => {
  const { gather } = setting([
    { pages: [[entry('d/p', photo, 5)]] },
    { stalls: true },
    { pages: [[]], stalls: true },
  ]);
  expect(await gather(2_900)).toBeUndefined();
  const { gather: again } = setting([{ pages: [[entry('d/p', photo, 5)]] }, { stalls: true }]);
  expect(await again(3_100)).toEqual({ names: ['peer 0'], late: 1 });
});

test('a peer whose dial failed is awaited for 150 ms, unless there is no other list or it is undialable', async () => {
  const lists = { pages: [[entry('d/p', photo, 5)]] };
  const { gather } = setting([lists, { ...lists, gone: Number.POSITIVE_INFINITY }]);
  expect(await gather(160)).toEqual({ names: ['peer 0'], late: 1 });
  const { gather: called } = setting([lists, { ...lists, gone: 140 }]);
  expect(await called(160)).toEqual({ names: ['peer 0', 'peer 1'], late: 0 });
  const { gather: closed } = setting([lists, { ...lists, gone: 1_000, undialable: true }]);
  expect(await closed(900)).toBeUndefined();
  const { gather: only } = setting([{ pages: [] }, { ...lists, gone: 2_500 }]);
  expect(await only(2_000)).toBeUndefined();
  const { gather: late } = setting([lists, { ...lists, gone: 5_000 }, { ...lists, stalls: true }]);
  expect(await late(2_900)).toBeUndefined();
});

test('64 peers at most are asked for one folder', async () => {
  const { gather } = setting(Array.from({ length: 70 }, () => ({ pages: [[entry('d/p', photo, 5)]] })));
  expect((await gather())?.names).toHaveLength(64);
});

test('after the last answer there is no wait', async () => {
  const { gather } = setting([{ pages: [[entry('d/p', photo, 5)]] }, { pages: [] }]);
  expect(await gather(10)).toEqual({ names: ['peer 0', 'peer 1'], late: 0 });
});

test('a peer without the folder does not end the wait for one that has it', async () => {
  const { gather } = setting([{ pages: [] }, { stalls: true }]);
  expect(await gather(10_000)).toBeUndefined();
});

test.each([
  ['files', 9, 2_000_000],
  ['characters', 1_000, (192 * 1_048_576) / (64 + 1_002)],
])('a list of too many %s for one folder is dropped, the others are used', async (_, digits, filesMax) => {
  let listed = 0;
  const page = Array.from({ length: 1_000 }, (_, n) =>
    entry(`d/${String(n).padStart(digits, '0')}`, photo, 5),
  );
  function* endless() {
    for (;;) {
      listed += page.length;
      yield page;
    }
  }
  const { gather } = setting([{ pages: endless() }, { pages: [[entry('d/p', photo, 5)]] }]);
  expect(await gather(10)).toEqual({ names: ['peer 1'], late: 0 });
  expect(listed).toBeGreaterThan(filesMax);
  expect(listed).toBeLessThanOrEqual(filesMax + 3_000);
});

test('of two sizes of a content the holder proves the true one, and the liar is left out', async () => {
  const honest = { pages: [[entry('d/p', photo, 3_000_017)]], proves: { [photo]: 3_000_017 } };
  const liar = { pages: [[entry('d/p', photo, 5)]] };
  const { gather } = setting([liar, liar, honest]);
  expect(await gather(10)).toEqual({ names: ['peer 2'], late: 0 });
});

test('a liar that does not answer costs 3 s and is left out', async () => {
  const honest = { pages: [[entry('d/p', photo, 30)]], proves: { [photo]: 30 } };
  const { gather } = setting([honest, { pages: [[entry('d/p', photo, 5)]], proves: {} }, honest]);
  expect(await gather(3_100)).toEqual({ names: ['peer 0', 'peer 2'], late: 0 });
});

test('two peers that contradict each other without a proof are left out', async () => {
  const other = { pages: [[entry('d/s', song, 7)]] };
  const { gather } = setting([
    { pages: [[entry('d/p', photo, 5)]] },
    { pages: [[entry('d/p', photo, 6)]] },
    other,
  ]);
  expect(await gather(10)).toEqual({ names: ['peer 2'], late: 0 });
});

test('sizes are proven in eight rounds; peers that contradict each other after them are left out', async () => {
  const numbers = Array.from({ length: 10 }, (_, at) => at);
  const idOf = (number: number) => number.toString(16).repeat(64) as FileId;
  const proves = Object.fromEntries(numbers.map((number) => [idOf(number), 100]));
  const lister = (wrong?: number) => ({
    pages: [numbers.map((number) => entry(`d/${number}`, idOf(number), number === wrong ? 5 : 100))],
    proves,
  });
  const gather = (liars: number) =>
    setting([...numbers.slice(0, liars).map(lister), lister(), { pages: [[entry('d/s', song, 7)]] }]).gather(
      10,
    );
  expect((await gather(8))?.names).toEqual(['peer 8', 'peer 9']);
  expect((await gather(10))?.names).toEqual(['peer 11']);
});
