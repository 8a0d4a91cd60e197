import { expect, test } from 'vitest';
import type { Coverage, SearchHit } from '../../../Peer/Model.ts';
import { TargetResolver } from '../../../Peer/UseCases/TargetResolver.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const idOf = (n: number) => n.toString(16).padStart(8, '0').padEnd(64, 'f') as FileId;
const hitOf = (n: number) =>
  ({ fileId: idOf(n), path: `${n}.bin`, size: 1, holders: [], holderCount: 1 }) as unknown as SearchHit;

test('the last 10,000 displayed hits are remembered; older ones are searched for again', async () => {
  const searched: string[] = [];
  const search = async (words: string) => {
    searched.push(words);
    return { hits: [], trackers: 1 };
  };
  const resolver = new TargetResolver({
    network: { queries: { search } },
    files: { matching: () => [], list: () => [] },
    folderRequested: () => {},
  } as never);
  const resolve = (n: number) => resolver.resolve(idOf(n).slice(0, 12), new AbortController().signal);
  resolver.remember([hitOf(1), hitOf(2)]);
  resolver.remember([hitOf(1)]);
  resolver.remember(Array.from({ length: 9_999 }, (_, n) => hitOf(n + 3)));
  expect(await resolve(1)).toMatchObject({ kind: 'file', wish: { path: '1.bin' } });
  expect(searched).toEqual([]);
  await expect(resolve(2)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(searched).toEqual([idOf(2).slice(0, 12)]);
});

test.each([
  [{ trackers: 2, trackersKnown: 3 }, ['films 2']],
  [{ trackers: 3, trackersKnown: 3 }, []],
  [{ trackers: 0, trackersKnown: 3 }, []],
])('a folder whose holders were named with the coverage %j: %j is reported', async (coverage, told) => {
  const said: string[] = [];
  const folderHolders = async (_path: string, _signal: AbortSignal, covers: (each: Coverage) => void) => {
    covers(coverage);
    return [];
  };
  const resolver = new TargetResolver({
    network: { queries: { folderHolders } },
    files: { matching: () => [], list: () => [] },
    folderRequested: () => {},
    partial: (folder: string, { trackers }: Coverage) => said.push(`${folder} ${trackers}`),
    clock: new SimulatedClock(),
    wallMs: () => 0,
  } as never);
  const resolving = resolver.resolve('films/', new AbortController().signal);
  await expect(resolving).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(said).toEqual(told);
});

test('where a file is required, a folder is refused before any peer lists it', async () => {
  const hits = [{ ...hitOf(1), path: 'films/1.bin' }];
  const asked: string[] = [];
  const resolver = new TargetResolver({
    network: {
      queries: {
        search: async () => ({ hits, trackers: 1 }),
        folderHolders: async (folder: string) => asked.push(folder) && [],
      },
    },
    files: { matching: () => [], list: () => [] },
    folderRequested: () => asked.push('folder'),
  } as never);
  const { signal } = new AbortController();
  for (const what of ['films/', 'films'])
    await expect(resolver.resolve(what, signal, { onlyFile: true })).rejects.toMatchObject({ code: 'USAGE' });
  expect(asked).toEqual([]);
});

test('a slash alone is not a folder to download, from all peers or from one', async () => {
  const resolver = new TargetResolver({
    network: { queries: {} },
    files: { matching: () => [], list: () => [] },
    folderRequested: () => {},
  } as never);
  const { signal } = new AbortController();
  await expect(resolver.resolve('//', signal)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(resolver.resolveAt({} as never, '/', signal)).rejects.toMatchObject({ code: 'USAGE' });
});

test('of two names that look the same the typed one is taken, and the other is named by its id', async () => {
  const composed = { ...hitOf(1), path: 'caf\u00e9.txt' };
  const decomposed = { ...hitOf(2), path: 'cafe\u0301.txt' };
  const resolver = new TargetResolver({
    network: { queries: { search: async () => ({ hits: [decomposed, composed], trackers: 1 }) } },
    files: { matching: () => [], list: () => [] },
    folderRequested: () => {},
  } as never);
  const { signal } = new AbortController();
  expect(await resolver.resolve('caf\u00e9.txt', signal)).toMatchObject({
    wish: { fileId: idOf(1) },
    note: expect.stringContaining(idOf(2).slice(0, 12)),
  });
});
