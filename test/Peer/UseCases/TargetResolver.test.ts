import { expect, test } from 'vitest';
import type { SearchHit } from '../../../Peer/Model.ts';
import { TargetResolver } from '../../../Peer/UseCases/TargetResolver.ts';
import type { FileId } from '../../../Protocol/Ids.ts';

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

test('where only a file is wanted, a folder is refused before any peer is asked to list it', async () => {
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
