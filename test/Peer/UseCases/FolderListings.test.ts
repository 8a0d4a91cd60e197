import { expect, test } from 'vitest';
import type { CatalogEntry, PeerContact } from '../../../Peer/Model.ts';
import { FolderListings } from '../../../Peer/UseCases/FolderListings.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { onAbort } from '../../../Shared/OnAbort.ts';
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

/** A peer of the test: its pages, and the sizes that it proves. `stalls`: it answers nothing (more). */
interface Lister {
  readonly pages?: Iterable<readonly CatalogEntry[]>;
  readonly proves?: Readonly<Record<string, number>>;
  readonly stalls?: true;
}

function setting(listers: readonly Lister[]) {
  const clock = new SimulatedClock();
  const peers = listers.map((_, index): PeerContact => {
    const peerId = index.toString(16).padStart(64, '0') as PeerId;
    return { peerId, name: `peer ${index}`, address: { host: '10.0.0.1', port: 9_000 + index } };
  });
  const of = (peer: PeerContact) => listers[peers.findIndex(({ peerId }) => peerId === peer.peerId)] ?? {};
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      onAbort(signal, () => reject(new ShoalError('CANCELLED', 'cancelled'))),
    );
  const listings = new FolderListings({
    clock,
    network: {
      connect: async (peer) => ({ ...peer, peerId: peer.peerId as PeerId }),
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
  /** The names of the peers whose listings are used, and the time that it took. */
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

test('nobody waits for the slowest peer: after 3 s the lists that are there are used', async () => {
  const { gather } = setting([
    { pages: [[entry('d/p', photo, 5)]] },
    { stalls: true },
    { pages: [[]], stalls: true },
  ]);
  expect(await gather(2_900)).toBeUndefined();
  const { gather: again } = setting([{ pages: [[entry('d/p', photo, 5)]] }, { stalls: true }]);
  expect(await again(3_100)).toEqual({ names: ['peer 0'], late: 1 });
});

test('when all have answered nobody waits', async () => {
  const { gather } = setting([{ pages: [[entry('d/p', photo, 5)]] }, { pages: [] }]);
  expect(await gather(10)).toEqual({ names: ['peer 0', 'peer 1'], late: 0 });
});

test('a peer that has nothing does not end the wait for one that has the folder', async () => {
  const { gather } = setting([{ pages: [] }, { stalls: true }]);
  expect(await gather(10_000)).toBeUndefined();
});

test('lists that exceed the memory for one folder: the largest is dropped, the others are used', async () => {
  function* endless() {
    for (let index = 0; ; index++)
      yield Array.from({ length: 1_000 }, (_, at) =>
        entry(`d/${String(index * 1_000 + at).padStart(9, '0')}`, photo, 5),
      );
  }
  const { gather } = setting([{ pages: endless() }, { pages: [[entry('d/p', photo, 5)]] }]);
  expect(await gather(10)).toEqual({ names: ['peer 1'], late: 0 });
});

test('a false size of what others have: the holder proves the true one, and the liar is left out', async () => {
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

test('two that contradict each other without a proof are both left out', async () => {
  const other = { pages: [[entry('d/s', song, 7)]] };
  const { gather } = setting([
    { pages: [[entry('d/p', photo, 5)]] },
    { pages: [[entry('d/p', photo, 6)]] },
    other,
  ]);
  expect(await gather(10)).toEqual({ names: ['peer 2'], late: 0 });
});
