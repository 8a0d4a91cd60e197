import { describe, expect, test } from 'vitest';
import type { FileId } from '../../Protocol/Ids.ts';
import { RELAY_MS } from '../../Protocol/Limits.ts';
import type { RelayedFile } from '../../Protocol/RelayMessages.ts';
import { Relay } from '../../Tracker/Questions/Relay.ts';
import { registered } from './peers.ts';

const SONG = { words: 'song', fileId: undefined };
const peer = registered({ host: '10.0.0.2', port: 1_000 });
const take = () => {};
const ALL = { lastsMs: RELAY_MS, share: (wanted: number) => wanted };

function songs(count: number): RelayedFile[] {
  return Array.from({ length: count }, (_, at) => {
    const fileId = at.toString(16).padStart(64, '0') as FileId;
    return { fileId, size: 1, path: `song ${at}.mp3`, complete: true };
  });
}

describe('traffic that strangers can cause by searching', () => {
  test('40,000 queries to peers at once, then 20,000 a second', () => {
    const relay = new Relay(0);
    const crowd = Array.from({ length: 50_000 }, (_, at) => ({ ...peer, slot: at }) as typeof peer);
    const asked = (nowMs: number) =>
      Array.from({ length: 15 }, () => relay.begin(take, SONG, crowd, ALL, nowMs)?.asked ?? 0);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    const first = asked(0);
    expect(Math.max(...first)).toBe(4_096);
    expect(sum(first)).toBe(40_000);
    expect(sum(asked(1_000))).toBe(20_000);
  });

  test('no more than the share of the asking host', () => {
    const relay = new Relay(0);
    const crowd = Array.from({ length: 100 }, (_, at) => ({ ...peer, slot: at }) as typeof peer);
    const share = (wanted: number) => Math.min(wanted, 30);
    expect(relay.begin(take, SONG, crowd, { ...ALL, share }, 0)?.asked).toBe(30);
  });

  test('1,024 relayed questions at once', () => {
    const relay = new Relay(0);
    for (let at = 0; at < 1_024; at++) expect(relay.begin(take, SONG, [peer], ALL, 0)).toBeDefined();
    expect(relay.begin(take, SONG, [peer], ALL, 0)).toBeUndefined();
  });

  test('4,096 transactions are remembered, the newest', () => {
    const relay = new Relay(0);
    for (let at = 0; at <= 4_096; at++) relay.remember(`10.0.0.1:1000 ${at}`, 0);
    expect(relay.isRepeated('10.0.0.1:1000 0', 0)).toBe(false);
    expect(relay.isRepeated('10.0.0.1:1000 1', 0)).toBe(true);
  });
});

describe('answers of a queried peer', () => {
  const other = registered({ host: '10.0.0.3', port: 1_000 });
  const begun = (peers = [peer]) => {
    const relay = new Relay(0);
    const number = relay.begin(take, SONG, peers, ALL, 0)?.number ?? 0;
    return { relay, number };
  };

  test('50 files', () => {
    const { relay, number } = begun();
    expect(relay.answered(number, peer, songs(80), 1)?.files).toHaveLength(50);
  });

  test('200 files with the other peers', () => {
    const peers = Array.from({ length: 6 }, (_, at) => registered({ host: `10.0.1.${at + 1}`, port: 1 }));
    const { relay, number } = begun(peers);
    const taken = peers.map((one) => relay.answered(number, one, songs(50), 1)?.files.length);
    expect(taken).toEqual([50, 50, 50, 50, 0, 0]);
  });

  test('none at the end of the question or later', () => {
    const { relay, number } = begun([peer, other]);
    expect(relay.answered(number, peer, songs(1), 799)).toBeDefined();
    expect(relay.answered(number, other, songs(1), 800)).toBeUndefined();
  });
});

describe('a queried peer that does not answer', () => {
  const at = (number: number) => registered({ host: `10.0.2.${number}`, port: 1 });

  /** Asks both peers at `nowMs`: the number of the question, and how many answers it awaits. */
  function asking() {
    const [silent, other] = [at(1), at(2)];
    const relay = new Relay(0);
    const ask = (nowMs: number, lastsMs = RELAY_MS) => {
      const relayed = relay.begin(take, SONG, [silent, other], { ...ALL, lastsMs }, nowMs);
      if (relayed === undefined) throw new Error('nobody was asked');
      relayed.unsent.splice(0); // All queries are sent.
      return relayed;
    };
    return { relay, silent, other, ask };
  }

  test('is awaited twice, then queried only, until it answers in time', () => {
    const { relay, silent, other, ask } = asking();
    for (const nowMs of [0, 1_000]) {
      const relayed = ask(nowMs);
      expect(relayed.asked).toBe(2);
      expect(relay.answered(relayed.number, other, [], nowMs + 1)?.isLast).toBe(false);
      expect(relay.expire(nowMs + RELAY_MS)).toEqual([relayed]);
    }
    const third = ask(2_000);
    expect(third.asked).toBe(1);
    expect(relay.answered(third.number, other, [], 2_001)?.isLast).toBe(true);
    // Its answer is too late for this question, and counts for the next one.
    expect(relay.answered(third.number, silent, songs(1), 2_002)).toBeUndefined();
    expect(relay.nextEndMs).toBeUndefined();
    expect(ask(3_000).asked).toBe(2);
  });

  test('brings its hits while others are awaited', () => {
    const { relay, silent, ask } = asking();
    silent.missedQueries = 2;
    const { number } = ask(0);
    expect(relay.answered(number, silent, songs(1), 1)).toMatchObject({ isLast: false, files: songs(1) });
  });

  test('alone delays no answer', () => {
    const { relay, silent, other, ask } = asking();
    for (const peer of [silent, other]) peer.missedQueries = 2;
    expect(ask(0).asked).toBe(0);
    expect(relay.expire(RELAY_MS)).toEqual([]);
    expect([silent, other].map(({ missedQueries }) => missedQueries)).toEqual([3, 3]);
  });

  test('is not blamed for a query that was never sent', () => {
    const { relay, silent, other, ask } = asking();
    ask(0).unsent.push(silent);
    relay.expire(RELAY_MS);
    expect([silent, other].map(({ missedQueries }) => missedQueries)).toEqual([0, 1]);
  });

  test('ends a short question before an earlier, longer one', () => {
    const { relay, ask } = asking();
    const long = ask(0);
    const short = ask(10, 240);
    expect(relay.nextEndMs).toBe(250);
    expect(relay.expire(250)).toEqual([short]);
    expect(relay.nextEndMs).toBe(RELAY_MS);
    expect(relay.expire(RELAY_MS)).toEqual([long]);
  });
});
