import { describe, expect, test } from 'vitest';
import { type AcceptPolicy, decideConsent } from '../../../Peer/Pushes/Consent.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { OFFER_WAIT_MS } from '../../../Protocol/Limits.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { desk, fileIdOf, MIB, offerOf, peerOf } from './FakePushNetwork.ts';

test.each<[AcceptPolicy, string, string]>([
  ['all', 'accept', 'accept'],
  ['known', 'refuse', 'accept'],
  ['ask', 'ask', 'accept'],
  ['none', 'refuse', 'refuse'],
])('--accept %s: a stranger gets %s, a trusted peer %s', (policy, stranger, trusted) => {
  expect(decideConsent(policy, false)).toBe(stranger);
  expect(decideConsent(policy, true)).toBe(trusted);
});

test('the user is asked; accept starts the push, and the sender gets its result', async () => {
  const { pushes, network, news } = await desk();
  pushes.receiveOffer(peerOf(1), 7, offerOf(1));
  expect(pushes.offers()).toMatchObject([{ number: 1, path: 'file 1.bin', chunks: 3 }]);
  expect(network.takeTold()).toEqual([]);
  await pushes.accept(1, false);
  expect(network.takeTold()).toEqual(['accept 1 7']);
  expect(news).toEqual(['asked 1 file 1.bin', 'accepted file 1.bin of peer 1']);
  expect(pushes.offers()).toEqual([]);
  pushes.downloadEnded(fileIdOf(9), undefined);
  pushes.downloadEnded(fileIdOf(1), undefined);
  pushes.downloadEnded(fileIdOf(1), 'failed');
  expect(network.takeTold()).toEqual(['finish 1 whole']);
});

test('reject refuses an offer; a number without a pending offer is an error', async () => {
  const { pushes, network } = await desk();
  pushes.receiveOffer(peerOf(1), 7, offerOf(1));
  expect(pushes.reject(1).path).toBe('file 1.bin');
  expect(network.takeTold()).toEqual(['refuse 1 7 denied']);
  expect(() => pushes.reject(1)).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND', hint: expect.anything() }),
  );
  await expect(pushes.accept(1, false)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an offered file of the own share is done under any policy; an impossible one is refused', async () => {
  const { pushes, network, held } = await desk({ policy: 'none' });
  held.set(fileIdOf(1), 'all');
  held.set(fileIdOf(2), new Bitfield(3));
  pushes.receiveOffer(peerOf(1), 1, offerOf(1));
  pushes.receiveOffer(peerOf(1), 2, offerOf(2));
  pushes.receiveOffer(peerOf(1), 3, offerOf(3, 3 * MIB, 4));
  pushes.receiveOffer(peerOf(1), 4, offerOf(4, Number.MAX_SAFE_INTEGER, 1));
  pushes.receiveOffer(peerOf(1), 5, offerOf(5, 3 * MIB, 0));
  pushes.receiveOffer(peerOf(1), 6, { ...offerOf(6), path: '' });
  const codes = network.takeTold().map((line) => line.split(' ').at(-1));
  expect(codes).toEqual(['already-have', 'denied', 'failed', 'failed', 'failed', 'failed']);
});

test('an offer is pending for two minutes', async () => {
  const { pushes, network, news, clock } = await desk();
  pushes.receiveOffer(peerOf(1), 7, offerOf(1));
  clock.advance(OFFER_WAIT_MS - 1_000);
  // Repeated on a new link: the same number, no second question, the same deadline.
  pushes.receiveOffer(peerOf(1), 8, offerOf(1));
  expect(news).toEqual(['asked 1 file 1.bin']);
  expect(network.takeTold()).toEqual([]);
  clock.advance(2_000);
  expect(network.takeTold()).toEqual(['refuse 1 8 unanswered']);
  expect(news).toEqual(['asked 1 file 1.bin', 'expired 1']);
});

test('one peer has at most 4 pending offers, all peers 64', async () => {
  const { pushes, network } = await desk();
  for (let number = 1; number <= 6; number++) pushes.receiveOffer(peerOf(1), number, offerOf(number));
  expect(network.takeTold()).toEqual(['refuse 1 5 busy', 'refuse 1 6 busy']);
  for (let peer = 2; peer <= 70; peer++) pushes.receiveOffer(peerOf(peer), 1, offerOf(1));
  expect(pushes.offers()).toHaveLength(64);
  expect(network.takeTold()).toHaveLength(9);
  pushes.peerLeft(peerOf(1).peerId);
  expect(pushes.offers()).toHaveLength(60);
});

test('with --accept all one peer has at most 64 running pushes; a repeated offer is not a new one', async () => {
  const { pushes, network, news } = await desk({ policy: 'all' });
  for (let number = 1; number <= 70; number++) pushes.receiveOffer(peerOf(1), number, offerOf(number));
  const told = network.takeTold();
  expect(told.filter((line) => line.startsWith('accept'))).toHaveLength(64);
  expect(told.filter((line) => line.endsWith('busy'))).toHaveLength(6);
  pushes.receiveOffer(peerOf(1), 99, offerOf(3));
  expect(network.takeTold()).toEqual(['accept 1 99']);
  expect(news).toHaveLength(65);
  pushes.downloadEnded(fileIdOf(3), undefined);
  pushes.receiveOffer(peerOf(1), 100, offerOf(70));
  expect(network.takeTold()).toEqual(['finish 1 whole', 'accept 1 100']);
});

