import { describe, expect, test } from 'vitest';
import { RateLimits, STRANGER_RATE } from '../../Tracker/RateLimits.ts';
import { registered } from './peers.ts';

describe('limits', () => {
  const served = (ask: () => boolean, times: number) =>
    Array.from({ length: times }, ask).filter(Boolean).length;

  test('a peer has 60 requests at once, then 20 a second; 16 searches, then 8 in 10 seconds', () => {
    const limits = new RateLimits();
    const peer = registered({ host: '192.168.1.7', port: 1_234 });
    expect(served(() => limits.allowsPeer(peer, 'request', 0), 100)).toBe(60);
    expect(served(() => limits.allowsPeer(peer, 'request', 1_000), 100)).toBe(20);

    const searcher = registered({ host: '192.168.1.8', port: 1_234 });
    expect(served(() => limits.allowsPeer(searcher, 'search', 0), 50)).toBe(16);
    let later = 0;
    for (let second = 1; second <= 10; second++) {
      later += served(() => limits.allowsPeer(searcher, 'search', second * 1_000), 3);
    }
    expect(later).toBe(8);
  });

  test('publishing is counted apart', () => {
    const limits = new RateLimits();
    const peer = registered({ host: '192.168.1.7', port: 1_234 });
    expect(served(() => limits.allowsPeer(peer, 'publish', 0), 3_000)).toBe(2_000);
    expect(served(() => limits.allowsPeer(peer, 'publish', 500), 3_000)).toBe(1_000);
    expect(limits.allowsPeer(peer, 'request', 0)).toBe(true);
  });

  test('loopback may ask anything', () => {
    const limits = new RateLimits();
    const peer = registered({ host: '127.0.0.1', port: 1_234 });
    expect(served(() => limits.allowsPeer(peer, 'search', 0), 1_000)).toBe(1_000);
    expect(served(() => limits.allowsStranger('127.0.0.1', 0), 10_000)).toBe(10_000);
    expect(limits.strangers).toBe(0);
  });

  test('strangers are limited by host, one not at the cost of another', () => {
    const limits = new RateLimits();
    expect(served(() => limits.allowsStranger('10.0.0.1', 0), 10_000)).toBe(STRANGER_RATE.burst);
    expect(limits.allowsStranger('10.0.0.2', 0)).toBe(true);
  });

  test('who asks most is remembered longest: making room does not renew its share', () => {
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
    expect(limits.strangers).toBe(16_384);
  });

  test('hosts are forgotten when quiet, and never more than so many are known', () => {
    const limits = new RateLimits(100);
    for (let host = 0; host < 1_000; host++) limits.allowsStranger(`10.0.${host >> 8}.${host & 255}`, host);
    expect(limits.strangers).toBe(100);
    limits.allowsStranger('10.9.9.9', 60_000);
    expect(limits.strangers).toBe(1);
  });
});
