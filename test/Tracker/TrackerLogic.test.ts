import { describe, expect, test } from 'vitest';
import type { FileId } from '../../Protocol/Ids.ts';
import { COOKIE_STEP_MS } from '../../Protocol/Limits.ts';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import {
  decodeReply,
  encodeRequest,
  type Hit,
  type Holder,
  type ListedPeer,
  type PublishedEntry,
  type RequestOf,
} from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import { Asker } from './Asker.ts';
import { heartbeatOf, idOf, runOf } from './peers.ts';

function tracker(options: { note?: (text: string) => void } = {}): TrackerLogic {
  return new TrackerLogic({
    instanceId: runOf(77),
    wallClock: () => 0,
    secret: new SeededRandom(5).bytes(32),
    ...options,
  });
}

function contentOf(number: number): FileId {
  return number.toString(16).padStart(64, '0') as FileId;
}

function file(path: string, content: number): PublishedEntry {
  return { kind: 'file', path, size: content, fileId: contentOf(content) };
}

function publish(number: number, entries: PublishedEntry[], version = 1): RequestOf<'publish'> {
  const { peerId, instanceId } = heartbeatOf(number);
  return {
    type: 'publish',
    peerId,
    instanceId,
    token: NO_TOKEN,
    version,
    base: version - 1,
    page: 0,
    pages: 1,
    entries,
  };
}

/** A peer that has joined from 10.0.0.<number> and shares these. */
function joined(
  logic: TrackerLogic,
  number: number,
  entries: PublishedEntry[] = [],
  host = `10.0.0.${number}`,
) {
  const peer = new Asker(logic, { host, port: 40_000 + number }).connect();
  peer.expect('alive', heartbeatOf(number));
  const pages = Math.ceil(entries.length / 12);
  for (let page = 0; page < pages; page++) {
    const part = entries.slice(page * 12, page * 12 + 12);
    peer.expect('published', { ...publish(number, part), page, pages });
  }
  return peer;
}

