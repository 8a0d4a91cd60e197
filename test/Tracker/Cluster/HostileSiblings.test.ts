import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BusRecord, decodeRecord, encodeRecord } from '../../../Tracker/Cluster/BusRecords.ts';
import { hostileBytes } from '../../Protocol/hostile.ts';
import { readGolden } from '../../Support/golden.ts';
import { idOf, runOf } from '../peers.ts';
import { recordExamples } from './examples.ts';
import { addressOf, contentOf, Fleet } from './Fleet.ts';

const HOSTILE = runOf(666);
const golden = readGolden('bus-v1');

/** A tracker with one peer and one honest sibling, and a hostile one that has announced itself. */
async function fleet() {
  const all = new Fleet(2);
  all.join(0, 1, ['song 1.mp3']);
  all.join(1, 2, ['song 2.mp3']);
  const say = (record: BusRecord) => {
    all.at(0).receiveRecord(encodeRecord(record), all.clock.nowMs());
    return all.at(0).takeRecords();
  };
  say({
    ...recordExamples.announce,
    from: HOSTILE,
    address: { host: '10.9.0.66', port: 6_881 },
    joins: false,
  });
  await all.clock.advanceAsync(1_000);
  return { all, say };
}

describe('a hostile tracker on the bus', () => {
  test('sends any bytes: nothing throws, and honest trackers are still answered', async () => {
    const { all } = await fleet();
    const logic = all.at(0);
    const good = fc
      .constantFrom(...Object.values(recordExamples))
      .map((record) => encodeRecord({ ...record, from: HOSTILE }));
    fc.assert(
      fc.property(hostileBytes(good, [...golden.values()]), (bytes) => {
        logic.receiveRecord(bytes, all.clock.nowMs());
        logic.takeRecords();
      }),
      { numRuns: 2_000 },
    );
    expect(logic.cluster?.counts.malformed).toBeGreaterThan(100);
    expect((await all.found(0, addressOf(1), 'song')).paths).toEqual(['song 1.mp3', 'song 2.mp3']);
  });

  test('floods: 400 searches at once and 200 a second are answered, 40,000 records at once are read', async () => {
    const { all, say } = await fleet();
    const search = { ...recordExamples.search, from: HOSTILE, words: 'song' };
    const answered = Array.from({ length: 1_000 }, (_, at) => say({ ...search, question: at }).length);
    expect(answered.filter((count) => count > 0)).toHaveLength(400);
    await all.clock.advanceAsync(1_000);
    const later = Array.from({ length: 1_000 }, (_, at) => say({ ...search, question: at }).length);
    expect(later.filter((count) => count > 0)).toHaveLength(200);
    const before = all.at(0).cluster?.counts.refused ?? 0;
    const miss = encodeRecord({ ...recordExamples.calling, from: HOSTILE });
    for (let count = 0; count < 60_000; count++) all.at(0).receiveRecord(miss, all.clock.nowMs());
    expect((all.at(0).cluster?.counts.refused ?? 0) - before).toBeGreaterThan(20_000);
  });

  test('joins repeatedly: it is answered at once every 200 ms, else at the next step', async () => {
    const { all, say } = await fleet();
    const join = () => say({ ...recordExamples.announce, from: HOSTILE, joins: true }).length;
    expect([join(), join()]).toEqual([1, 0]);
    await all.clock.advanceAsync(199);
    expect(join()).toBe(0);
    await all.clock.advanceAsync(1);
    expect(join()).toBe(1);
  });

  test('asks for a content that 300 peers have: 256 are named, all are counted', async () => {
    const { all, say } = await fleet();
    for (let peer = 10; peer < 309; peer++) all.join(0, peer, ['song 1.mp3']);
    const locate = { ...recordExamples.locate, from: HOSTILE, fileId: contentOf('song 1.mp3') };
    const parts = say(locate).map(({ bytes }) => decodeRecord(bytes));
    const named = parts.flatMap((part) => (part.type === 'located' ? part.holders : []));
    expect(new Set(named.map(({ peerId }) => peerId)).size).toBe(256);
    expect(parts[0]).toMatchObject({ total: 300 });
  });

  test('asks for hits with long paths: no record is too long to be read, and none is missing', async () => {
    const { all, say } = await fleet();
    const paths = Array.from({ length: 150 }, (_, n) => `${'long/'.repeat(150)}melody ${n}.mp3`);
    // A datagram holds one of them.
    for (const [at, path] of paths.entries()) all.join(0, 10 + at, [path]);
    const search = { ...recordExamples.search, from: HOSTILE, words: 'melody' };
    const parts = say(search).map(({ bytes }) => decodeRecord(bytes));
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flatMap((part) => (part.type === 'found' ? part.hits : []))).toHaveLength(150);
  });

  test('joins under new names: 128 are accepted, and each address of a tracker once', async () => {
    const { all, say } = await fleet();
    const address = { host: '10.9.0.66', port: 6_881 };
    for (let run = 0; run < 10_000; run++)
      say({ ...recordExamples.announce, from: runOf(10_000 + run), address, joins: true, leaves: false });
    const { members, counts } = all.at(0).cluster ?? {};
    expect(members?.all).toHaveLength(2);
    expect(members?.get(runOf(10_000 + 120))).toBeUndefined();
    expect(counts?.refused).toBeGreaterThan(9_800);
  });

  test('sends unexpected answers, and records under unknown names: they are not decoded', async () => {
    const { all } = await fleet();
    const { cluster } = all.at(0);
    const send = (record: BusRecord) => {
      const damaged = encodeRecord(record).fill(0xff, 13); // All after the head.
      all.at(0).receiveRecord(damaged, all.clock.nowMs());
    };
    send({ ...recordExamples.found, from: HOSTILE, question: 99 });
    send({ ...recordExamples.search, from: runOf(667) });
    expect(cluster?.counts).toEqual({ malformed: 0, refused: 1, late: 1 });
    send({ ...recordExamples.search, from: HOSTILE });
    expect(cluster?.counts).toMatchObject({ malformed: 1 });
  });

  test('announces itself, but does not answer: it is awaited twice, and again after an answer', async () => {
    const { all, say } = await fleet();
    const announce = {
      ...recordExamples.announce,
      from: HOSTILE,
      address: { host: '10.9.0.66', port: 6_881 },
      joins: false,
    };
    /** Milliseconds until the last page, between announcements of the hostile tracker. */
    const searchMs = async () => {
      say(announce);
      const transaction = all.ask(0, addressOf(1), { type: 'search', words: 'song', cursor: 0 });
      for (let ms = 0; ms <= 400; ms += 10) {
        const replies = all.replies(addressOf(1), transaction);
        if (replies.some((reply) => reply.type === 'found' && reply.part === 'last')) return ms;
        await all.clock.advanceAsync(10);
        say(announce);
      }
      throw new Error('no last page');
    };
    expect(await searchMs()).toBe(300);
    expect(await searchMs()).toBe(300);
    expect(await searchMs()).toBeLessThan(20);
    say({ ...recordExamples.calling, from: HOSTILE });
    expect(await searchMs()).toBe(300);
  });

  test('asks without having announced itself: no answer', async () => {
    const { all, say } = await fleet();
    expect(say({ ...recordExamples.search, from: runOf(667), words: 'song' })).toEqual([]);
    expect(all.at(0).cluster?.counts.refused).toBe(1);
  });

  test.each([
    ['hits that do not answer the question', 'advertisement.exe', []],
    ['hits that do', 'a song.mp3', ['a song.mp3']],
  ])('answers with %s', async (_title, path, more) => {
    const { all } = await fleet();
    const request = { type: 'search', words: 'song', cursor: 0 } as const;
    const question = await nextQuestion(all);
    const transaction = all.ask(0, addressOf(1), request);
    const hit = {
      ...recordExamples.found.hits[0],
      path,
      fileId: contentOf(path),
      size: 1,
      holderCount: 1,
      holders: [],
    };
    const record = { ...recordExamples.found, from: HOSTILE, question: question + 1, part: 0, hits: [hit] };
    all.at(0).receiveRecord(encodeRecord(record), all.clock.nowMs());
    await all.clock.advanceAsync(400);
    const paths = all
      .replies(addressOf(1), transaction)
      .flatMap((reply) => (reply.type === 'found' ? reply.hits.map((each) => each.path) : []));
    expect(paths.toSorted()).toEqual([...more, 'song 1.mp3', 'song 2.mp3'].toSorted());
  });

  test('sends more than 512 KiB to one question: the rest is dropped', async () => {
    const { all } = await fleet();
    const question = await nextQuestion(all);
    all.ask(0, addressOf(1), { type: 'search', words: 'song', cursor: 0 });
    const holders = Array.from({ length: 60 }, (_, at) => ({
      ...recordExamples.located.holders[0],
      peerId: idOf(at),
    }));
    const hits = Array.from({ length: 14 }, (_, at) => ({
      fileId: contentOf(`${at}`),
      size: 1,
      path: `song ${at}`,
      holderCount: 60,
      holders: holders as never,
    }));
    for (let part = 0; part < 20; part++) {
      const record = {
        ...recordExamples.found,
        from: HOSTILE,
        question: question + 1,
        part,
        isLast: false,
        hits,
      };
      all.at(0).receiveRecord(encodeRecord(record), all.clock.nowMs());
    }
    expect(all.at(0).cluster?.counts.late).toBeGreaterThan(5);
  });

  test('lists peers without end: each page has a next one, and the answer to a peer ends at its bound', async () => {
    const { all } = await fleet();
    // A page with the same cursor ends the list of that tracker.
    const [own] = await all.answers('peerList', 0, addressOf(1), { type: 'peers', cursor: 0 });
    const question = await nextQuestion(all);
    const hostile = all.at(0).cluster?.members.get(HOSTILE)?.number ?? 0;
    const transaction = all.ask(0, addressOf(1), { type: 'peers', cursor: hostile * 2 ** 26 + 5 });
    const record = { ...recordExamples.listed, from: HOSTILE, question: question + 1, next: 5 };
    all.at(0).receiveRecord(encodeRecord(record), all.clock.nowMs());
    await all.clock.advanceAsync(400);
    const [page] = all.replies(addressOf(1), transaction);
    expect(own?.next).toBeGreaterThan(0);
    expect(page).toMatchObject({ type: 'peerList', next: 0, trackers: { known: 3 } });
  });
});

/** The number of the last question that the first tracker has asked. */
async function nextQuestion(all: Fleet): Promise<number> {
  all.ask(0, { host: '10.8.0.1', port: 9 }, { type: 'search', words: 'nothing at all', cursor: 0 });
  await all.clock.advanceAsync(400);
  return all.lastQuestion;
}
