import { describe, expect, test } from 'vitest';
import type { SessionAction } from '../../../../../Peer/Network/Trackers/Session/SessionTypes.ts';
import { TrackerSession } from '../../../../../Peer/Network/Trackers/Session/TrackerSession.ts';
import { ByteReader } from '../../../../../Protocol/Codec.ts';
import { newInstanceId } from '../../../../../Protocol/Ids.ts';
import { isProven, NO_TOKEN } from '../../../../../Protocol/PeerProof.ts';
import {
  decodeReply,
  decodeRequestBody,
  decodeRequestHeader,
  encodeReply,
  type ReplyOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { keyOf } from '../../../../Support/keys.ts';
import { seeds } from '../../../../Support/seeds.ts';
import { FakeFeed, file } from '../TrackerLan.ts';

const KEY = keyOf('peer');
const PEER = KEY.peerId;
const TOKEN = 'ab'.repeat(8);
const FIRST = newInstanceId(1_000, 1);

type Sent = {
  readonly atMs: number;
  readonly id: number;
  readonly cookie: string;
  readonly request: TrackerRequest;
};

/** One session with a manual clock; the test acts as the tracker. */
class Table {
  readonly feed: FakeFeed;
  readonly session: TrackerSession;
  readonly news: SessionAction[] = [];
  readonly sent: Sent[] = [];
  nowMs = 0;

  constructor(seed = 1, feed = new FakeFeed()) {
    this.feed = feed;
    const self = { peerId: PEER, instanceId: newInstanceId(5, 5), name: 'Ann', port: 9_001 };
    const random = new SeededRandom(seed).next;
    this.session = new TrackerSession({
      self,
      feed,
      uploads: () => 3,
      random,
      unlimited: false,
      prove: KEY.prove,
      queryToken: TOKEN,
    });
    this.session.start(this.nowMs);
    this.#collect();
  }

  /** Advances time to the next timer of the session, at most to `untilMs`. */
  runTo(untilMs: number): void {
    for (let steps = 0; this.session.nextMs <= untilMs; steps++) {
      if (steps > 10_000) throw new Error('the session wants to be called again and again');
      this.nowMs = Math.max(this.nowMs, this.session.nextMs);
      this.session.tick(this.nowMs);
      this.#collect();
    }
    this.nowMs = untilMs;
  }

  answer(to: Sent, reply: TrackerReply): boolean {
    const decoded = decodeReply(encodeReply(to.id, reply));
    const fits = this.session.receive(decoded.transactionId, decoded.reply, this.nowMs);
    this.#collect();
    return fits;
  }

  act(action: () => void): void {
    action();
    this.#collect();
  }

  last(type: TrackerRequest['type']): Sent {
    const found = this.sent.findLast(({ request }) => request.type === type);
    if (found === undefined) throw new Error(`no ${type} was sent`);
    return found;
  }

  count(type: TrackerRequest['type']): number {
    return this.sent.filter(({ request }) => request.type === type).length;
  }

  times(type: TrackerRequest['type']): number[] {
    return this.sent.filter(({ request }) => request.type === type).map(({ atMs }) => atMs);
  }

  kinds(): string[] {
    return this.news.map(({ kind }) => kind);
  }

  /** Answers the connect and the first heartbeat. */
  join(alive: Partial<ReplyOf<'alive'>> = {}): this {
    this.answer(this.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
    this.answer(this.last('heartbeat'), { ...ALIVE, ...alive });
    return this;
  }

  #collect(): void {
    for (const action of this.session.takeActions()) {
      if (action.kind !== 'send') {
        this.news.push(action);
        continue;
      }
      expect(action.bytes.length).toBeLessThanOrEqual(1_200);
      const input = new ByteReader(action.bytes);
      const { connectionId, action: number, transactionId: id } = decodeRequestHeader(input);
      this.sent.push({
        atMs: this.nowMs,
        id,
        cookie: connectionId,
        request: decodeRequestBody(number, input),
      });
    }
  }
}

const ALIVE: ReplyOf<'alive'> = {
  type: 'alive',
  trackerInstance: FIRST,
  intervalMs: 5_000,
  observed: { host: '10.0.0.2', port: 9_001 },
  heldVersion: 0,
  peers: 1,
  successor: undefined,
  relayOnly: false,
};

test('an unanswered connect is retried after 0.5 and 1 s, lost at 2.5 s, then retried every 2 to 4 s', () => {
  for (const seed of seeds(20)) {
    const table = new Table(seed);
    table.runTo(40_000);
    const times = table.times('connect');
    const [first = -1, second = -1, third = -1] = times;
    expect(first).toBe(0);
    expect(second).toBeGreaterThanOrEqual(500);
    expect(second).toBeLessThanOrEqual(625);
    expect(third - second).toBeGreaterThanOrEqual(1_000);
    expect(table.kinds().filter((kind) => kind === 'lost')).toHaveLength(1);
    const late = times.filter((ms) => ms > 6_000);
    const waits = late.slice(1).map((ms, index) => ms - (late[index] ?? 0));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(4_000);
    expect(table.count('heartbeat')).toBe(0);
  }
});

test('a reply to any retransmission counts, once', () => {
  const table = new Table();
  table.runTo(1_000);
  expect(table.count('connect')).toBe(2);
  const [early] = table.sent;
  if (early === undefined) throw new Error('nothing was sent');
  const reply: TrackerReply = { type: 'connected', connectionId: 'aaaaaaaaaaaaaaaa' };
  expect(table.answer(early, reply)).toBe(true);
  expect(table.answer(early, reply)).toBe(false);
  expect(table.last('heartbeat').cookie).toBe('aaaaaaaaaaaaaaaa');
});

test('heartbeats keep the requested interval, never late, and carry current figures', () => {
  const table = new Table(3).join({ intervalMs: 20_000 });
  table.feed.put(file('one'));
  for (let beats = 0; beats < 20; beats++) {
    const before = table.last('heartbeat').atMs;
    const count = table.count('heartbeat');
    while (table.count('heartbeat') === count && table.nowMs < 1_000_000) table.runTo(table.nowMs + 100);
    const wait = table.last('heartbeat').atMs - before;
    expect(wait).toBeGreaterThanOrEqual(17_000 - 100);
    expect(wait).toBeLessThanOrEqual(20_000);
    expect(table.last('heartbeat').request).toMatchObject({
      catalogVersion: 1,
      files: 1,
      uploads: 3,
      name: 'Ann',
    });
    table.answer(table.last('heartbeat'), { ...ALIVE, intervalMs: 20_000, heldVersion: 1 });
    const connects = table.count('connect');
    if (connects > 1)
      table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c2' });
  }
});

test.each([
  [0, 1_000],
  [4_000_000_000, 60_000],
])('an interval of %i ms from a hostile tracker is taken as %i', (told, atMost) => {
  const table = new Table().join({ intervalMs: told });
  expect(table.session.nextMs).toBeLessThanOrEqual(atMost);
  table.runTo(atMost);
  const ids = table.sent.filter(({ request }) => request.type === 'heartbeat').map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
});

test('the cookie is renewed before it expires; the old one stays in use until then', () => {
  const table = new Table().join({ intervalMs: 60_000 });
  table.runTo(44_999);
  expect(table.count('connect')).toBe(1);
  table.runTo(45_100);
  expect(table.count('connect')).toBe(2);
  const signal = table.session.ask({ type: 'peers', cursor: 0 }, table.nowMs);
  table.act(() => table.session.tick(table.nowMs));
  expect(table.last('peers').cookie).toBe('00000000000000c1');
  table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c2' });
  table.runTo(47_000);
  expect(table.last('peers').cookie).toBe('00000000000000c2');
  expect(signal).toBe(1);
  expect(table.kinds()).not.toContain('lost');
});

test('a refused cookie is renewed at once, and the refused request is resent with the new one', () => {
  const table = new Table().join();
  table.runTo(1_500);
  table.act(() => table.session.ask({ type: 'search', words: 'film', cursor: 0 }, table.nowMs));
  table.answer(table.last('search'), { type: 'refused', reason: 'bad-cookie' });
  expect(table.last('connect').atMs).toBe(1_500);
  table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c2' });
  expect(table.last('search')).toMatchObject({ atMs: 1_500, cookie: '00000000000000c2' });
  table.answer(table.last('search'), { type: 'found', total: 0, next: 0, asked: 0, part: 'whole', hits: [] });
  expect(table.news.at(-1)).toMatchObject({ kind: 'answered', ask: 1 });
});

test('a tracker that refuses every cookie is not flooded', () => {
  const table = new Table();
  table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
  while (table.nowMs < 30_000) {
    table.answer(table.last('heartbeat'), { type: 'refused', reason: 'bad-cookie' });
    table.runTo(table.nowMs + 50);
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
  }
  expect(table.sent.length).toBeLessThan(70);
});

test('a peer dropped by the tracker registers again before it resumes publishing', () => {
  const table = new Table(1, new FakeFeed(2_000)).join();
  const pages = table.count('publish');
  expect(pages).toBe(16);
  const [first] = table.sent.filter(({ request }) => request.type === 'publish');
  if (first === undefined) throw new Error('nothing was published');
  table.answer(first, { type: 'refused', reason: 'unknown-peer' });
  table.runTo(table.nowMs + 400);
  expect(table.count('publish')).toBe(pages);
  expect(table.count('heartbeat')).toBe(2);
  table.answer(table.last('heartbeat'), ALIVE);
  expect(table.count('publish')).toBe(2 * pages);
});

test('a tracker restarted during a publication gets the whole catalog again', () => {
  const table = new Table(1, new FakeFeed(2_000)).join({ intervalMs: 1_000 });
  const [first] = table.sent.filter(({ request }) => request.type === 'publish');
  if (first === undefined) throw new Error('nothing was published');
  table.answer(first, { type: 'published', version: 1, page: 0, heldVersion: 0 });
  table.runTo(1_000);
  const count = table.count('publish');
  table.answer(table.last('heartbeat'), { ...ALIVE, trackerInstance: newInstanceId(2_000, 2) });
  const anew = table.sent.filter(({ request }) => request.type === 'publish').slice(count);
  expect(anew.map(({ request }) => (request.type === 'publish' ? request.page : -1))).toContain(0);
});

test('a rate-limited query is delayed, not failed', () => {
  const table = new Table().join();
  table.act(() => table.session.ask({ type: 'peers', cursor: 0 }, table.nowMs));
  for (let refusals = 0; refusals < 20; refusals++) {
    table.answer(table.last('peers'), { type: 'refused', reason: 'too-many' });
    const before = table.last('peers').atMs;
    const count = table.count('peers');
    for (let steps = 0; steps < 100 && table.count('peers') === count; steps++) {
      table.runTo(table.nowMs + 50);
      if (table.count('heartbeat') > 1) table.answer(table.last('heartbeat'), ALIVE);
    }
    expect(table.last('peers').atMs - before).toBeGreaterThanOrEqual(500);
  }
  table.answer(table.last('peers'), { type: 'peerList', total: 0, next: 0, peers: [] });
  expect(table.news.at(-1)).toMatchObject({ kind: 'answered' });
});

test.each(['full', 'wrong-owner', 'bad-request'] as const)(
  'refused as %s: lost with a reason, tried again later',
  (reason) => {
    const table = new Table();
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
    table.answer(table.last('heartbeat'), { type: 'refused', reason });
    expect(table.session.standing).toMatchObject({ state: 'lost', refusal: reason });
    expect(table.kinds()).toEqual(['lost']);
    table.runTo(3_900);
    expect(table.count('connect')).toBe(1);
    table.runTo(4_100);
    expect(table.count('connect')).toBe(2);
    table.join();
    expect(table.session.standing).toMatchObject({
      state: 'connected',
      reason: undefined,
      refusal: undefined,
    });
  },
);

test('a silent tracker is lost 2.5 s after a missed heartbeat, and pending queries fail', () => {
  const table = new Table().join();
  table.runTo(1_000);
  table.act(() => table.session.ask({ type: 'peers', cursor: 0 }, table.nowMs));
  // The unanswered query advances the heartbeat.
  table.runTo(5_000);
  const [, beat = 0] = table.times('heartbeat');
  expect(beat).toBeLessThan(1_700);
  const lost = table.news.find((action) => action.kind === 'lost');
  expect(lost).toMatchObject({ sinceMs: beat });
  expect(table.kinds()).toEqual(expect.arrayContaining(['suspected', 'failed', 'lost']));
  expect(table.session.standing.reason).toBe('it does not answer');
});

test('the held version of a heartbeat sent before the last acknowledgement is ignored', () => {
  const table = new Table(1, new FakeFeed(1)).join();
  table.answer(table.last('publish'), { type: 'published', version: 1, page: 0, heldVersion: 1 });
  expect(table.session.caughtUp).toBe(true);
  // A heartbeat is in flight when the next version is published.
  table.runTo(5_000);
  const beat = table.last('heartbeat');
  expect(beat.atMs).toBeGreaterThan(4_000);
  table.feed.put(file('two'));
  table.runTo(table.nowMs + 20);
  table.act(() => table.session.tick(table.nowMs));
  table.answer(table.last('publish'), { type: 'published', version: 2, page: 0, heldVersion: 2 });
  table.answer(beat, { ...ALIVE, heldVersion: 1 });
  expect(table.session.heldVersion).toBe(2);
  expect(table.count('publish')).toBe(2);
});

test('a difference with a lost base is followed by the whole catalog', () => {
  const table = new Table(1, new FakeFeed(1)).join();
  table.answer(table.last('publish'), { type: 'published', version: 1, page: 0, heldVersion: 1 });
  table.feed.put(file('two'));
  table.runTo(20);
  table.act(() => table.session.tick(table.nowMs));
  expect(table.last('publish').request).toMatchObject({ version: 2, base: 1 });
  table.answer(table.last('publish'), { type: 'published', version: 2, page: 0, heldVersion: 0 });
  expect(table.last('publish').request).toMatchObject({ version: 2, base: 0 });
});

test.each(['bad-request', 'full'] as const)(
  'a catalog refused as %s is not sent again and again',
  (reason) => {
    const table = new Table(1, new FakeFeed(1)).join();
    for (let seconds = 0; seconds < 29; seconds++) {
      const last = table.sent.at(-1);
      if (last?.request.type === 'publish') table.answer(last, { type: 'refused', reason });
      if (last?.request.type === 'heartbeat') table.answer(last, ALIVE);
      table.runTo(table.nowMs + 1_000);
    }
    expect(table.count('publish')).toBe(1);
    expect(table.session.caughtUp).toBe(true);
    table.runTo(table.nowMs + 3_000);
    const ids = table.sent.filter(({ request }) => request.type === 'publish').map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  },
);

test('after leave, no message registers the peer again', () => {
  const table = new Table().join();
  table.act(() => table.session.leave(table.nowMs));
  const moved = {
    type: 'moved',
    queryToken: TOKEN,
    trackerInstance: FIRST,
    successor: { host: '10.0.0.9', port: 6_881 },
    onTrackerHost: false,
  } as const;
  table.answer({ ...table.last('leave'), id: 0 }, moved);
  table.answer(table.last('leave'), { type: 'refused', reason: 'bad-cookie' });
  table.runTo(1_100);
  table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c2' });
  expect(table.last('leave').cookie).toBe('00000000000000c2');
  table.answer(table.last('leave'), { type: 'left' });
  table.runTo(60_000);
  expect(table.count('heartbeat')).toBe(1);
  expect(table.kinds().at(-1)).toBe('left');
});

test('replies of the wrong type or with unknown ids change nothing', () => {
  const table = new Table();
  const connect = table.last('connect');
  const wrong: TrackerReply[] = [
    ALIVE,
    { type: 'left' },
    { type: 'published', version: 1, page: 0, heldVersion: 1 },
    { type: 'found', total: 1, next: 1, asked: 0, part: 'whole', hits: [] },
    { type: 'refused', reason: 'unknown-peer' },
    { type: 'refused', reason: 'bad-cookie' },
  ];
  for (const reply of wrong) {
    expect(table.answer(connect, reply)).toBe(false);
    expect(table.answer({ ...connect, id: (connect.id ^ 1) >>> 0 }, reply)).toBe(false);
  }
  const moved = {
    type: 'moved',
    queryToken: TOKEN,
    trackerInstance: FIRST,
    successor: { host: '10.0.0.9', port: 1 },
    onTrackerHost: false,
  } as const;
  expect(table.answer({ ...connect, id: 0 }, moved)).toBe(false);
  expect(table.news).toEqual([]);
  table.join();
  const other = { ...moved, trackerInstance: newInstanceId(2, 2) };
  expect(table.answer({ ...connect, id: 0 }, other)).toBe(false);
  expect(table.answer({ ...connect, id: 0 }, moved)).toBe(true);
  expect(table.kinds()).toEqual(['connected', 'caughtUp', 'moved']);
});

test('the session survives arbitrary replies (2,000 random answers per seed)', () => {
  for (const seed of seeds(8)) {
    const random = new SeededRandom(seed);
    const table = new Table(seed, new FakeFeed(30));
    const replies: TrackerReply[] = [
      ...(['bad-cookie', 'unknown-peer', 'wrong-owner', 'full', 'too-many', 'bad-request'] as const).map(
        (reason): TrackerReply => ({ type: 'refused', reason }),
      ),
      { type: 'connected', connectionId: '00000000000000c1' },
      { type: 'connected', connectionId: '00000000000000c2' },
      ALIVE,
      { ...ALIVE, heldVersion: 1 },
      { ...ALIVE, trackerInstance: newInstanceId(9, 9), successor: { host: '127.0.0.1', port: 7 } },
      { type: 'published', version: 1, page: 0, heldVersion: 0 },
      { type: 'published', version: 1, page: 99_999, heldVersion: 77 },
      { type: 'published', version: 1, page: 1, heldVersion: 1 },
      { type: 'peerList', total: 9, next: 9, peers: [] },
    ];
    for (let step = 0; step < 2_000; step++) {
      const target = random.pick(table.sent.slice(-20));
      table.answer(target, random.pick(replies));
      if (random.chance(0.1)) table.feed.put(file(`step-${step}`));
      if (random.chance(0.1)) table.act(() => table.session.ask({ type: 'peers', cursor: 0 }, table.nowMs));
      table.runTo(table.nowMs + random.int(0, 300));
    }
    // About 300 s of simulated time; each of 200 queries may be retried, and each answer may cause pages.
    expect(table.sent.length).toBeLessThan(12_000);
    // An honest tracker is used normally afterwards.
    for (let step = 0; step < 400; step++) {
      for (const sent of table.sent.slice(-20)) {
        const { request } = sent;
        if (request.type === 'connect')
          table.answer(sent, { type: 'connected', connectionId: '00000000000000c3' });
        else if (request.type === 'heartbeat')
          table.answer(sent, { ...ALIVE, heldVersion: table.session.heldVersion });
        else if (request.type === 'publish') {
          const { version, page, pages } = request;
          table.answer(sent, {
            type: 'published',
            version,
            page,
            heldVersion: page === pages - 1 ? version : request.base,
          });
        }
      }
      table.runTo(table.nowMs + 200);
    }
    expect(table.session.standing.state).toBe('connected');
  }
});

test('a relayed query is answered only to the tracker with this peer’s token', () => {
  const table = new Table(1, new FakeFeed(3, 'song'));
  table.answer(table.last('connect'), { type: 'connected', connectionId: 'aa'.repeat(8) });
  const beat = table.last('heartbeat');
  table.answer(beat, ALIVE);
  const queryToken = beat.request.type === 'heartbeat' ? beat.request.queryToken : '';
  const ask = (token: string, words: string) => {
    const question = { words, fileId: undefined };
    const reply: TrackerReply = { type: 'query', queryToken: token, relay: 7, question };
    return table.answer({ ...beat, id: 0 }, reply);
  };
  expect(ask('00'.repeat(8), 'song-1')).toBe(false);
  expect(table.count('hit') + table.count('miss')).toBe(0);
  expect(ask(queryToken, 'song-1')).toBe(true);
  expect(table.last('hit')).toMatchObject({
    cookie: 'aa'.repeat(8),
    request: { relay: 7, files: [{ path: 'song-1.bin', complete: true }] },
  });
  expect(ask(queryToken, 'film')).toBe(true);
  expect(table.last('miss').request).toEqual({ type: 'miss', token: NO_TOKEN, relay: 7 });
});

test('a search is retried after 1.2 s, not while its relay runs', () => {
  const table = new Table();
  table.answer(table.last('connect'), { type: 'connected', connectionId: 'aa'.repeat(8) });
  table.answer(table.last('heartbeat'), ALIVE);
  const startMs = table.nowMs;
  table.act(() => table.session.ask({ type: 'search', words: 'song', cursor: 0 }, table.nowMs));
  const sent = table.last('search');
  const found = { type: 'found', total: 0, next: 0, asked: 1, hits: [] } as const;
  expect(table.answer(sent, { ...found, part: 'index' })).toBe(true);
  table.runTo(startMs + 1_300);
  expect(table.times('search').map((atMs) => atMs - startMs)).toEqual([0, 1_200]);
  expect(table.answer(sent, { ...found, part: 'whole' })).toBe(true);
  expect(table.news.filter(({ kind }) => kind === 'answered')).toHaveLength(1);
  expect(table.answer(sent, { ...found, part: 'last' })).toBe(false); // Late.
});

describe('the proof of the key', () => {
  const UNPROVEN = { type: 'unproven', trackerInstance: FIRST } as const;
  const GIVEN = '0123456789abcdef';

  const beat = (table: Table) => {
    const { request, cookie } = table.last('heartbeat');
    if (request.type !== 'heartbeat') throw new Error(request.type);
    return { ...request, cookie };
  };

  /** Connected, with a token. */
  const proven = (table = new Table(1, new FakeFeed(2))) => {
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
    table.answer(table.last('heartbeat'), UNPROVEN);
    table.answer(table.last('heartbeat'), { ...ALIVE, token: GIVEN });
    return table;
  };

  test('is sent only on demand, for this tracker and connection id, and its token from then on', () => {
    const table = new Table(1, new FakeFeed(2));
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
    expect(beat(table)).toMatchObject({ token: NO_TOKEN });
    expect(beat(table).proof).toBeUndefined();
    table.answer(table.last('heartbeat'), UNPROVEN);
    const { proof, cookie: connectionId, peerId, instanceId, port } = beat(table);
    const registration = { trackerInstance: FIRST, connectionId, peerId, instanceId, port };
    expect(proof !== undefined && isProven(proof, registration)).toBe(true);
    table.answer(table.last('heartbeat'), { ...ALIVE, token: GIVEN });
    expect(table.kinds()).toEqual(['connected']); // Not suspected: the tracker answers.
    expect(table.last('publish').request).toMatchObject({ token: GIVEN });
    table.runTo(6_000);
    expect(beat(table)).toMatchObject({ token: GIVEN });
    expect(beat(table).proof).toBeUndefined();
    table.act(() => table.session.leave(table.nowMs));
    expect(table.last('leave').request).toMatchObject({ token: GIVEN });
  });

  test('a duplicated demand causes one proof', () => {
    const table = new Table();
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
    const first = table.last('heartbeat');
    expect(table.answer(first, UNPROVEN)).toBe(true);
    for (let count = 0; count < 100; count++) expect(table.answer(first, UNPROVEN)).toBe(false);
    expect(table.count('heartbeat')).toBe(2);
  });

  test('a new address requires a new proof, and the publication continues', () => {
    const table = proven();
    table.answer(table.last('publish'), { type: 'refused', reason: 'wrong-owner' });
    const before = table.count('publish');
    table.answer(table.last('heartbeat'), UNPROVEN);
    expect(beat(table).proof).toBeDefined();
    table.answer(table.last('heartbeat'), { ...ALIVE, token: 'fedcba9876543210' });
    expect(table.count('publish')).toBe(before + 1);
    expect(table.last('publish').request).toMatchObject({ token: 'fedcba9876543210' });
    expect(table.kinds()).toEqual(['connected']);
  });

  test('a restarted tracker gets a proof for its new instance', () => {
    const table = proven();
    table.runTo(6_000);
    table.answer(table.last('heartbeat'), { type: 'refused', reason: 'bad-cookie' });
    table.runTo(6_100);
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c2' });
    const second = newInstanceId(2_000, 2);
    table.answer(table.last('heartbeat'), { type: 'unproven', trackerInstance: second });
    const { proof, cookie: connectionId, peerId, instanceId, port } = beat(table);
    expect(connectionId).toBe('00000000000000c2');
    const registration = { trackerInstance: second, connectionId, peerId, instanceId, port };
    expect(proof !== undefined && isProven(proof, registration)).toBe(true);
    table.answer(table.last('heartbeat'), { ...ALIVE, trackerInstance: second, token: GIVEN });
    expect(table.session.standing.registered).toBe(true);
  });

  test('a wrong clock is reported in a sentence, and the proof retried', () => {
    const table = new Table();
    table.answer(table.last('connect'), { type: 'connected', connectionId: '00000000000000c1' });
    table.answer(table.last('heartbeat'), { type: 'refused', reason: 'clock-ahead' });
    expect(table.session.standing.reason).toMatch(/clock of this computer is more than a day ahead/);
    table.runTo(5_000);
    expect(table.count('connect')).toBeGreaterThan(1);
  });

  test('a successor is accepted only with the query token', () => {
    const table = proven();
    const successor = { host: '10.6.6.6', port: 6_881 };
    const moved = { type: 'moved', trackerInstance: FIRST, successor, onTrackerHost: false } as const;
    const unasked = { ...table.last('heartbeat'), id: 0 };
    expect(table.answer(unasked, { ...moved, queryToken: 'ac'.repeat(8) })).toBe(false);
    expect(table.kinds()).not.toContain('moved');
    expect(table.answer(unasked, { ...moved, queryToken: TOKEN })).toBe(true);
  });
});
