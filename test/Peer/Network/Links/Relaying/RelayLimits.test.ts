import { expect, test } from 'vitest';
import { TransferLimits } from '../../../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import { RelayClient } from '../../../../../Peer/Network/Links/Relaying/RelayClient.ts';
import { RelayHost } from '../../../../../Peer/Network/Links/Relaying/RelayHost.ts';
import type { RelayPeer } from '../../../../../Peer/Network/Links/Relaying/RelayTypes.ts';
import type { PeerId } from '../../../../../Protocol/Ids.ts';
import { encodeLane } from '../../../../../Protocol/PeerMessages.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { patient, peerIdOf } from '../../links.ts';

/** A linked peer that offers to relay and refuses each request; `asked` counts them. */
function linkedPeer(number: number, asked: () => void = () => {}): RelayPeer {
  const address = { host: `10.0.0.${number}`, port: 9_000 };
  const peerId = peerIdOf(number);
  return {
    contact: { peerId, name: `peer ${number}`, address },
    link: { via: undefined, remote: address },
    dials: {
      relays: true,
      endpoint: { peerId, address, from: undefined },
      requestRelay: async () => {
        asked();
        throw new ShoalError('REFUSED', 'not now');
      },
    },
    send: () => {},
  };
}

function relayHost(summon: (peerId: PeerId) => Promise<RelayPeer>) {
  const clock = new SimulatedClock();
  let token = 0;
  const host = new RelayHost({
    clock,
    bytesPerSecond: 1_000_000,
    limits: new TransferLimits(clock, {}),
    newToken: () => (++token).toString(16).padStart(32, '0'),
    summon,
    misbehaved: () => {},
  });
  return { host, clock };
}

test('64 connections are relayed at once, requests whose other peer is being called included', async () => {
  const { host, clock } = relayHost(async (id) => linkedPeer(Number.parseInt(id, 16)));
  for (let number = 1; number <= 64; number++) await host.grant(linkedPeer(number), peerIdOf(number + 100));
  await expect(host.grant(linkedPeer(99), peerIdOf(98))).rejects.toMatchObject({ code: 'REFUSED' });
  await clock.advanceAsync(11_000);
  await host.grant(linkedPeer(99), peerIdOf(98));

  const silent = relayHost(() => new Promise(() => {}));
  for (let number = 1; number <= 64; number++)
    void silent.host.grant(linkedPeer(number), peerIdOf(number + 100));
  await expect(silent.host.grant(linkedPeer(99), peerIdOf(98))).rejects.toMatchObject({ code: 'REFUSED' });
  host.close();
});

test('a peer takes part in 12 at most, also when others request them', async () => {
  const { host } = relayHost(async (id) => linkedPeer(Number.parseInt(id, 16)));
  for (let number = 1; number <= 12; number++) await host.grant(linkedPeer(number), peerIdOf(99));
  await expect(host.grant(linkedPeer(13), peerIdOf(99))).rejects.toMatchObject({ code: 'REFUSED' });
  await host.grant(linkedPeer(13), peerIdOf(98));
  host.close();
});

test('a half is refused when the peer has too many connections', () => {
  const { host } = relayHost(async (id) => linkedPeer(Number.parseInt(id, 16)));
  let destroyed = 0;
  const stream = { destroy: () => destroyed++ } as unknown as ByteStream;
  host.accept(stream, false, () => {});
  expect(destroyed).toBe(0);
  host.accept(stream, true, () => {});
  expect(destroyed).toBe(1);
});

