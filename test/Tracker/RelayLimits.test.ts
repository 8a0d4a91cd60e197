import { describe, expect, test } from 'vitest';
import type { FileId } from '../../Protocol/Ids.ts';
import type { RelayedFile } from '../../Protocol/RelayMessages.ts';
import { Relay } from '../../Tracker/Relay.ts';
import { registered } from './peers.ts';

const SONG = { words: 'song', fileId: undefined };
const peer = registered({ host: '10.0.0.2', port: 1_000 });
const take = () => {};

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
      Array.from({ length: 15 }, () => relay.begin(take, SONG, crowd, nowMs)?.asked ?? 0);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    const first = asked(0);
    expect(Math.max(...first)).toBe(4_096);
    expect(sum(first)).toBe(40_000);
    expect(sum(asked(1_000))).toBe(20_000);
  });

  test('no more than the share of the asking host', () => {
    const relay = new Relay(0);
    const crowd = Array.from({ length: 100 }, (_, at) => ({ ...peer, slot: at }) as typeof peer);
    expect(relay.begin(take, SONG, crowd, 0, (wanted) => Math.min(wanted, 30))?.asked).toBe(30);
  });

  test('1,024 relayed questions at once', () => {
    const relay = new Relay(0);
    for (let at = 0; at < 1_024; at++) expect(relay.begin(take, SONG, [peer], 0)).toBeDefined();
    expect(relay.begin(take, SONG, [peer], 0)).toBeUndefined();
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
    const number = relay.begin(take, SONG, peers, 0)?.number ?? 0;
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

  test('nothing at the end of the question or later', () => {
    const { relay, number } = begun([peer, other]);
    expect(relay.answered(number, peer, songs(1), 799)).toBeDefined();
    expect(relay.answered(number, other, songs(1), 800)).toBeUndefined();
  });
});
