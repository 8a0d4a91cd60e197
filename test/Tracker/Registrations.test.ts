import { describe, expect, test } from 'vitest';
import { newInstanceId } from '../../Protocol/Ids.ts';
import { INSTANCE_AHEAD_MAX_MS } from '../../Protocol/Limits.ts';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import type { RequestOf, TrackerReply } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import { keyOf, proven, type TestKey } from '../Support/keys.ts';
import { Asker } from './Asker.ts';
import { heartbeatOf, runOf } from './peers.ts';

/** Real keys. NO_TOKEN is never sent here, since Asker would replace it. */

const WALL_MS = 1_700_000_000_000;
const WRONG = '66'.repeat(8);
const ANN = keyOf('Ann');
const EVE = keyOf('Eve');
const HOME = { host: '10.0.0.1', port: 40_001 };
const NEIGHBOUR = { host: '10.0.0.1', port: 40_002 };
const ELSEWHERE = { host: '10.6.6.6', port: 40_001 };

function tracker(secret = 5, run = 77): TrackerLogic {
  return new TrackerLogic({
    instanceId: runOf(run),
    secret: new SeededRandom(secret).bytes(32),
    wallClock: () => WALL_MS,
  });
}

function beatOf(key: TestKey, changes: Partial<RequestOf<'heartbeat'>> = {}): RequestOf<'heartbeat'> {
  return heartbeatOf(1, { peerId: key.peerId, token: WRONG, ...changes });
}

/** A heartbeat with a proof, sent from this address. */
function signed(asker: Asker, key: TestKey, changes = {}, nowMs = 0) {
  const beat = beatOf(key, changes);
  return proven(key, asker.cookie, beat, asker.ask(beat, nowMs));
}

/** Registers; returns the token. */
function register(
  logic: TrackerLogic,
  from: Address,
  key: TestKey,
  changes = {},
): { asker: Asker; token: string } {
  const asker = new Asker(logic, from).connect();
  const { token = '' } = asker.expect('alive', signed(asker, key, changes));
  return { asker, token };
}

const registered = (logic: TrackerLogic, key: TestKey) => logic.registry.get(key.peerId);

describe('registering', () => {
  test('a proof gives a token, and the token proves every later heartbeat', () => {
    const logic = tracker();
    const { asker, token } = register(logic, HOME, ANN);
    expect(token).toMatch(/^[0-9a-f]{16}$/);
    for (const uploads of [0, 1, 1, 2]) {
      const alive = asker.expect('alive', beatOf(ANN, { token, uploads }), 5_000);
      expect(alive.token).toBeUndefined();
    }
    const page = { version: 1, base: 0, page: 0, pages: 1, entries: [] };
    const { peerId, instanceId } = beatOf(ANN);
    asker.expect('published', { type: 'publish', peerId, instanceId, token, ...page });
    asker.expect('left', { type: 'leave', peerId, instanceId, token });
    expect(logic.registry.size).toBe(0);
    expect(logic.counts.forged).toBe(0);
  });

  test('a repeated heartbeat takes the fast path after the proof', () => {
    const logic = tracker();
    const { token } = register(logic, HOME, ANN);
    expect(registered(logic, ANN)?.beat).toEqual({ ...beatOf(ANN, { token }), type: undefined });
  });

  test('without a proof the tracker stores nothing, and answers with its identity', () => {
    const logic = tracker();
    const asker = new Asker(logic, HOME).connect();
    expect(asker.ask(beatOf(ANN))).toEqual({ type: 'unproven', trackerInstance: runOf(77) });
    expect(logic.registry.size).toBe(0);
  });

  test('a retransmitted proof is answered in the same way', () => {
    const logic = tracker();
    const asker = new Asker(logic, HOME).connect();
    const beat = signed(asker, ANN);
    expect(asker.ask(beat)).toEqual(asker.ask(beat));
  });

  test('after a restart of the tracker old tokens are invalid, and a new proof is demanded', () => {
    const { token } = register(tracker(), HOME, ANN);
    const restarted = tracker(6, 78);
    const asker = new Asker(restarted, HOME).connect();
    expect(asker.ask(beatOf(ANN, { token }))?.type).toBe('unproven');
    asker.expect('alive', signed(asker, ANN));
  });

  test('an expired peer registers again with its token', () => {
    const logic = tracker();
    const { asker, token } = register(logic, HOME, ANN);
    logic.expire(100_000);
    expect(logic.registry.size).toBe(0);
    asker.connect(100_000).expect('alive', beatOf(ANN, { token }), 100_000);
  });

  test('a restarted peer needs a new proof: a token is for one instance', () => {
    const logic = tracker();
    const { asker, token } = register(logic, HOME, ANN);
    expect(asker.ask(beatOf(ANN, { token, instanceId: runOf(2) }))?.type).toBe('unproven');
    asker.expect('alive', signed(asker, ANN, { instanceId: runOf(2) }));
    expect(registered(logic, ANN)?.instanceId).toBe(runOf(2));
  });

  test('a computer with a new address proves its key again and keeps its place', () => {
    const logic = tracker();
    const { token } = register(logic, HOME, ANN);
    const slot = registered(logic, ANN)?.slot;
    const moved = new Asker(logic, { host: '10.0.0.9', port: 5 }).connect();
    expect(moved.ask(beatOf(ANN, { token }))?.type).toBe('unproven');
    moved.expect('alive', signed(moved, ANN));
    expect(registered(logic, ANN)).toMatchObject({ slot, udp: { host: '10.0.0.9', port: 5 } });
  });
});