describe('a session', () => {
  test('join, publish, search, locate, leave', () => {
    const logic = tracker();
    joined(logic, 1, [file('Films/Casablanca.mkv', 1), file('notes.txt', 2)]);
    joined(logic, 2, [file('casablanca (1942).mkv', 1)]);
    const three = joined(logic, 3);

    const found = three.expect('found', { type: 'search', words: 'CASABLANCA', cursor: 0 });
    expect(found).toMatchObject({ total: 1, next: 0 });
    expect(found.hits[0]).toMatchObject({ fileId: contentOf(1), size: 1, holderCount: 2 });
    expect(found.hits[0]?.holders.map((holder) => holder.address.host).sort()).toEqual([
      '10.0.0.1',
      '10.0.0.2',
    ]);

    const located = three.expect('located', { type: 'locate', fileId: contentOf(1), cursor: 0 });
    expect(located).toMatchObject({ total: 2, next: 0, size: 1 });
    expect(located.holders[0]).toMatchObject({ onTrackerHost: false, complete: true });

    const folder = three.expect('peerList', { type: 'folder', path: 'Films', cursor: 0 });
    expect(folder.peers.map((peer) => peer.peerId)).toEqual([idOf(1)]);

    joined(logic, 1).expect('left', {
      type: 'leave',
      peerId: idOf(1),
      instanceId: runOf(1),
      token: NO_TOKEN,
    });
    expect(three.expect('found', { type: 'search', words: 'notes', cursor: 0 }).hits).toEqual([]);
    expect(three.expect('peerList', { type: 'peers', cursor: 0 }).total).toBe(2);
  });

  test('a heartbeat is answered with interval, address, held version and count', () => {
    const logic = tracker();
    const peer = joined(logic, 1, [file('a b', 1)]);
    expect(peer.expect('alive', heartbeatOf(1))).toEqual({
      type: 'alive',
      trackerInstance: runOf(77),
      intervalMs: 5_000,
      observed: { host: '10.0.0.1', port: 9_001 },
      heldVersion: 1,
      peers: 1,
      successor: undefined,
      relayOnly: false,
    });
  });

  test('a silent peer expires with its files', () => {
    const logic = tracker();
    joined(logic, 1, [file('a song', 1)]);
    const two = new Asker(logic, { host: '10.0.0.2', port: 1 }).connect(19_000);
    const search = { type: 'search', words: 'song', cursor: 0 } as const;
    expect(two.expect('found', search, 19_999).hits).toHaveLength(1);
    expect(two.expect('found', search, 20_000).hits).toEqual([]);
    expect(logic.registry.size).toBe(0);
  });

  test('a restarted peer shares nothing until it publishes', () => {
    const logic = tracker();
    const peer = joined(logic, 1, [file('a song', 1)]);
    expect(peer.expect('alive', heartbeatOf(1, { instanceId: runOf(2) })).heldVersion).toBe(0);
    expect(logic.catalogs.size).toBe(0);
    expect(peer.refusal(publish(1, [file('x', 1)]))).toBe('wrong-owner');
  });

  test('requests in the name of another peer are refused', () => {
    const logic = tracker();
    joined(logic, 1, [file('a song', 1)]);
    const thief = new Asker(logic, { host: '10.6.6.6', port: 1 }).connect();
    const token = '66'.repeat(8);
    expect(thief.refusal({ type: 'leave', peerId: idOf(1), instanceId: runOf(1), token })).toBe(
      'wrong-owner',
    );
    expect(thief.refusal({ ...publish(1, [], 2), token })).toBe('wrong-owner');
    expect(thief.ask(heartbeatOf(1, { instanceId: runOf(9), token }))?.type).toBe('unproven');
    expect(thief.refusal(publish(2, []))).toBe('unknown-peer');
    expect(logic.catalogs.size).toBe(1);
  });

  test("a peer on loopback is on the tracker's own host", () => {
    const logic = tracker();
    joined(logic, 1, [], '127.0.0.1');
    joined(logic, 2, [], '10.0.0.2');
    const { peers } = joined(logic, 3).expect('peerList', { type: 'peers', cursor: 0 });
    expect(peers.map((peer) => [peer.address.host, peer.onTrackerHost])).toEqual([
      ['127.0.0.1', true],
      ['10.0.0.2', false],
      ['10.0.0.3', false],
    ]);
  });

  test('a successor is announced at once and with every heartbeat', () => {
    const logic = tracker();
    const one = joined(logic, 1);
    joined(logic, 2);
    const told = logic.announceSuccessor({ host: '127.0.0.1', port: 6_882 });
    expect(told.map((datagram) => datagram.to)).toEqual([
      { host: '10.0.0.1', port: 40_001 },
      { host: '10.0.0.2', port: 40_002 },
    ]);
    expect(decodeReply(told[0]?.bytes ?? Buffer.alloc(0))).toEqual({
      transactionId: 0,
      reply: {
        type: 'moved',
        queryToken: '0011223344556677',
        trackerInstance: runOf(77),
        successor: { host: '127.0.0.1', port: 6_882 },
        onTrackerHost: true,
      },
    });
    expect(one.expect('alive', heartbeatOf(1)).successor).toEqual({ host: '127.0.0.1', port: 6_882 });
  });

  test('invalid requests are refused', () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    expect(peer.refusal({ type: 'search', words: 'x', cursor: 0 })).toBe('bad-request');
    expect(peer.refusal({ type: 'search', words: ' . ', cursor: 0 })).toBe('bad-request');
    expect(peer.refusal(heartbeatOf(1, { port: 80 }))).toBe('bad-request');
    expect(peer.expect('found', { type: 'search', words: 'xy', cursor: 4_000_000_000 }).next).toBe(0);
    expect(peer.expect('located', { type: 'locate', fileId: contentOf(1), cursor: 9 }).total).toBe(0);
    expect(peer.expect('peerList', { type: 'peers', cursor: 4_000_000_000 }).peers).toEqual([]);
  });

  test('a request of another version gets a refusal that every version reads', () => {
    const notes: string[] = [];
    const logic = tracker({ note: (text) => notes.push(text) });
    const peer = joined(logic, 1);
    const from = { host: '10.0.0.1', port: 40_001 };
    const current = encodeRequest(peer.cookie, 9, heartbeatOf(1));
    for (const action of [0x53480001, 0x5348000b, 0x53480201]) {
      const other = Buffer.from(current);
      other.writeUInt32BE(action, 8);
      const [answer] = logic.receive(other, from, 0);
      // Action of `refused` in version 1, transaction, `bad-request`.
      expect(Buffer.from(answer?.bytes ?? []).toString('hex')).toBe('534800ff' + '00000009' + '05');
      expect(notes.at(-1)).toContain(`request ${action.toString(16)} from 10.0.0.1:40001`);
    }
    const foreign = Buffer.from(current);
    foreign.writeUInt32BE(0x53490101, 8);
    expect(logic.receive(foreign, from, 0)).toEqual([]);
  });

  test('an undialable peer is listed as such', () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    const fileId = contentOf(1);
    peer.expect('alive', heartbeatOf(1, { undialable: true, catalogVersion: 1 }));
    peer.expect('published', publish(1, [file('a file', 1)]));
    expect(peer.expect('peerList', { type: 'peers', cursor: 0 }).peers).toMatchObject([{ undialable: true }]);
    expect(peer.expect('located', { type: 'locate', fileId, cursor: 0 }).holders).toMatchObject([
      { undialable: true },
    ]);
  });

  test('relays: eight at most, one a host, others with every request, never the asking peer or one that stopped', () => {
    const logic = tracker();
    const relaying = (number: number, host?: string) => {
      const peer = joined(logic, number, [], host);
      peer.expect('alive', heartbeatOf(number, { relays: true }));
      return peer;
    };
    const named = (peer: Asker) =>
      peer.expect('peerList', { type: 'relays' }).peers.map(({ peerId }) => peerId);
    const peers = Array.from({ length: 12 }, (_, index) => relaying(index + 1));
    for (let number = 20; number < 40; number++) relaying(number, '10.0.0.99');
    const [one = expect.fail(), two = expect.fail()] = peers;
    const first = named(one);
    const second = named(one);
    expect(first).toHaveLength(8);
    expect(first).not.toContain(idOf(1));
    expect(new Set([...first, ...second]).size).toBeGreaterThan(10);
    const third = named(one);
    for (const answer of [first, second, third])
      expect(answer.filter((id) => Number.parseInt(id, 16) >= 20).length).toBeLessThanOrEqual(1);
    expect(new Set([...first, ...second, ...third]).size).toBeGreaterThan(11);
    for (let number = 2; number <= 12; number++) peers[number - 1]?.expect('alive', heartbeatOf(number));
    for (let number = 20; number < 40; number++) {
      const { peerId, instanceId } = heartbeatOf(number);
      const asker = new Asker(logic, { host: '10.0.0.99', port: 40_000 + number }).connect();
      asker.expect('left', { type: 'leave', peerId, instanceId, token: NO_TOKEN });
    }
    expect(named(two)).toEqual([idOf(1)]);
    const stranger = new Asker(logic, { host: '10.0.0.77', port: 40_077 }).connect();
    expect(stranger.expect('refused', { type: 'relays' }).reason).toBe('unknown-peer');
  });

  test('hits carry time and executable bit, and a false size does not hide the holder who says otherwise', () => {
    const logic = tracker();
    const entry = {
      ...file('tool.sh', 1),
      size: 3_000_000,
      modifiedMs: 1_700_000_000_123,
      executable: true,
    } as const;
    joined(logic, 1, [{ ...entry, size: 5 }]); // Named first, with a false size.
    joined(logic, 2, [entry]);
    const three = joined(logic, 3, [{ ...entry, modifiedMs: 1_700_000_000_999 }]);

    const [hit] = three.expect('found', { type: 'search', words: 'tool', cursor: 0 }).hits;
    expect(hit).toMatchObject({ size: 3_000_000, modifiedMs: 1_700_000_000_123, executable: true });
    expect(hit?.holders.filter(({ size }) => size !== undefined)).toMatchObject([
      { peerId: idOf(1), size: 5 },
    ]);
    const located = three.expect('located', { type: 'locate', fileId: entry.fileId, cursor: 0 });
    expect(located.size).toBe(3_000_000);
    expect(located.holders.map(({ peerId, size }) => [peerId, size]).sort()).toEqual([
      [idOf(1), 5],
      [idOf(2), undefined],
      [idOf(3), undefined],
    ]);
  });

  test('a folder among very many names is searched in steps, and answered at the end', () => {
    const logic = tracker();
    for (let peer = 1; peer <= 40; peer++) {
      const songs = Array.from({ length: 120 }, (_, at) =>
        file(`${peer > 20 ? 'Music/' : ''}music ${at}`, peer * 1_000 + at),
      );
      joined(logic, peer, songs);
    }
    while (logic.nextEndMs !== undefined) logic.expire(0); // Pending work of the catalogs.
    const from = { host: '10.0.0.99', port: 1 };
    const asker = new Asker(logic, from).connect();
    const ask = (transaction: number, cursor = 0) =>
      logic.receive(
        encodeRequest(asker.cookie, transaction, { type: 'folder', path: 'Music', cursor }),
        from,
        0,
      );
    expect(ask(7)).toEqual([]);
    expect(ask(7)).toEqual([]); // A retransmission belongs to the same search.
    expect(logic.nextEndMs).toBe(Number.NEGATIVE_INFINITY);
    const [answer, ...others] = logic.expire(0);
    expect(others).toEqual([]);
    expect(answer?.to).toEqual(from);
    const { transactionId, reply } = decodeReply(answer?.bytes ?? Buffer.alloc(0));
    expect([transactionId, reply.type === 'peerList' && reply.total]).toEqual([7, 20]);
    const next = reply.type === 'peerList' ? reply.next : 0;
    const [second] = ask(8, next).map(({ bytes }) => decodeReply(bytes).reply);
    expect(second?.type === 'peerList' && second.peers[0]?.peerId).toBe(idOf(next + 1));
    expect(logic.nextEndMs).toBeUndefined();
  });

  test('peers that expire together are removed in steps', () => {
    const logic = tracker();
    for (let peer = 1; peer <= 100; peer++) joined(logic, peer, [file(`song ${peer}`, peer)]);
    logic.expire(60_000);
    expect(logic.registry.size).toBe(84);
    expect(logic.nextEndMs).toBe(Number.NEGATIVE_INFINITY);
    for (let step = 0; step < 6; step++) logic.expire(60_000);
    expect([logic.registry.size, logic.catalogs.size]).toEqual([0, 0]);
    expect(logic.nextEndMs).toBeUndefined();
  });

  test('a hit with the longest path fits a datagram, whatever its extensions', () => {
    const logic = tracker();
    const host = '2001:db8:1111:2222:3333:4444:5555:6666';
    const entry = { ...file('x'.repeat(1_000), 1), modifiedMs: 5, executable: true } as const;
    const joinAt = (number: number, size: number, name: string) => {
      const peer = new Asker(logic, { host, port: 40_000 + number }).connect();
      peer.expect('alive', heartbeatOf(number, { name, undialable: true }));
      return peer.expect('published', publish(number, [{ ...entry, size }]));
    };
    joinAt(1, 5, 'n'.repeat(64));
    joinAt(2, 6, 'n'.repeat(64));
    const asker = joined(logic, 3);
    const { hits, next } = asker.expect('found', { type: 'search', words: 'x'.repeat(48), cursor: 0 });
    expect([hits.length, next, hits[0]?.holderCount]).toEqual([1, 0, 2]);
  });

  test('too many requests are refused, then served again', () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    const ask = (nowMs: number) => peer.ask({ type: 'peers', cursor: 0 }, nowMs)?.type;
    const answers = Array.from({ length: 100 }, () => ask(0));
    expect(answers.filter((type) => type === 'peerList')).toHaveLength(60);
    expect(answers.at(-1)).toBe('refused');
    expect(ask(1_000)).toBe('peerList');
  });

  test('notes name joins, catalogs, heartbeats, searches and expiries', () => {
    const notes: string[] = [];
    const logic = tracker({ note: (text) => notes.push(text) });
    const peer = joined(logic, 1, [file('a song', 1)]);
    peer.ask(heartbeatOf(1));
    peer.ask({ type: 'search', words: 'song', cursor: 0 });
    logic.expire(60_000);
    const kinds = notes.map((note) => note.split(/[ :]/)[0]);
    expect(kinds).toEqual(['joined', 'catalog', 'heartbeat', 'search', 'expired']);
  });
});

