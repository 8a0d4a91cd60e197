import { describe, expect, test } from 'vitest';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { PeerRegistry } from '../../../Tracker/Peers/PeerRegistry.ts';
import { seeds } from '../../Support/seeds.ts';
import { heartbeatOf, idOf, runOf, TABLE_KEY } from '../peers.ts';

const at = (host: string, port = 5_000) => ({ host, port });

describe('joining and expiring', () => {
  test('a peer expires after three missed heartbeats and five seconds', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 0);
    expect(registry.expire(19_999)).toEqual([]);
    expect(registry.expire(20_000).map((peer) => peer.peerId)).toEqual([idOf(1)]);
    expect(registry.size).toBe(0);
    expect(registry.from(at('10.0.0.1'))).toBeUndefined();
  });

  test('each heartbeat renews the lease', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    for (let nowMs = 0; nowMs <= 100_000; nowMs += 5_000) {
      registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), nowMs);
      expect(registry.expire(nowMs)).toEqual([]);
    }
    expect(registry.expire(119_999)).toEqual([]);
    expect(registry.expire(120_000)).toHaveLength(1);
  });

  test('the interval is 5 s up to 1,000 peers and grows to 60 s', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    const grow = (peers: number) => {
      while (registry.size < peers) registry.heartbeat(heartbeatOf(registry.size), at('127.0.0.1', 1), 0);
      return registry.intervalMs();
    };
    expect(grow(0)).toBe(5_000);
    expect(grow(1_000)).toBe(5_000);
    expect(grow(2_000)).toBe(10_000);
    expect(grow(13_000)).toBe(60_000);
  });
});

describe('identity of a peer', () => {
  test('a newer instance from the same host replaces at once, an older one is refused', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    registry.heartbeat(heartbeatOf(1, { instanceId: runOf(5) }), at('10.0.0.1'), 0);
    const older = registry.heartbeat(heartbeatOf(1, { instanceId: runOf(4) }), at('10.0.0.1'), 0);
    const newer = registry.heartbeat(heartbeatOf(1, { instanceId: runOf(6) }), at('10.0.0.1', 6_000), 0);
    expect(older).toEqual({ kind: 'refused', reason: 'wrong-owner' });
    expect(newer.kind).toBe('restarted');
    expect(registry.size).toBe(1);
    expect(registry.from(at('10.0.0.1'))).toBeUndefined();
    expect(registry.from(at('10.0.0.1', 6_000))?.instanceId).toBe(runOf(6));
  });

  test('a computer with a new address keeps its slot', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 0);
    expect(registry.heartbeat(heartbeatOf(1), at('10.0.0.2'), 1).kind).toBe('alive');
    expect(registry.size).toBe(1);
    expect([...registry.portsAt('10.0.0.1'), ...registry.portsAt('10.0.0.2')]).toEqual([9_001]);
    expect(registry.from(at('10.0.0.1'))).toBeUndefined();
    expect(registry.from(at('10.0.0.2'))?.peerId).toBe(idOf(1));
    for (let number = 2; number < 66; number++)
      registry.heartbeat(heartbeatOf(number), at('10.0.0.3', number), 1);
    const full = { kind: 'refused', reason: 'full' };
    expect(registry.heartbeat(heartbeatOf(1), at('10.0.0.3'), 1)).toEqual(full);
    expect(registry.get(idOf(1))?.udp.host).toBe('10.0.0.2');
  });

  test('an instance cannot move between loopback and other hosts; a later one can', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    registry.heartbeat(heartbeatOf(1), at('127.0.0.1'), 0);
    const refused = { kind: 'refused', reason: 'wrong-owner' };
    expect(registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 1)).toEqual(refused);
    const next = heartbeatOf(1, { instanceId: runOf(2) });
    expect(registry.heartbeat(next, at('10.0.0.1'), 1).kind).toBe('restarted');
    expect(registry.get(idOf(1))?.isLocal).toBe(false);
    expect(registry.heartbeat(next, at('127.0.0.1'), 1)).toEqual(refused);
  });

  test('a later start replaces the earlier one at once, also on another host', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 0);
    const later = registry.heartbeat(heartbeatOf(1, { instanceId: runOf(9) }), at('10.0.0.2'), 10);
    expect(later.kind).toBe('restarted');
    expect(registry.get(idOf(1))?.udp.host).toBe('10.0.0.2');
    expect(registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 20)).toEqual({
      kind: 'refused',
      reason: 'wrong-owner',
    });
  });
});