test('a relayed link is not relayed again, from either side, and no peer is relayed to itself', async () => {
  const via = { relay: linkedPeer(7).contact, address: { host: '10.0.0.7', port: 9_000 } };
  const relayed = (number: number): RelayPeer => ({
    ...linkedPeer(number),
    link: { ...linkedPeer(number).link, via },
  });
  const { host } = relayHost(async (id) => relayed(Number.parseInt(id, 16)));
  await expect(host.grant(relayed(1), peerIdOf(2))).rejects.toMatchObject({ code: 'REFUSED' });
  await expect(host.grant(linkedPeer(1), peerIdOf(1))).rejects.toMatchObject({ code: 'REFUSED' });
  await expect(host.grant(linkedPeer(1), peerIdOf(2))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

/** A connection to the relay, which sends this token at once, and `more` in the same segment. */
function half(host: RelayHost, ip: string, token: string, more = '') {
  const written: Buffer[] = [];
  let isOpen = true;
  const stream: ByteStream = {
    remote: { host: ip, port: 50_000 },
    write: (bytes) => written.push(Buffer.from(bytes)) > 0,
    pause: () => {},
    resume: () => {},
    end: () => stream.destroy(),
    destroy: () => {
      if (isOpen) {
        isOpen = false;
        handler.closed(undefined);
      }
    },
  };
  const { handler, evict } = host.accept(stream, false, () => {});
  handler.drained?.();
  handler.data?.(Buffer.concat([encodeLane({ type: 'token', token }), Buffer.from(more)]));
  return {
    evict,
    say: (text: string) => handler.data?.(Buffer.from(text)),
    isOpen: () => isOpen,
    text: () => Buffer.concat(written).toString(),
  };
}

test('a relayed connection is cut after two minutes without bytes', async () => {
  const sent: string[] = [];
  const { host, clock } = relayHost(async (id) => ({
    ...linkedPeer(Number.parseInt(id, 16)),
    send: ({ token }) => sent.push(token),
  }));
  const own = await host.grant(linkedPeer(1), peerIdOf(2));
  const one = half(host, '10.0.0.1', own, 'hel');
  one.say('lo');
  const other = half(host, '10.0.0.2', sent[0] ?? expect.fail());
  for (let minute = 0; minute < 5; minute++) {
    other.say(`${minute}`);
    await clock.advanceAsync(60_000);
  }
  expect([one.text(), other.text()]).toEqual(['01234', 'hello']);
  expect(host.status).toMatchObject({ connections: 1, bytes: 10 });
  await clock.advanceAsync(50_000);
  expect(one.isOpen()).toBe(true);
  await clock.advanceAsync(60_000);
  expect([one.isOpen(), other.isOpen(), host.status.connections]).toEqual([false, false, 0]);
});

test('a half can be evicted', async () => {
  const { host } = relayHost(async (id) => linkedPeer(Number.parseInt(id, 16)));
  const one = half(host, '10.0.0.1', await host.grant(linkedPeer(1), peerIdOf(2)));
  one.evict();
  expect(one.isOpen()).toBe(false);
});

function relayClient(linked: readonly RelayPeer[], named: readonly RelayPeer[] = []) {
  let opened = 0;
  const clock = new SimulatedClock();
  const client = new RelayClient({
    clock,
    secure: {} as never,
    dials: {
      openRelayed: async () => {
        opened++;
        const stream = { remote: { host: '10.0.0.3', port: 9_003 }, destroy: () => {} };
        return { stream: stream as never, handOver: () => {} };
      },
    },
    linked: () => linked,
    named: async () => named.map(({ contact }) => contact),
    link: async ({ peerId }) => named.find(({ contact }) => contact.peerId === peerId) ?? expect.fail(),
    trusts: () => true,
    openings: () => [],
  });
  return { client, clock, opened: () => opened };
}

test('four relays are tried for one connection, linked ones before those that trackers name', async () => {
  const tried: number[] = [];
  const peers = (numbers: readonly number[]) =>
    numbers.map((number) => linkedPeer(number, () => tried.push(number)));
  const { client } = relayClient(peers([11, 12]), peers([11, 21, 22, 23, 24]));
  await expect(client.connect(peerIdOf(2))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(tried).toEqual([11, 12, 21, 22]);
  client.close();
});

test('32 silent relayed connections are open at once; further ones are not opened', async () => {
  const { client, opened } = relayClient([]);
  const request = { token: '0'.repeat(32), peerId: peerIdOf(1), address: { host: '10.0.0.1', port: 9_001 } };
  // Pending dials count.
  await Promise.all(Array.from({ length: 40 }, () => client.accept(linkedPeer(3), request)));
  await client.accept(linkedPeer(3), request);
  expect(opened()).toBe(32);
  client.close();
});

test('a lane goes through the relay of its link only', async () => {
  const { client, opened } = relayClient([linkedPeer(3)]);
  const lane = client.openLane(peerIdOf(2), peerIdOf(4), { closed: () => {} }, { signal: patient });
  await expect(lane).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(opened()).toBe(0);
});