describe('pages', () => {
  test('of a search contain each hit once, in order, each datagram within its limit', () => {
    const logic = tracker();
    const names = Array.from({ length: 45 }, (_, number) => `song ${String(number).padStart(3, '0')}`);
    for (let owner = 1; owner <= 30; owner++) joined(logic, owner, names.map(file), '127.0.0.1');
    const asker = joined(logic, 99, [], '127.0.0.1');
    const hits: Hit[] = [];
    let cursor = 0;
    do {
      const page = asker.expect('found', { type: 'search', words: 'song', cursor });
      expect(page.total).toBe(45);
      expect(page.hits.length).toBeGreaterThan(0);
      hits.push(...page.hits);
      cursor = page.next;
    } while (cursor > 0);
    expect(hits.map((hit) => hit.path)).toEqual(names);
    expect(hits.every((hit) => hit.holderCount === 30 && hit.holders.length > 0)).toBe(true);
  });

  test('one hit with the longest path and name still fits', () => {
    const logic = tracker();
    const longest = { ...file(`${'p'.repeat(996)}.mkv`, 1) };
    for (let owner = 1; owner <= 9; owner++) {
      const peer = new Asker(logic, { host: '127.0.0.1', port: owner }).connect();
      peer.expect('alive', heartbeatOf(owner, { name: 'n'.repeat(64) }));
      peer.expect('published', publish(owner, [longest]));
    }
    const { hits } = joined(logic, 99).expect('found', { type: 'search', words: 'pppp', cursor: 0 });
    expect(hits[0]).toMatchObject({ path: longest.path, holderCount: 9 });
    expect(hits[0]?.holders).toHaveLength(1);
  });

  test('of holders and of peers contain each once', () => {
    const logic = tracker();
    for (let owner = 1; owner <= 100; owner++) joined(logic, owner, [file('song', 1)], '127.0.0.1');
    const asker = joined(logic, 101, [], '127.0.0.1');
    const holders: Holder[] = [];
    const peers: ListedPeer[] = [];
    for (let cursor = 0, more = true; more; more = cursor > 0) {
      const page = asker.expect('located', { type: 'locate', fileId: contentOf(1), cursor });
      holders.push(...page.holders);
      cursor = page.next;
    }
    for (let cursor = 0, more = true; more; more = cursor > 0) {
      const page = asker.expect('peerList', { type: 'peers', cursor });
      peers.push(...page.peers);
      cursor = page.next;
    }
    expect(new Set(holders.map((one) => one.peerId)).size).toBe(100);
    expect(holders).toHaveLength(100);
    expect(new Set(peers.map((one) => one.peerId)).size).toBe(101);
    expect(peers).toHaveLength(101);
  });

  test('a file that is removed between two pages is left out', () => {
    const logic = tracker();
    joined(
      logic,
      1,
      Array.from({ length: 14 }, (_, number) => file(`song ${number}`, number)),
    );
    const asker = joined(logic, 2);
    const first = asker.expect('found', { type: 'search', words: 'song', cursor: 0 });
    expect(first.next).toBeGreaterThan(0);
    joined(logic, 1).ask({ type: 'leave', peerId: idOf(1), instanceId: runOf(1), token: NO_TOKEN });
    expect(asker.expect('found', { type: 'search', words: 'song', cursor: first.next })).toMatchObject({
      hits: [],
      next: 0,
    });
  });
});

