import { expect, test } from 'vitest';
import type { PeerSummary } from '../../../Peer/Model.ts';
import { PeerFinder } from '../../../Peer/UseCases/PeerFinder.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

const SELF = { peerId: 'ab'.repeat(32) as PeerId, name: 'anna', port: 9_001 };

function peer(name: string, host: string, id: string): PeerSummary {
  const peerId = id.padEnd(64, '0') as PeerId;
  return { peerId, name, address: { host, port: 9_001 }, files: 0, bytes: 0, linked: false };
}

const PEERS = [
  peer('bert', '10.0.0.2', 'c0ffee'),
  peer('Bert', '10.0.0.3', 'beef'),
  peer('10.0.0.2', '10.0.0.4', 'face'),
];

/** @param peers - the answer of the trackers; an error: none answers */
function finder(peers: readonly PeerSummary[] | ShoalError = PEERS): PeerFinder {
  const answer = async () => {
    if (peers instanceof ShoalError) throw peers;
    return { peers };
  };
  const resolve = async ({ host, port }: Address) => ({ host: host === 'nas' ? '10.0.0.3' : host, port });
  return new PeerFinder({ self: SELF, network: { queries: { peers: answer }, resolve } as never });
}

const find = (text: string, peers?: readonly PeerSummary[] | ShoalError) =>
  finder(peers).find(text, new AbortController().signal);

test.each([
  ['10.0.0.3:9001', 'beef'],
  ['10.0.0.3  9001', 'beef'],
  [' bert ', 'c0ffee'],
  ['Bert', 'beef'],
  ['10.0.0.2', 'face'], // A name comes before an address without a port.
  ['10.0.0.3', 'beef'],
  ['c0ff', 'c0ffee'],
  ['nas:9001', 'beef'],
])('%j is the peer %s', async (text, id) => {
  expect((await find(text)).peerId).toBe(id.padEnd(64, '0'));
});

test('an unknown address is a peer without an id, also when no tracker answers', async () => {
  const address = { host: '10.0.0.9', port: 9_001 };
  expect(await find('10.0.0.9:9001')).toEqual({ peerId: undefined, name: '', address });
  const silent = new ShoalError('NO_TRACKER', 'none');
  expect(await find('10.0.0.9 9001', silent)).toMatchObject({ address });
  await expect(find('bert', silent)).rejects.toBe(silent);
});

test.each([
  ['BERT', 'AMBIGUOUS', /could be 2 peers/],
  ['nobody', 'NOT_FOUND', /no peer is called/],
  ['7H4K-2QXR-M3PA', 'NOT_FOUND', /mistyped/],
  ['anna', 'LOCAL_CONFLICT', /this peer itself/],
  ['127.0.0.1 9001', 'LOCAL_CONFLICT', /this peer itself/],
])('%s: %s', async (text, code, message) => {
  await expect(find(text)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('this peer is known by its name, id prefix and loopback address', async () => {
  for (const text of ['anna', 'Anna', 'abab', '127.0.0.1:9001', '[::1]:9001'])
    expect(finder().isSelf(text)).toBe(true);
  for (const text of ['bert', '127.0.0.1:9002', '10.0.0.1:9001', 'ab'])
    expect(finder().isSelf(text)).toBe(false);
  expect(await finder().candidates('abab', new AbortController().signal)).toEqual([]);
});
