import { expect, test } from 'vitest';
import { Bans } from '../../../../../Peer/Network/Links/Accepting/Bans.ts';
import { BAN_MS } from '../../../../../Protocol/Limits.ts';
import { keyOf } from '../../../../Support/keys.ts';

const { peerId } = keyOf('liar');

test('a ban is of the peer and its host, for an hour', () => {
  const bans = new Bans();
  bans.ban(peerId, '10.0.0.2', 0);
  expect([peerId, '10.0.0.2', '10.0.0.3'].map((who) => bans.has(who, BAN_MS - 1))).toEqual([
    true,
    true,
    false,
  ]);
  expect([peerId, '10.0.0.2'].map((who) => bans.has(who, BAN_MS))).toEqual([false, false]);
});

test.each(['127.0.0.1', '::1'])('a peer on this computer is banned without the others on it (%s)', (host) => {
  const bans = new Bans();
  bans.ban(peerId, host, 0);
  expect([bans.has(peerId, 1), bans.has(host, 1)]).toEqual([true, false]);
});
