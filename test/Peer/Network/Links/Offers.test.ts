import { expect, test } from 'vitest';
import type { OfferEvents, SentOffer } from '../../../../Peer/Transfer.ts';
import { OFFER_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { type Node, patient, startNode } from '../links.ts';

async function pair() {
  const network = new SimulatedNetwork({ seed: 3, latencyMs: [1, 5] });
  const [sender, receiver] = [await startNode(network, 1), await startNode(network, 2)];
  const close = () => network.settle(Promise.all([sender.links.close(), receiver.links.close()]));
  return { network, sender, receiver, close };
}

/** Offers a file of 3 chunks; `seen` records the answers. */
async function offered(network: SimulatedNetwork, from: Node, to: Node) {
  const { fileId } = from.share.add('film.mkv', Buffer.alloc(3_000_000, 7));
  const seen: string[] = [];
  const sent: { offer: SentOffer | undefined } = { offer: undefined };
  const events: OfferEvents = {
    accepted: () => seen.push('accepted'),
    confirmed: () => seen.push(`confirmed ${sent.offer?.confirmed?.count ?? 'all'}`),
    refused: (code) => seen.push(`refused ${code}`),
    lost: (reason) => seen.push(`lost ${reason.code}`),
  };
  const heard: { requestId: number; path: string }[] = [];
  to.links.on('offered', (peer, requestId, offer) => {
    expect(peer.peerId).toBe(from.contact.peerId);
    expect(offer).toEqual({ fileId, size: 3_000_000, path: 'film.mkv', chunks: 3 });
    heard.push({ requestId, path: offer.path });
  });
  const offer = { fileId, size: 3_000_000, path: 'film.mkv', chunks: 3 };
  sent.offer = await network.settle(from.links.offers.offer(to.contact, offer, 3, events, patient));
  await network.clock.advanceAsync(100);
  const [first] = heard;
  if (first === undefined) throw new Error('no offer arrived');
  return { fileId, seen, sent: sent.offer, heard, requestId: first.requestId };
}

test('an accept, a confirmation for each chunk, and one for the whole file', async () => {
  const { network, sender, receiver, close } = await pair();
  const { fileId, seen, requestId, sent } = await offered(network, sender, receiver);
  const part = receiver.share.add('film.mkv', Buffer.alloc(3_000_000, 7), 'nothing');
  expect(part.fileId).toBe(fileId);
  receiver.links.offers.accept(sender.contact.peerId, requestId, fileId);
  await network.clock.advanceAsync(100);
  receiver.links.announcements.have(fileId, 2);
  await network.clock.advanceAsync(100);
  receiver.links.announcements.have(fileId, 0);
  await network.clock.advanceAsync(100);
  expect(seen).toEqual(['accepted', 'confirmed 0', 'confirmed 1', 'confirmed 2']);
  expect([...(sent.confirmed?.indexes() ?? [])]).toEqual([0, 2]);
  receiver.links.offers.finish(sender.contact.peerId, fileId, undefined);
  await network.clock.advanceAsync(100);
  expect(seen.at(-1)).toBe('confirmed all');
  // There is no event after the end.
  receiver.links.announcements.have(fileId, 1);
  receiver.links.offers.finish(sender.contact.peerId, fileId, 'failed');
  await network.clock.advanceAsync(100);
  expect(seen).toHaveLength(5);
  await close();
});

test('an offer is refused at once, or after it was accepted', async () => {
  const { network, sender, receiver, close } = await pair();
  const first = await offered(network, sender, receiver);
  receiver.links.offers.refuse(sender.contact.peerId, first.requestId, 'already-have');
  await network.clock.advanceAsync(100);
  expect(first.seen).toEqual(['refused already-have']);
  receiver.links.removeAllListeners('offered');
  const second = await offered(network, sender, receiver);
  receiver.links.offers.accept(sender.contact.peerId, second.requestId, second.fileId);
  receiver.links.offers.finish(sender.contact.peerId, second.fileId, 'cancelled');
  await network.clock.advanceAsync(100);
  expect(second.seen).toEqual(['accepted', 'refused cancelled']);
  await close();
});

test('an offer times out, ends with its link, and can be withdrawn', async () => {
  const { network, sender, receiver, close } = await pair();
  const first = await offered(network, sender, receiver);
  await network.clock.advanceAsync(OFFER_TIMEOUT_MS);
  expect(first.seen).toEqual(['lost TIMEOUT']);
  // A late answer belongs to no offer.
  receiver.links.offers.accept(sender.contact.peerId, first.requestId, first.fileId);
  await network.clock.advanceAsync(100);
  expect(first.seen).toHaveLength(1);

  receiver.links.removeAllListeners('offered');
  const withdrawn = await offered(network, sender, receiver);
  receiver.links.removeAllListeners('offered');
  const second = await offered(network, sender, receiver);
  withdrawn.sent.withdraw();
  await network.settle(receiver.links.close());
  await network.clock.advanceAsync(100);
  expect(second.seen).toHaveLength(1);
  expect(second.seen[0]).toMatch(/^lost /);
  expect(withdrawn.seen).toEqual([]);
  await close();
});

test('unexpected confirmations are ignored', async () => {
  const { network, sender, receiver, close } = await pair();
  const { fileId, seen } = await offered(network, sender, receiver);
  sender.links.offers.accept(receiver.contact.peerId, 5, fileId);
  receiver.links.offers.finish(sender.contact.peerId, fileId, undefined);
  receiver.links.offers.refuse(sender.contact.peerId, 0x8000_ffff, 'denied');
  await network.clock.advanceAsync(100);
  expect(seen).toEqual([]);
  expect(sender.links.links()).toHaveLength(1);
  await close();
});