describe('attacks', () => {
  test.each([
    ['the same host', NEIGHBOUR],
    ['another host', ELSEWHERE],
  ])('a copied id neither replaces, moves nor removes the entry from %s', (_where, from) => {
    const logic = tracker();
    const { token } = register(logic, HOME, ANN, { name: 'Ann' });
    const before = registered(logic, ANN)?.beat;
    const thief = new Asker(logic, from).connect();
    const { peerId } = ANN;
    for (const stolen of [WRONG, token]) {
      for (const instanceId of [runOf(1), runOf(9)]) {
        const beat = beatOf(ANN, { token: stolen, instanceId, name: 'Eve' });
        expect(thief.ask(beat)?.type).toBe('unproven');
        expect(thief.refusal({ type: 'leave', peerId, instanceId, token: stolen })).toBe('wrong-owner');
        const page = { version: 1, base: 0, page: 0, pages: 1, entries: [] };
        expect(thief.refusal({ type: 'publish', peerId, instanceId, token: stolen, ...page })).toBe(
          'wrong-owner',
        );
      }
    }
    expect(registered(logic, ANN)?.beat).toEqual(before);
    expect(registered(logic, ANN)?.udp).toEqual(HOME);
    expect(logic.counts.forged).toBeGreaterThan(0);
  });

  test("somebody else's id is not registered with another key", () => {
    const logic = tracker();
    const thief = new Asker(logic, ELSEWHERE).connect();
    const beat = beatOf(ANN);
    const forged = proven(EVE, thief.cookie, beat, thief.ask(beat));
    expect(thief.refusal(forged)).toBe('bad-proof');
    const mixed = {
      publicKey: signed(thief, ANN).proof?.publicKey ?? '',
      signature: forged.proof?.signature ?? '',
    };
    expect(thief.refusal({ ...beat, proof: mixed })).toBe('bad-proof');
    expect(logic.registry.size).toBe(0);
    expect(logic.counts.forged).toBe(2);
  });

  test('a recorded proof is worth nothing at another address, tracker, port, instance or minute', () => {
    const logic = tracker();
    const ann = new Asker(logic, HOME).connect();
    const recorded = signed(ann, ANN);
    ann.expect('alive', recorded);
    const attempts: [TrackerLogic, Address, Partial<RequestOf<'heartbeat'>>, number][] = [
      [logic, NEIGHBOUR, {}, 0],
      [logic, ELSEWHERE, {}, 0],
      [tracker(5, 78), HOME, {}, 0],
      [logic, HOME, { port: 9_999 }, 0],
      [logic, HOME, { instanceId: runOf(2) }, 0],
      [tracker(), HOME, {}, 60_000],
    ];
    for (const [target, from, changes, nowMs] of attempts) {
      const thief = new Asker(target, from).connect(nowMs);
      // At its own address the attacker does not have the token of the entry either.
      expect(thief.refusal({ ...recorded, ...changes }, nowMs)).toBe('bad-proof');
    }
    expect(registered(logic, ANN)).toMatchObject({ port: recorded.port, instanceId: runOf(1) });
  });

  test('a stolen connection id is invalid at another address, and not sufficient at its own', () => {
    const logic = tracker();
    const { asker } = register(logic, HOME, ANN);
    const thief = new Asker(logic, NEIGHBOUR, asker.cookie);
    expect(thief.refusal(beatOf(ANN))).toBe('bad-cookie');
    const forger = new Asker(logic, HOME, asker.cookie); // A forged source address.
    expect(forger.ask(beatOf(ANN, { name: 'Eve' }))?.type).toBe('unproven');
    const { peerId, instanceId } = beatOf(ANN);
    expect(forger.refusal({ type: 'leave', peerId, instanceId, token: WRONG })).toBe('wrong-owner');
    expect(registered(logic, ANN)?.beat.name).toBe('peer 1');
  });

  test('answers to relayed queries need the token', () => {
    const logic = tracker();
    const { asker } = register(logic, HOME, ANN);
    expect(asker.ask({ type: 'miss', token: WRONG, relay: 1 })).toBeUndefined();
    expect(asker.ask({ type: 'hit', token: WRONG, relay: 1, files: [] })).toBeUndefined();
    expect(logic.counts).toMatchObject({ forged: 2, late: 0 });
    asker.ask({ type: 'miss', token: NO_TOKEN, relay: 1 }); // Asker fills in the valid one.
    expect(logic.counts).toMatchObject({ forged: 2, late: 1 });
  });

  test('an instance id of more than a day ahead is refused; hours are not', () => {
    const logic = tracker();
    const asker = new Asker(logic, HOME).connect();
    const late = (aheadMs: number) => ({ instanceId: newInstanceId(WALL_MS + aheadMs, 0) });
    expect(asker.refusal(beatOf(ANN, late(INSTANCE_AHEAD_MAX_MS + 1)))).toBe('clock-ahead');
    expect(logic.registry.size).toBe(0);
    asker.expect('alive', signed(asker, ANN, late(INSTANCE_AHEAD_MAX_MS)));
    expect(asker.refusal(beatOf(ANN, late(INSTANCE_AHEAD_MAX_MS * 400)))).toBe('clock-ahead');
  });
});