describe('connection ids', () => {
  test('are required for every request, and without them the registry is unchanged', () => {
    const logic = tracker();
    const stranger = new Asker(logic, { host: '10.0.0.9', port: 9 });
    expect(stranger.refusal(heartbeatOf(9))).toBe('bad-cookie');
    expect(stranger.refusal(publish(9, [file('x', 1)]))).toBe('bad-cookie');
    expect(logic.registry.size).toBe(0);
    expect(logic.counts).toMatchObject({ refused: 2, served: 0 });
  });

  test('expire after at most two minutes, also for a registered peer', () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    for (let nowMs = 0; nowMs < 2 * COOKIE_STEP_MS; nowMs += 5_000)
      peer.expect('alive', heartbeatOf(1), nowMs);
    expect(peer.refusal(heartbeatOf(1), 2 * COOKIE_STEP_MS)).toBe('bad-cookie');
    peer.connect(2 * COOKIE_STEP_MS).expect('alive', heartbeatOf(1), 2 * COOKIE_STEP_MS);
  });

  test('10,000 forged heartbeats from many addresses change nothing', () => {
    const logic = tracker();
    joined(logic, 1);
    const random = new SeededRandom(4);
    for (let attempt = 0; attempt < 10_000; attempt++) {
      const from = { host: `127.${random.int(0, 255)}.0.${random.int(1, 254)}`, port: random.int(1, 65_535) };
      logic.receive(encodeRequest(random.hex(8), attempt, heartbeatOf(random.int(2, 99))), from, 0);
    }
    expect([...logic.registry.startingAt(0)].map((peer) => peer.peerId)).toEqual([idOf(1)]);
    expect(logic.counts.refused).toBe(10_000);
  });

  test("a sender with a peer's forged address cannot use up its requests", () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    const forged = encodeRequest('00'.repeat(8), 1, heartbeatOf(1));
    for (let attempt = 0; attempt < 1_000; attempt++)
      logic.receive(forged, { host: '10.0.0.1', port: 40_001 }, 0);
    peer.expect('alive', heartbeatOf(1));
  });
});

