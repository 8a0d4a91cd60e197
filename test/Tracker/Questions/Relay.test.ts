import { describe, expect, test } from 'vitest';
import type { FileId } from '../../../Protocol/Ids.ts';
import { RELAY_MS, RELAY_REPEAT_MS } from '../../../Protocol/Limits.ts';
import { NO_TOKEN } from '../../../Protocol/PeerProof.ts';
import type { RelayedFile } from '../../../Protocol/RelayMessages.ts';
import {
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type RequestOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import type { Datagram } from '../../../Tracker/Questions/OwnPart.ts';
import { TrackerLogic } from '../../../Tracker/TrackerLogic.ts';
import { withToken } from '../Asker.ts';
import { heartbeatOf, idOf, runOf } from '../peers.ts';

/** A tracker, and peers that record its datagrams. */
class Desk {
  readonly notes: string[] = [];
  readonly logic: TrackerLogic;
  readonly #cookies = new Map<string, string>();

  constructor(relayOnly = false) {
    const note = (text: string) => void this.notes.push(text);
    const secret = new SeededRandom(5).bytes(32);
    this.logic = new TrackerLogic({ instanceId: runOf(77), wallClock: () => 0, secret, relayOnly, note });
  }

  /** Registers a peer. Returns its address. */
  join(number: number, changes: Partial<RequestOf<'heartbeat'>> = {}, host = `10.0.0.${number}`): Address {
    const from = { host, port: 40_000 + number };
    this.ask(from, heartbeatOf(number, { queryToken: tokenOf(number), ...changes }));
    return from;
  }

  /** Datagrams that the tracker sends for one request. */
  ask(from: Address, request: TrackerRequest, nowMs = 0, transactionId = 1): Sent[] {
    const cookie = this.#cookies.get(formatAddress(from)) ?? this.#connect(from, nowMs);
    return read(
      this.logic.receive(
        encodeRequest(cookie, transactionId, withToken(this.logic, from, request)),
        from,
        nowMs,
      ),
    );
  }

  expire(nowMs: number): Sent[] {
    return read(this.logic.expire(nowMs));
  }

  #connect(from: Address, nowMs: number): string {
    const [sent] = read(this.logic.receive(encodeRequest('', 1, { type: 'connect' }), from, nowMs));
    const cookie = sent?.reply.type === 'connected' ? sent.reply.connectionId : '';
    this.#cookies.set(formatAddress(from), cookie);
    return cookie;
  }
}

interface Sent {
  readonly to: string;
  readonly transactionId: number;
  readonly reply: TrackerReply;
}

function read(datagrams: readonly Datagram[]): Sent[] {
  expect(datagrams.every(({ bytes }) => bytes.length <= 1_200)).toBe(true);
  return datagrams.map(({ bytes, to }) => ({ to: to.host, ...decodeReply(bytes) }));
}

function tokenOf(number: number): string {
  return number.toString(16).padStart(16, '0');
}

function fileOf(number: number, path: string, complete = true): RelayedFile {
  return { fileId: number.toString(16).padStart(64, '0') as FileId, size: number, path, complete };
}

function queries(sent: readonly Sent[]): { to: string; query: ReplyOf<'query'> }[] {
  return sent.flatMap(({ to, reply }) => (reply.type === 'query' ? [{ to, query: reply }] : []));
}

function pages(sent: readonly Sent[]): ReplyOf<'found'>[] {
  return sent.flatMap(({ reply }) => (reply.type === 'found' ? [reply] : []));
}

const SEARCH = { type: 'search', words: 'a song', cursor: 0 } as const;