test('with --always the other offers of that peer are accepted, and those of later runs', async () => {
  const { pushes, network, store } = await desk();
  pushes.receiveOffer(peerOf(1), 1, offerOf(1));
  pushes.receiveOffer(peerOf(1), 2, offerOf(2));
  pushes.receiveOffer(peerOf(2), 3, offerOf(3));
  await pushes.accept(1, true);
  expect(network.takeTold()).toEqual(['accept 1 1', 'accept 1 2']);
  expect(store.peers).toEqual([peerOf(1).peerId]);
  pushes.receiveOffer(peerOf(1), 4, offerOf(4));
  expect(network.takeTold()).toEqual(['accept 1 4']);
  await pushes.close();

  const later = await desk({
    policy: 'known',
    trusted: { load: async () => store.peers, save: async () => {} },
  });
  later.pushes.receiveOffer(peerOf(1), 1, offerOf(1));
  later.pushes.receiveOffer(peerOf(2), 2, offerOf(2));
  expect(later.network.takeTold()).toEqual(['accept 1 1', 'refuse 2 2 denied']);
});

test('trust that cannot be stored is reported, and holds in this run', async () => {
  const save = async () => {
    throw new Error('read-only');
  };
  const { pushes, network } = await desk({ trusted: { load: async () => [], save } });
  pushes.receiveOffer(peerOf(1), 1, offerOf(1));
  await expect(pushes.accept(1, true)).rejects.toBeInstanceOf(ShoalError);
  pushes.receiveOffer(peerOf(1), 2, offerOf(2));
  expect(network.takeTold()).toEqual(['accept 1 1', 'accept 1 2']);
  await pushes.close();
  pushes.receiveOffer(peerOf(1), 3, offerOf(3));
  expect(network.takeTold()).toEqual(['refuse 1 3 failed']);
});

describe('files of clients without a peer id', () => {
  const client = { peerId: undefined, name: '10.0.0.7', address: { host: '10.0.0.7', port: 50_000 } };
  const dropOf = (path: string) => ({ fileId: undefined, path, size: 5, chunks: 1 });
  const patient = new AbortController().signal;

  test.each<[AcceptPolicy, boolean, string]>([
    ['all', true, 'taken'],
    ['known', false, 'REFUSED'],
    ['none', false, 'REFUSED'],
  ])('--accept %s', async (policy, takes, expected) => {
    const { pushes } = await desk({ policy });
    expect(pushes.takesStrangers).toBe(takes);
    const outcome = pushes.consent(client, dropOf('a'), patient).then(
      () => 'taken',
      ({ code }: ShoalError) => code,
    );
    expect(await outcome).toBe(expected);
    expect(pushes.offers()).toEqual([]);
  });

  test('the user is asked, as for a push', async () => {
    const { pushes, news, network } = await desk();
    const outcomes: string[] = [];
    for (const path of ['a', 'b', 'c']) {
      const answered = pushes.consent(client, dropOf(path), patient);
      void answered.then(
        () => outcomes.push(`${path} taken`),
        ({ code }: ShoalError) => outcomes.push(`${path} ${code}`),
      );
    }
    expect(pushes.takesStrangers).toBe(true);
    expect(pushes.offers()).toMatchObject([{ number: 1, path: 'a', peer: client }, {}, {}]);
    await pushes.accept(1, false);
    pushes.reject(2);
    await new Promise(setImmediate);
    expect(outcomes).toEqual(['a taken', 'b REFUSED']);
    expect(news).toEqual(['asked 1 a', 'asked 2 b', 'asked 3 c']);
    expect(network.takeTold()).toEqual([]);
  });

  test('an offer times out without an answer, and ends with its client', async () => {
    const { pushes, clock, news } = await desk();
    const outcome = expect(pushes.consent(client, dropOf('a'), patient)).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const gone = new AbortController();
    const left = expect(pushes.consent(client, dropOf('b'), gone.signal)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    gone.abort();
    await left;
    expect(pushes.offers()).toHaveLength(1);
    await clock.advanceAsync(OFFER_WAIT_MS + 1_000);
    await outcome;
    expect(news).toEqual(['asked 1 a', 'asked 2 b', 'expired 1']);
  });

  test('a browser cannot be trusted permanently: it has no proven id', async () => {
    const { pushes, store } = await desk();
    const taken = pushes.consent(client, dropOf('a'), patient);
    await expect(pushes.accept(1, true)).rejects.toMatchObject({ code: 'USAGE' });
    expect(pushes.offers()).toHaveLength(1);
    await pushes.accept(1, false);
    await taken;
    expect(store.peers).toEqual([]);
  });

  test('one host has 4 pending offers', async () => {
    const { pushes } = await desk();
    for (let n = 0; n < 4; n++) void pushes.consent(client, dropOf(`${n}`), patient).catch(() => {});
    await expect(pushes.consent(client, dropOf('5'), patient)).rejects.toMatchObject({ code: 'BUSY' });
    const other = { ...client, address: { host: '10.0.0.8', port: 1 } };
    void pushes.consent(other, dropOf('5'), patient).catch(() => {});
    expect(pushes.offers()).toHaveLength(5);
  });
});