describe('a flood of proofs', () => {
  const type = (reply: TrackerReply | undefined) => (reply?.type === 'refused' ? reply.reason : reply?.type);

  test('wrong ones use up the budget of their host eight times as fast, and no budget of another host', () => {
    const logic = tracker();
    const thief = new Asker(logic, ELSEWHERE).connect();
    const beat = beatOf(ANN);
    const forged = proven(EVE, thief.cookie, beat, thief.ask(beat));
    const answers = Array.from({ length: 100 }, () => type(thief.ask(forged)));
    expect(answers.filter((answer) => answer === 'bad-proof')).toHaveLength(16);
    expect(answers.at(-1)).toBe('too-many');
    register(logic, HOME, ANN);
    expect(registered(logic, ANN)?.udp).toEqual(HOME);
    // Until the budget recovers.
    expect(type(thief.ask(forged, 1_000))).toBe('bad-proof');
  });

  test('64 peers behind one address start at once, twice', () => {
    const logic = tracker();
    for (const run of [1, 2]) {
      for (let number = 0; number < 64; number++) {
        const from = { host: '10.0.0.1', port: 41_000 + number };
        register(logic, from, keyOf(`peer ${number}`), { instanceId: runOf(run) });
      }
    }
    expect(logic.registry.size).toBe(64);
  });

  test('peers with tokens are served while all proofs are refused', () => {
    const logic = tracker();
    const { asker, token } = register(logic, HOME, ANN);
    let verified = 0;
    const beat = beatOf(ANN);
    for (let host = 0; host < 200; host++) {
      const thief = new Asker(logic, { host: `10.7.${host >> 8}.${host & 255}`, port: 1 }).connect();
      const forged = proven(EVE, thief.cookie, beat, thief.ask(beat));
      for (let count = 0; count < 17; count++) if (type(thief.ask(forged)) === 'bad-proof') verified++;
    }
    expect(verified).toBeLessThanOrEqual(1_500);
    expect(verified).toBeGreaterThan(1_400);
    asker.expect('alive', beatOf(ANN, { token, uploads: 5 }));
  });
});
