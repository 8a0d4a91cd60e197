import { expect, test } from 'vitest';
import { openNaming, privateNaming } from '../../../../Peer/Network/Discovery/ServiceNaming.ts';
import { networkKeys } from '../../../../Protocol/Private/NetworkKeys.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { instanceOf, peerIdOf } from '../links.ts';

const SELF = { peerId: peerIdOf(0xabc), instanceId: instanceOf(1), name: 'Anna at the lab', port: 9_001 };
const HOUR_MS = 3_600_000;

function member(seed: number, secret = 1) {
  const random = new SeededRandom(seed);
  const time = { ms: 1_700_000_000_000 };
  const { discovery } = networkKeys(new Uint8Array(16).fill(secret));
  const clock = { wallMs: () => time.ms, randomBytes: (count: number) => random.bytes(count) };
  return { naming: privateNaming(discovery, clock), time };
}

test('a service of the open network shows who it is, and is recognized', () => {
  const { name, txt } = openNaming.nameOf('shoal', SELF);
  expect(name).toBe('shoal-0000000000000000');
  expect(txt).toEqual({ name: SELF.name, id: SELF.peerId });
  expect(openNaming.recognizes('shoal', name)).toBe(true);
});

test('a service of a private network shows nothing of its peer, its network or its computer', () => {
  const service = member(1).naming.nameOf('shoal', SELF);
  expect(service.name).toMatch(/^[0-9a-f]{32}$/);
  expect(service).toEqual({ name: service.name, txt: {}, host: `${service.name}.local` });
});

test('members recognize each other; the open network and other private ones do not', () => {
  const [anna, berta, stranger] = [member(1), member(2), member(3, 2)];
  const { name } = anna.naming.nameOf('shoal-tracker', SELF);
  expect(berta.naming.recognizes('shoal-tracker', name)).toBe(true);
  expect(stranger.naming.recognizes('shoal-tracker', name)).toBe(false);
  expect(openNaming.recognizes('shoal-tracker', name)).toBe(false);
  const open = openNaming.nameOf('shoal-tracker', SELF).name;
  expect(berta.naming.recognizes('shoal-tracker', open)).toBe(false);
});

test('names are renewed every hour, and an old one is worth nothing two hours later', () => {
  const [anna, berta] = [member(1), member(2)];
  expect(anna.naming.renewMs).toBe(HOUR_MS);
  const { name } = anna.naming.nameOf('shoal', SELF);
  anna.time.ms += HOUR_MS;
  berta.time.ms += HOUR_MS;
  expect(anna.naming.nameOf('shoal', SELF).name).not.toBe(name);
  expect(berta.naming.recognizes('shoal', name)).toBe(true); // Clocks differ.
  berta.time.ms += 2 * HOUR_MS;
  expect(berta.naming.recognizes('shoal', name)).toBe(false);
});
