import { describe, expect, test } from 'vitest';
import type { SearchHit } from '../../../Peer/Model.ts';
import { NetworkContent, type NetworkContentOptions } from '../../../Peer/UseCases/NetworkContent.ts';
import type { ResolvedTarget } from '../../../Peer/UseCases/ResolvedTarget.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { downloadOf, fileIdOf } from '../Commands/FakeControls.ts';

const NEVER = new AbortController().signal;
const FILM = fileIdOf(1);
const wish = { fileId: FILM, size: 3, path: 'films/film.mkv', holders: [] };
const found: ResolvedTarget = { kind: 'file', wish };

/** A peer that resolves every name to `target`, and reads every content as "abc". */
function content(target: ResolvedTarget | ShoalError = found, keepsRead = false) {
  const asked: string[] = [];
  const state = {
    own: undefined as FileId | undefined,
    downloads: [] as ReturnType<typeof downloadOf>[],
    evict: new AbortController(),
    relayed: [] as unknown[],
    ready: true,
  };
  const options = {
    resolver: {
      resolve: async (what: string) => {
        asked.push(`resolve ${what}`);
        if (target instanceof ShoalError) throw target;
        return target;
      },
    },
    shared: {
      findId: (id: FileId) => (id === state.own ? { ...wish, fileId: id, modifiedMs: 5 } : undefined),
      send: async () => void asked.push('send own'),
    },
    keepsRead,
    downloads: {
      add: ({ path, order }: { path: string; order: string }) => void asked.push(`download ${path} ${order}`),
      list: () => state.downloads,
      streams: {
        open: async ({ fileId }: { fileId: FileId }, client: object) => {
          asked.push(`stream ${fileId.slice(0, 4)} ${JSON.stringify(client)}`);
          return {
            size: 3,
            evicted: state.evict.signal,
            close: () => void asked.push('close'),
            read: async function* ({ from, to }: { from: number; to: number }) {
              yield Buffer.from('abc').subarray(from, to);
            },
          };
        },
      },
    },
    network: {
      ready: (ms: number) =>
        state.ready ? Promise.resolve(asked.push(`ready ${ms}`) > 0) : new Promise(() => {}),
      queries: {
        locate: async () => [
          { complete: true, address: { host: '192.0.2.1', port: 9_001 } },
          { complete: false, address: { host: '192.0.2.2', port: 9_002 } },
          // Not a valid port of a peer.
          { complete: true, address: { host: '192.0.2.3', port: 80 } },
        ],
      },
      desk: {
        enter: ({ key }: { key: string }) => ({
          leave: () => void asked.push('leave'),
          relay: async (
            file: object,
            pieces: AsyncIterable<Uint8Array>,
            _to: object,
            signal: AbortSignal,
          ) => {
            for await (const piece of pieces) state.relayed.push([key, file, String(piece)]);
            if (signal.aborted) throw new ShoalError('CANCELLED', 'evicted');
          },
        }),
      },
    },
  } as unknown as NetworkContentOptions;
  return { state, asked, content: new NetworkContent(options) };
}

const sink = { remote: { host: '192.0.2.9', port: 1 }, write: async () => {} };

test('a file of other peers is streamed to its client, and counted as sent', async () => {
  const { content: network, asked, state } = content();
  const file = await network.open('film.mkv', '192.0.2.9', NEVER);
  expect(file).toMatchObject({ fileId: FILM, size: 3, path: 'films/film.mkv', modifiedMs: undefined });
  await file.send({ from: 1, to: 3 }, sink, NEVER);
  file.close();
  expect(state.relayed).toEqual([['http:192.0.2.9', { fileId: FILM, path: 'films/film.mkv' }, 'bc']]);
  expect(asked).toEqual([
    'ready 3000',
    'resolve film.mkv',
    `stream ${FILM.slice(0, 4)} {"host":"192.0.2.9","own":false}`,
    'leave',
    'close',
  ]);
});

test('a user of this computer has priority; an evicted reader ends', async () => {
  const { content: network, asked, state } = content();
  const file = await network.open(FILM, '127.0.0.1', NEVER);
  expect(asked.at(-1)).toContain('"own":true');
  state.evict.abort();
  await expect(file.send({ from: 0, to: 3 }, sink, NEVER)).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(asked.at(-1)).toBe('leave');
});

test('shared files and running downloads are found without a query', async () => {
  const own = content();
  own.state.own = FILM;
  const file = await own.content.open(FILM, '192.0.2.9', NEVER);
  await file.send({ from: 0, to: 3 }, sink, NEVER);
  expect([file.modifiedMs, own.asked]).toEqual([5, ['send own']]);

  const running = content();
  running.state.downloads = [{ ...downloadOf(1, 'film.mkv', { size: 3 }), fileId: FILM, state: 'fetching' }];
  await running.content.open(FILM, '192.0.2.9', NEVER);
  expect(running.asked).toEqual([`stream ${FILM.slice(0, 4)} {"host":"192.0.2.9","own":false}`]);
});

test('with a cache, a file that is read is downloaded, one of the own share is not', async () => {
  const { content: network, asked, state } = content(found, true);
  const file = await network.open('film.mkv', '192.0.2.9', NEVER);
  expect(asked.some((each) => each.startsWith('download'))).toBe(false);
  await file.send({ from: 0, to: 3 }, sink, NEVER);
  expect(asked).toContain('download films/film.mkv in order');
  state.own = FILM;
  asked.length = 0;
  await (await network.open(FILM, '192.0.2.9', NEVER)).send({ from: 0, to: 3 }, sink, NEVER);
  expect(asked).toEqual(['send own']);
});

describe('no file', () => {
  const hit: SearchHit = { fileId: FILM, size: 3, path: 'a/film.mkv', holders: [], holderCount: 1 };
  test.each<[string, ResolvedTarget | ShoalError, object]>([
    [
      'several contents',
      { kind: 'choose', hits: [hit], exact: true },
      { code: 'AMBIGUOUS', hint: `Use an id: ${FILM} (a/film.mkv)` },
    ],
    ['a similar name', { kind: 'choose', hits: [hit], exact: false }, { code: 'NOT_FOUND' }],
    ['a folder', { kind: 'folder', wish: { path: 'a', files: [] } }, { code: 'USAGE' }],
    ['nothing', new ShoalError('NOT_FOUND', 'nobody shares it'), { code: 'NOT_FOUND' }],
  ])('%s', async (_, target, error) => {
    await expect(content(target).content.open('film.mkv', '192.0.2.9', NEVER)).rejects.toMatchObject(error);
  });

  test('a client that disconnects ends the wait for a tracker', async () => {
    const { content: network, state } = content();
    state.ready = false;
    const gone = new AbortController();
    const opening = network.open('film.mkv', '192.0.2.9', gone.signal);
    gone.abort();
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

test('only complete holders are named', async () => {
  expect(await content().content.holders(FILM, NEVER)).toEqual([{ host: '192.0.2.1', port: 9_001 }]);
});
