import { describe, expect, test } from 'vitest';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { CONTROL_ALPN, LANE_ALPN } from '../../../Protocol/Limits.ts';
import { discoveryToken, isDiscoveryToken, TOKEN_MS } from '../../../Protocol/Private/DiscoveryToken.ts';
import { MEMBER_EXPORTER, memberProof, provesMembership } from '../../../Protocol/Private/MemberProof.ts';
import { networkKeys } from '../../../Protocol/Private/NetworkKeys.ts';

// All golden values were made with Python's hmac and hashlib.
const SECRET = Uint8Array.from({ length: 16 }, (_, index) => index);
const keys = networkKeys(SECRET);
const others = networkKeys(Uint8Array.from({ length: 16 }, (_, index) => index + 1));

test('golden keys', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  expect(hex(keys.member)).toBe('9c12c97051e4304afd1a985fa68fca55e4cb7e37c32db20b8e4beea38947cb8a');
  expect(hex(keys.datagram)).toBe('912d0cacb23faf70576f725b7d1b0473977e37e675131b4551227089b9b7e768');
  expect(hex(keys.discovery)).toBe('4f578f46c0a6f89aec24cc1304caca04402f123088dda428cfe9a026192cf76a');
  expect(keys.id).toBe('9f7dbbd976adc79f');
});

test('names inside TLS', () => {
  expect([CONTROL_ALPN, LANE_ALPN, MEMBER_EXPORTER]).toEqual([
    'shoal/2',
    'shoal-lane/2',
    'EXPORTER-shoal-member',
  ]);
});

describe('membership proof', () => {
  const channel = {
    dialling: '11'.repeat(32) as PeerId,
    accepting: '22'.repeat(32) as PeerId,
    binding: new Uint8Array(32).fill(0x33),
  };
  const proof = memberProof(keys.member, 'dialling', channel);

  test('golden proofs', () => {
    expect(proof.toString('hex')).toBe('ef5402f51d9cfa1ca82508d7b732ab44efbe33e9f1cb6d3a94084c08c011f7aa');
    expect(memberProof(keys.member, 'accepting', channel).toString('hex')).toBe(
      '401d4d2aa4e580efdee3e9c59a5c491bab7fa59ebf59a5a0ba3e176fbc4400dd',
    );
    expect(provesMembership(proof, keys.member, 'dialling', channel)).toBe(true);
  });

  test('a proof holds for its key, side, ids, order of ids and channel only', () => {
    const { dialling, accepting } = channel;
    const other = '44'.repeat(32) as PeerId;
    expect(provesMembership(proof, others.member, 'dialling', channel)).toBe(false);
    expect(provesMembership(proof, keys.member, 'accepting', channel)).toBe(false);
    const strange = [
      { dialling: accepting, accepting: dialling },
      { dialling: other },
      { accepting: other },
      { binding: new Uint8Array(32).fill(0x34) },
    ];
    for (const change of strange)
      expect(provesMembership(proof, keys.member, 'dialling', { ...channel, ...change })).toBe(false);
  });

  test('no altered, shortened or extended proof passes', () => {
    for (let bit = 0; bit < proof.length * 8; bit++) {
      const altered = Buffer.from(proof);
      altered.writeUInt8((altered[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      expect(provesMembership(altered, keys.member, 'dialling', channel)).toBe(false);
    }
    for (const bytes of [proof.subarray(1), Buffer.concat([proof, proof]), Buffer.alloc(0)])
      expect(provesMembership(bytes, keys.member, 'dialling', channel)).toBe(false);
  });
});

describe('discovery token', () => {
  const NOW_MS = 1_700_000_000_000;
  const salt = new Uint8Array(8).fill(0xaa);
  const token = discoveryToken(keys.discovery, salt, NOW_MS);

  test('golden token', () => {
    expect(token).toBe('aaaaaaaaaaaaaaaa89d2d68dffe62a8d');
  });

  test('members recognize it from an hour before to an hour after its own, strangers never', () => {
    const isOurs = (ms: number, key = keys.discovery) => isDiscoveryToken(token, key, ms);
    expect([NOW_MS - TOKEN_MS, NOW_MS, NOW_MS + TOKEN_MS].map((ms) => isOurs(ms))).toEqual([
      true,
      true,
      true,
    ]);
    expect([NOW_MS - 3 * TOKEN_MS, NOW_MS + 3 * TOKEN_MS].map((ms) => isOurs(ms))).toEqual([false, false]);
    expect(isOurs(NOW_MS, others.discovery)).toBe(false);
  });

  test('it changes with the hour', () => {
    expect(discoveryToken(keys.discovery, salt, NOW_MS + TOKEN_MS)).not.toBe(token);
  });

  test.each(['', 'shoal-0011223344556677', 'z'.repeat(32), `${token}00`, token.toUpperCase()])(
    '%j is no token, at any time',
    (text) => {
      for (const nowMs of [NOW_MS, 0, -1, Number.MAX_SAFE_INTEGER])
        expect(isDiscoveryToken(text, keys.discovery, nowMs)).toBe(false);
    },
  );
});