describe('a relay-only tracker', () => {
  test('queries every peer except the asking one, each with its token', () => {
    const desk = new Desk(true);
    const asker = desk.join(1);
    desk.join(2);
    desk.join(3);
    const sent = desk.ask(asker, SEARCH, 0, 9);
    expect(sent[0]).toMatchObject({ to: '10.0.0.1', transactionId: 9 });
    expect(pages(sent)).toEqual([{ type: 'found', total: 0, next: 0, asked: 2, part: 'index', hits: [] }]);
    const asked = queries(sent).map(({ to, query }) => [to, query.queryToken, query.question]);
    const question = { words: 'a song', fileId: undefined };
    expect(asked).toEqual([
      ['10.0.0.2', tokenOf(2), question],
      ['10.0.0.3', tokenOf(3), question],
    ]);
    expect(desk.notes.filter((note) => note.includes('QUERY'))).toHaveLength(2);
  });

  test('passes hits on with the observed address of their peer, and ends at the last answer', () => {
    const desk = new Desk(true);
    const asker = desk.join(1);
    const [two, three] = [desk.join(2), desk.join(3)];
    const relay = queries(desk.ask(asker, SEARCH, 0, 9))[0]?.query.relay ?? 0;
    const hit = { type: 'hit', token: NO_TOKEN, relay, files: [fileOf(7, 'a song.mp3', false)] } as const;
    const first = desk.ask(two, hit, 100);
    expect(first[0]).toMatchObject({ to: '10.0.0.1', transactionId: 9 });
    expect(pages(first)).toMatchObject([
      {
        part: 'relayed',
        hits: [
          {
            fileId: fileOf(7, '').fileId,
            size: 7,
            path: 'a song.mp3',
            holderCount: 1,
            holders: [{ peerId: idOf(2), address: { host: '10.0.0.2', port: 9_002 }, complete: false }],
          },
        ],
      },
    ]);
    const last = pages(desk.ask(three, { type: 'miss', token: NO_TOKEN, relay }, 200));
    expect(last).toMatchObject([{ part: 'last', hits: [] }]);
    expect(desk.logic.nextEndMs).toBeUndefined();
    expect(desk.notes.filter((note) => /HIT "a song.mp3", 7, 00000000|MISS/.test(note))).toHaveLength(2);
  });

  test('holds no catalog, and acknowledges a page with the held version 0', () => {
    const desk = new Desk(true);
    const from = desk.join(1);
    const { peerId, instanceId, token } = heartbeatOf(1);
    const page = { version: 1, base: 0, page: 0, pages: 1 };
    const entry = { ...fileOf(1, 'a song'), kind: 'file' } as const;
    const [published] = desk.ask(from, {
      type: 'publish',
      peerId,
      instanceId,
      token,
      ...page,
      entries: [entry],
    });
    expect(published?.reply).toEqual({ type: 'published', version: 1, page: 0, heldVersion: 0 });
    expect(desk.ask(from, heartbeatOf(1))[0]?.reply).toMatchObject({ relayOnly: true, heldVersion: 0 });
    expect(desk.logic.catalogs.size).toBe(0);
  });

  test('names every peer except the asking one as a folder holder', () => {
    const desk = new Desk(true);
    const asker = desk.join(1);
    desk.join(2);
    const [sent] = desk.ask(asker, { type: 'folder', path: 'Films', cursor: 0 });
    expect(sent?.reply).toMatchObject({ total: 1, next: 0, peers: [{ peerId: idOf(2) }] });
  });

  test('relays a locate', () => {
    const desk = new Desk(true);
    const asker = desk.join(1);
    const two = desk.join(2);
    const { fileId } = fileOf(7, '');
    const sent = desk.ask(asker, { type: 'locate', fileId, cursor: 0 }, 0, 4);
    const query = queries(sent)[0]?.query;
    expect(query?.question).toEqual({ words: '', fileId });
    const files = [fileOf(8, 'another'), fileOf(7, 'whatever')];
    const [located] = desk.ask(two, { type: 'hit', token: NO_TOKEN, relay: query?.relay ?? 0, files });
    expect(located).toMatchObject({
      transactionId: 4,
      reply: {
        type: 'located',
        part: 'last',
        total: 1,
        size: 7,
        holders: [{ peerId: idOf(2), complete: true }],
      },
    });
  });
});

describe('a tracker with an index', () => {
  test('queries only peers whose catalog it does not hold', () => {
    const desk = new Desk();
    const asker = desk.join(1);
    desk.join(2); // shares nothing
    desk.join(3, { unlisted: true });
    desk.join(4, { catalogVersion: 5 }); // still publishing
    expect(queries(desk.ask(asker, SEARCH)).map(({ to }) => to)).toEqual(['10.0.0.3', '10.0.0.4']);
  });

  test('answers completely and at once if it holds every catalog', () => {
    const desk = new Desk();
    const asker = desk.join(1, { unlisted: true });
    expect(pages(desk.ask(asker, SEARCH))).toMatchObject([{ asked: 0, part: 'whole' }]);
  });
});