describe('limits', () => {
  test('64 peers a host, loopback exempt', () => {
    const registry = new PeerRegistry(TABLE_KEY);
    const join = (number: number, host: string) =>
      registry.heartbeat(heartbeatOf(number), at(host, number), 0).kind;
    for (let number = 1; number <= 64; number++) expect(join(number, '10.0.0.1')).toBe('joined');
    expect(join(65, '10.0.0.1')).toBe('refused');
    expect(join(66, '10.0.0.2')).toBe('joined');
    for (let number = 100; number < 300; number++) expect(join(number, '127.0.0.1')).toBe('joined');
    const leaver = registry.get(idOf(1));
    if (leaver !== undefined) registry.remove(leaver);
    expect(join(65, '10.0.0.1')).toBe('joined');
  });

  test('the number of peers is bounded; registered ones stay', () => {
    const registry = new PeerRegistry(TABLE_KEY, 2);
    registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 0);
    registry.heartbeat(heartbeatOf(2), at('10.0.0.2'), 0);
    expect(registry.heartbeat(heartbeatOf(3), at('10.0.0.3'), 0)).toEqual({
      kind: 'refused',
      reason: 'full',
    });
    expect(registry.heartbeat(heartbeatOf(1), at('10.0.0.1'), 0).kind).toBe('alive');
  });
});

/** Reference model of the registry, slow and simple. */
class Model {
  readonly peers = new Map<PeerId, { host: string; port: number; run: string; deadlineMs: number }>();

  heartbeat(id: PeerId, run: string, from: { host: string; port: number }, nowMs: number): string {
    const known = this.peers.get(id);
    const others = [...this.peers.values()].filter((peer) => peer.host === from.host).length;
    if (known === undefined && (others >= 64 || this.peers.size >= 80)) return 'refused';
    if (known !== undefined && run < known.run) return 'refused';
    if (known !== undefined && known.host !== from.host && others >= 64) return 'refused';
    const deadlineMs = Math.ceil((nowMs + 20_000) / 1_000) * 1_000;
    this.peers.set(id, { ...from, run, deadlineMs });
    return known === undefined ? 'joined' : run > known.run ? 'restarted' : 'alive';
  }

  expire(nowMs: number): void {
    for (const [id, peer] of this.peers) if (peer.deadlineMs <= nowMs) this.peers.delete(id);
  }
}

test.each(seeds(60))('does what a plain map does, whatever happens (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const registry = new PeerRegistry(TABLE_KEY, 80);
  const model = new Model();
  let nowMs = random.int(0, 1_000_000);
  for (let step = 0; step < 400; step++) {
    nowMs += random.chance(0.1) ? random.int(0, 15_000) : random.int(0, 200);
    registry.expire(nowMs);
    model.expire(nowMs);
    const number = random.int(1, 100);
    const from = at(random.pick(['10.0.0.1', '10.0.0.1', '10.0.0.2']), random.int(1, 200));
    const known = registry.get(idOf(number));
    if (random.chance(0.1) && known !== undefined) {
      registry.remove(known);
      model.peers.delete(idOf(number));
    } else {
      const beat = heartbeatOf(number, { instanceId: runOf(random.int(1, 3)) });
      const expected = model.heartbeat(beat.peerId, beat.instanceId, from, nowMs);
      expect(registry.heartbeat(beat, from, nowMs).kind).toBe(expected);
    }
    expect(registry.size).toBe(model.peers.size);
  }
  const listed = [...registry.startingAt(0)];
  const slots = listed.map((peer) => peer.slot);
  expect(new Set(slots).size).toBe(model.peers.size);
  for (const peer of listed) {
    expect(registry.at(peer.slot)).toBe(peer);
    expect(model.peers.get(peer.peerId)).toEqual({
      ...peer.udp,
      run: peer.instanceId,
      deadlineMs: peer.deadlineMs,
    });
    registry.heartbeat(
      heartbeatOf(Number(`0x${peer.peerId}`), { instanceId: peer.instanceId }),
      peer.udp,
      nowMs,
    );
    expect(registry.from(peer.udp)).toBe(peer);
  }
});

test('pages list each peer that stays exactly once, despite concurrent joins and leaves', () => {
  const random = new SeededRandom(11);
  const registry = new PeerRegistry(TABLE_KEY);
  for (let number = 0; number < 300; number++)
    registry.heartbeat(heartbeatOf(number), at('127.0.0.1', number), 0);
  const met: PeerId[] = [];
  let fresh = 1_000;
  for (let cursor = 0; cursor < 2_000; ) {
    const page = [...registry.startingAt(cursor)].slice(0, 7);
    const last = page.at(-1);
    if (last === undefined) break;
    met.push(...page.map((peer) => peer.peerId));
    cursor = last.slot + 1;
    const leaver = registry.get(idOf(random.int(0, 99)));
    if (leaver !== undefined) registry.remove(leaver);
    registry.heartbeat(heartbeatOf(fresh), at('127.0.0.1', fresh++), 0);
  }
  const stayed = Array.from({ length: 200 }, (_, index) => idOf(index + 100));
  expect(met.filter((id) => stayed.includes(id)).sort()).toEqual(stayed.sort());
});
