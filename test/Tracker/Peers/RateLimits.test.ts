import { describe, expect, test } from 'vitest';
import { RateLimits } from '../../../Tracker/Peers/RateLimits.ts';
import { registered } from '../peers.ts';

describe('limits', () => {
  const served = (ask: () => boolean, times: number) =>
    Array.from({ length: times }, ask).filter(Boolean).length;

  test('a peer has 60 requests at once, then 20 a second; 16 searches, then 8 in 10 seconds', () => {
    const limits = new RateLimits();
    const peer = registered({ host: '192.168.1.7', port: 1_234 });
    expect(served(() => limits.allowsPeer(peer, 'request', 0), 100)).toBe(60);
    expect(served(() => limits.allowsPeer(peer, 'request', 1_000), 100)).toBe(20);

    const searcher = registered({ host: '192.168.1.8', port: 1_234 });
    expect(served(() => limits.allowsSearch('192.168.1.8', searcher, 0), 50)).toBe(16);
    let later = 0;
    for (let second = 1; second <= 10; second++) {
      later += served(() => limits.allowsSearch('192.168.1.8', searcher, second * 1_000), 3);
    }
    expect(later).toBe(8);
  });

  test('publications have a limit of their own', () => {
    const limits = new RateLimits();
    const peer = registered({ host: '192.168.1.7', port: 1_234 });
    expect(served(() => limits.allowsPeer(peer, 'publish', 0), 3_000)).toBe(2_000);
    expect(served(() => limits.allowsPeer(peer, 'publish', 500), 3_000)).toBe(1_000);
    expect(limits.allowsPeer(peer, 'request', 0)).toBe(true);
  });

  test('loopback has no limits', () => {
    const limits = new RateLimits();
    const peer = registered({ host: '127.0.0.1', port: 1_234 });
    expect(served(() => limits.allowsSearch('127.0.0.1', peer, 0), 1_000)).toBe(1_000);
    expect(served(() => limits.allowsStranger('127.0.0.1', 0), 10_000)).toBe(10_000);
    expect(served(() => limits.allowsProof('127.0.0.1', 0), 10_000)).toBe(10_000);
    expect(limits.hosts).toBe(0);
  });

  test('unregistered addresses are limited by host, independently of each other', () => {
    const limits = new RateLimits();
    expect(served(() => limits.allowsStranger('10.0.0.1', 0), 10_000)).toBe(400);
    expect(limits.allowsStranger('10.0.0.2', 0)).toBe(true);
  });

  test('an unregistered address has 8 searches, then one a second', () => {
    const limits = new RateLimits();
    expect(served(() => limits.allowsSearch('10.0.0.1', undefined, 0), 50)).toBe(8);
    expect(served(() => limits.allowsSearch('10.0.0.1', undefined, 1_000), 50)).toBe(1);
  });

  test('all peers of one host share 64 searches, then 8 a second; another host has its own', () => {
    const limits = new RateLimits();
    const ask = (host: string, nowMs: number) => {
      const peer = registered({ host, port: 1_234 });
      return served(() => limits.allowsSearch(host, peer, nowMs), 16);
    };
    expect([1, 2, 3, 4, 5, 6].map(() => ask('10.0.0.1', 0))).toEqual([16, 16, 16, 16, 0, 0]);
    expect(ask('10.0.0.1', 1_000)).toBe(8);
    expect(ask('10.0.0.2', 0)).toBe(16);
  });

  test('questions of one host cause at most 10,000 queries, then 5,000 a second', () => {
    const limits = new RateLimits();
    const taken = (host: string, nowMs: number) =>
      [4_096, 4_096, 4_096].reduce((sum, wanted) => sum + limits.takeQueries(host, wanted, nowMs), 0);
    expect(taken('10.0.0.1', 0)).toBe(10_000);
    expect(taken('10.0.0.1', 1_000)).toBe(5_000);
    expect(limits.takeQueries('10.0.0.2', 7, 0)).toBe(7);
    expect(limits.takeQueries('127.0.0.1', 99_999, 0)).toBe(99_999);
  });

  test('the busiest hosts are evicted last: eviction does not renew a share', () => {
    const limits = new RateLimits(2);
    while (limits.allowsStranger('10.0.0.1', 0));
    for (let host = 2; host < 50; host++) {
      limits.allowsStranger(`10.0.0.${host}`, 0);
      expect(limits.allowsStranger('10.0.0.1', 0)).toBe(false);
    }
  });

  test('16,384 hosts are remembered', () => {
    const limits = new RateLimits();
    for (let host = 0; host < 20_000; host++) limits.allowsStranger(`10.0.${host >> 8}.${host & 255}`, 0);
    expect(limits.hosts).toBe(16_384);
  });

  test('quiet hosts are evicted, and the number of known hosts is bounded', () => {
    const limits = new RateLimits(100);
    for (let host = 0; host < 1_000; host++) limits.allowsStranger(`10.0.${host >> 8}.${host & 255}`, host);
    expect(limits.hosts).toBe(100);
    limits.allowsStranger('10.9.9.9', 60_000);
    expect(limits.hosts).toBe(1);
  });
});