describe('limits', () => {
  function asking() {
    const desk = new Desk(true);
    const asker = desk.join(1);
    const two = desk.join(2);
    const relay = queries(desk.ask(asker, SEARCH, 1_000, 9))[0]?.query.relay ?? 0;
    return { desk, asker, two, relay };
  }

  test('late answers are dropped and counted; the last page is sent in time', () => {
    const { desk, two, relay } = asking();
    expect(desk.logic.nextEndMs).toBe(1_000 + RELAY_MS);
    expect(desk.expire(1_000 + RELAY_MS - 1)).toEqual([]);
    expect(pages(desk.expire(1_000 + RELAY_MS))).toMatchObject([{ part: 'last', hits: [] }]);
    const late = desk.ask(two, { type: 'hit', token: NO_TOKEN, relay, files: [fileOf(7, 'a song')] }, 1_900);
    expect(late).toEqual([]);
    expect(desk.logic.counts.late).toBe(1);
  });

  test('a repeated question is not relayed again for two seconds', () => {
    const { desk, asker } = asking();
    const again = desk.ask(asker, SEARCH, 2_200, 9);
    expect(queries(again)).toEqual([]);
    expect(pages(again).at(-1)).toMatchObject({ asked: 0, part: 'whole' });
    expect(queries(desk.ask(asker, SEARCH, 2_300, 10))).toHaveLength(1);
    expect(queries(desk.ask(asker, SEARCH, 1_000 + RELAY_REPEAT_MS, 9))).toHaveLength(1);
  });

  test('repeated, foreign and unsolicited answers are dropped', () => {
    const { desk, asker, two, relay } = asking();
    const three = desk.join(3);
    const hit = { type: 'hit', token: NO_TOKEN, relay, files: [fileOf(7, 'a song')] } as const;
    const stranger = { host: '10.0.0.99', port: 1 };
    for (const from of [asker, three, stranger]) expect(desk.ask(from, hit, 1_100)).toEqual([]);
    expect(desk.ask(two, { ...hit, relay: relay + 1 }, 1_100)).toEqual([]);
    expect(pages(desk.ask(two, hit, 1_100))).toHaveLength(1);
    expect(desk.ask(two, hit, 1_100)).toEqual([]);
  });

  test('files that do not match the question are left out', () => {
    const { desk, two, relay } = asking();
    const files = [fileOf(7, 'advertisement.exe'), fileOf(8, 'songs/b.mp3'), fileOf(9, 'a/SÖNG.mp3')];
    const found = pages(desk.ask(two, { type: 'hit', token: NO_TOKEN, relay, files }, 1_100));
    expect(found.flatMap(({ hits }) => hits.map(({ path }) => path))).toEqual(['a/SÖNG.mp3']);
  });

  test('long paths take several pages, of which the last is marked', () => {
    const { desk, two, relay } = asking();
    const files = Array.from({ length: 10 }, (_, number) =>
      fileOf(number, `a song ${'x'.repeat(50)} ${number}`),
    );
    const found = pages(desk.ask(two, { type: 'hit', token: NO_TOKEN, relay, files }, 1_100));
    expect(found.length).toBeGreaterThan(1);
    expect(found.flatMap(({ hits }) => hits.map(({ size }) => size))).toEqual(files.map(({ size }) => size));
    expect(found.map(({ part }) => part)).toEqual([...found.slice(1).map(() => 'relayed'), 'last']);
  });

  test('an unregistered sender causes no queries', () => {
    const { desk } = asking();
    const sent = desk.ask({ host: '10.0.0.50', port: 5 }, SEARCH, 1_100, 3);
    expect(sent).toHaveLength(1);
    expect(pages(sent)).toMatchObject([{ asked: 0, part: 'whole' }]);
  });

  test('further pages of holders come from the index alone', () => {
    const { desk, asker } = asking();
    const locate = { type: 'locate', fileId: fileOf(7, '').fileId, cursor: 1 } as const;
    expect(queries(desk.ask(asker, locate, 1_100, 100))).toEqual([]);
  });

  test('locates of a running download are relayed within the limits of searches', () => {
    const { desk, asker } = asking();
    const locate = { type: 'locate', fileId: fileOf(7, '').fileId, cursor: 0 } as const;
    const relays = Array.from(
      { length: 40 },
      (_, at) => queries(desk.ask(asker, locate, 1_100, 100 + at)).length,
    );
    expect(relays.filter((count) => count > 0).length).toBeLessThanOrEqual(16);
    expect(relays.at(0)).toBe(1);
  });
});

test('the queries of one question are sent in steps, and the next question starts with other peers', () => {
  const desk = new Desk();
  for (let number = 1; number <= 200; number++) desk.join(number, { unlisted: true });
  const asker = desk.join(201, {}, '10.0.1.1');
  const first = desk.ask(asker, { type: 'search', words: 'song', cursor: 0 });
  expect(first.filter(({ reply }) => reply.type === 'query')).toHaveLength(64);
  const rest = [1, 2, 3].flatMap((nowMs) => desk.expire(nowMs));
  expect(rest.filter(({ reply }) => reply.type === 'query')).toHaveLength(136);
  const all = [...first, ...rest].filter(({ reply }) => reply.type === 'query').map(({ to }) => to);
  expect(new Set(all).size).toBe(200);
  expect(desk.expire(4)).toEqual([]);
});

describe('a peer that is gone', () => {
  /** Asks an unlisted peer that does not answer; the pages that the asker gets until the end of the relay. */
  function searched(desk: Desk, asker: Address, nowMs: number) {
    const sent = [...desk.ask(asker, SEARCH, nowMs, nowMs), ...desk.expire(nowMs + RELAY_MS)];
    return { parts: pages(sent).map(({ part }) => part), queries: queries(sent) };
  }

  test('delays two searches; further ones are whole at once, and query it still', () => {
    const desk = new Desk();
    const asker = desk.join(1);
    desk.join(2, { unlisted: true });
    expect([0, 1_000, 2_000].map((nowMs) => searched(desk, asker, nowMs).parts)).toEqual([
      ['index', 'last'],
      ['index', 'last'],
      ['whole'],
    ]);
    expect(searched(desk, asker, 3_000).queries).toHaveLength(1);
  });

  test('and was started again is awaited', () => {
    const desk = new Desk();
    const asker = desk.join(1);
    desk.join(2, { unlisted: true });
    for (const nowMs of [0, 1_000]) searched(desk, asker, nowMs);
    desk.join(2, { unlisted: true, instanceId: runOf(2) });
    expect(searched(desk, asker, 2_000).parts).toEqual(['index', 'last']);
  });
});