describe('limits before and after the cookie check', () => {
  const connect = encodeRequest('', 1, { type: 'connect' });
  const served = (logic: TrackerLogic, bytes: Buffer, from: Address) =>
    Array.from({ length: 1_000 }, () => logic.receive(bytes, from, 0)).filter(({ length }) => length > 0)
      .length;

  test('connects and bad cookies count for no address: it may be forged', () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    const from = { host: '10.0.0.1', port: 40_001 };
    expect(served(logic, connect, from)).toBe(1_000);
    const forged = encodeRequest('0123456789abcdef', 1, { type: 'search', words: 'song', cursor: 0 });
    expect(served(logic, forged, { host: '10.0.0.1', port: 1 })).toBe(1_000);
    expect(logic.counts.limited).toBe(0);
    peer.expect('alive', heartbeatOf(1));
    expect(new Asker(logic, { host: '10.0.0.1', port: 2 }).connect().ask(heartbeatOf(2))?.type).toBe('alive');
  });

  test('an unregistered host gets 8 searches and 400 requests, from any ports', () => {
    const logic = tracker();
    joined(logic, 1, [file('song.mp3', 1)]);
    const asked = (count: number, first = 0) =>
      Array.from({ length: count }, (_, at) => {
        const port = first + at;
        const stranger = new Asker(logic, { host: '10.0.0.9', port: port + 1 }).connect();
        return stranger.ask({ type: 'search', words: `song ${port}`, cursor: port % 2 })?.type;
      });
    expect(asked(20).filter((type) => type === 'found')).toHaveLength(8);
    const answered = asked(500, 100).filter((type) => type !== undefined);
    expect(answered).toHaveLength(380);
    expect(new Set(answered)).toEqual(new Set(['refused']));
  });

  test('a later page of an unknown search counts as a search', () => {
    const logic = tracker();
    const peer = joined(logic, 1, [file('song.mp3', 1)]);
    const words = (at: number) => ({ type: 'search', words: `song ${at}`, cursor: 1 }) as const;
    const types = Array.from({ length: 20 }, (_, at) => peer.ask(words(at))?.type);
    expect(types.filter((type) => type === 'found')).toHaveLength(16);
    // A page of a recent search costs nothing.
    expect(Array.from({ length: 20 }, () => peer.ask(words(0))?.type)).toEqual(Array(20).fill('found'));
  });

  test('the peers of one host hold half a million entries at most, and another host still has space', () => {
    const logic = tracker();
    const counts = new Map<number, number>();
    Object.defineProperty(logic.catalogs, 'count', { value: (slot: number) => counts.get(slot) ?? 0 });
    const [one, two, other] = [joined(logic, 1), joined(logic, 2, [], '10.0.0.1'), joined(logic, 3)];
    counts.set(0, 250_000).set(1, 249_999);
    expect(two.ask(publish(2, [file('a', 1)]))?.type).toBe('published');
    expect(one.refusal(publish(1, [file('a', 1), file('b', 2)]))).toBe('full');
    expect(other.ask(publish(3, [file('a', 1), file('b', 2)]))?.type).toBe('published');
  });

  test('a datagram above 1,200 bytes is dropped, even if it is a valid request', () => {
    const logic = tracker();
    const peer = joined(logic, 1);
    const entries = [file(`a${'x'.repeat(600)}`, 1), file(`b${'x'.repeat(600)}`, 2)];
    expect(peer.ask(publish(1, entries))).toBeUndefined();
    expect(logic.counts.malformed).toBe(1);
    expect(logic.catalogs.size).toBe(0);
  });

  test('a hit lists 8 holders at most, and counts all', () => {
    const logic = tracker();
    for (let number = 1; number <= 10; number++) joined(logic, number, [file('song', 1)]);
    const [hit] = joined(logic, 11).expect('found', { type: 'search', words: 'song', cursor: 0 }).hits;
    expect(hit?.holders).toHaveLength(8);
    expect(hit?.holderCount).toBe(10);
  });

  test('the holders of a hit are counted exactly in its first 256 entries', () => {
    const logic = tracker();
    joined(
      logic,
      1,
      Array.from({ length: 256 }, (_, at) => file(`${at} song`, 1)),
    );
    const search = { type: 'search', words: '1 song', cursor: 0 } as const;
    expect(joined(logic, 3).expect('found', search).hits[0]?.holderCount).toBe(1);
    joined(logic, 2, [file('a song', 1)]);
    expect(joined(logic, 3).expect('found', search, 5_000).hits[0]?.holderCount).toBe(257);
  });
});
