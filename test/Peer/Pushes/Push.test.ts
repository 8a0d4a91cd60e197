import { expect, test } from 'vitest';
import { STALL_MS } from '../../../Peer/Pushes/PushRun.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { desk, fileIdOf, MIB, offerOf, patient, peerOf } from './FakePushNetwork.ts';

/** A running push of a file of 3 chunks. @param has - own chunks, by default all */
async function started(has?: readonly number[]) {
  const all = await desk();
  const { pushes, held, network, clock } = all;
  held.set(fileIdOf(1), has === undefined ? 'all' : fieldOf(has));
  const seen: number[][] = [];
  pushes.on('changed', (_, confirmed) => {
    if (confirmed.length > 0) seen.push([...confirmed]);
  });
  const { fileId, size, path } = offerOf(1);
  const push = pushes.send({ fileId, size, path }, peerOf(2));
  await clock.flush();
  const sent = network.sent.at(-1);
  if (sent === undefined) throw new Error('nothing was offered');
  const confirm = (...chunks: number[]) => {
    for (const chunk of chunks) sent.confirmed?.set(chunk);
    sent.events.confirmed();
  };
  const whole = () => {
    sent.confirmed = undefined;
    sent.events.confirmed();
  };
  const status = () => pushes.pushes().find(({ number }) => number === push.number);
  return { ...all, push, sent, seen, confirm, whole, status, ended: pushes.pushed(push.number, patient) };
}

function fieldOf(chunks: readonly number[]): Bitfield {
  const field = new Bitfield(3);
  for (const chunk of chunks) field.set(chunk);
  return field;
}

test('the push of a whole file is done when the receiver reports it in its share', async () => {
  const { sent, confirm, whole, seen, status, ended, push } = await started();
  expect(push.state).toBe('connecting');
  expect(sent.offer).toEqual(offerOf(1));
  expect(status()?.state).toBe('offered');
  sent.events.accepted();
  confirm(2);
  confirm(0, 1);
  confirm();
  expect(status()).toMatchObject({ state: 'sending', confirmed: 3, chunks: 3 });
  whole();
  expect(await ended).toMatchObject({ state: 'done', confirmed: 3 });
  expect(seen).toEqual([[2], [0, 1]]);
  expect(sent.withdrawn).toBe(true);
});

test('the push of a part is done when each of its chunks is confirmed; other chunks do not count', async () => {
  const { sent, confirm, status, ended } = await started([0, 2]);
  expect(sent.offer.chunks).toBe(2);
  sent.events.accepted();
  confirm(1, 2);
  expect(status()).toMatchObject({ state: 'sending', confirmed: 1, chunks: 2, chunkCount: 3 });
  confirm(0);
  expect(await ended).toMatchObject({ state: 'done', confirmed: 2 });
});

test('haveAll confirms all chunks', async () => {
  const { sent, whole, seen, ended } = await started();
  sent.events.accepted();
  whole();
  expect(await ended).toMatchObject({ state: 'done', confirmed: 3 });
  expect(seen).toEqual([[0, 1, 2]]);
});

test.each<[RefusalCode, string]>([
  ['denied', 'REFUSED'],
  ['busy', 'REFUSED'],
  ['failed', 'REFUSED'],
  ['cancelled', 'REFUSED'],
  ['unanswered', 'TIMEOUT'],
])('a push refused as %s fails with %s', async (code, expected) => {
  const { sent, ended } = await started();
  sent.events.refused(code);
  const { state, error } = await ended;
  expect(state).toBe('failed');
  expect(error).toMatchObject({ code: expected, message: expect.stringContaining('peer 2') });
});

test('a push of a file that the receiver has is done', async () => {
  const { sent, ended } = await started();
  sent.events.refused('already-have');
  expect(await ended).toMatchObject({ state: 'already there', error: undefined, confirmed: 0 });
});

test('a receiver that leaves is UNREACHABLE, and the hint says that it keeps its chunks', async () => {
  const { sent, confirm, ended } = await started();
  sent.events.accepted();
  confirm(0);
  sent.events.lost(new ShoalError('CLOSED', 'the connection broke'));
  const { error } = await ended;
  expect(error).toMatchObject({ code: 'UNREACHABLE', hint: expect.stringContaining('receiver keeps') });
});

test('an absent receiver is UNREACHABLE', async () => {
  const { pushes, network, held, clock, news } = await desk();
  network.unreachable = true;
  held.set(fileIdOf(1), 'all');
  pushes.send({ fileId: fileIdOf(1), size: MIB, path: 'x' }, peerOf(1));
  await clock.flush();
  expect(news).toEqual(['ended 1 failed']);
  expect((await pushes.pushed(1, patient)).error?.code).toBe('UNREACHABLE');
});

test('neither bytes nor confirmations for two minutes: TIMEOUT', async () => {
  const { sent, confirm, network, clock, ended, status } = await started();
  sent.events.accepted();
  clock.advance(STALL_MS - 5_000);
  network.serving = [{ peer: peerOf(2), path: 'x', bytes: 1_000, bytesPerSecond: 10 }];
  clock.advance(STALL_MS - 5_000);
  expect(status()?.state).toBe('sending');
  confirm(1);
  clock.advance(STALL_MS - 5_000);
  expect(status()?.state).toBe('sending');
  clock.advance(10_000);
  expect((await ended).error?.code).toBe('TIMEOUT');
});

test('the same file to the same peer is one push; a file without own chunks is an error', async () => {
  const { pushes, network, clock, sent } = await started();
  const { fileId, size, path } = offerOf(1);
  expect(pushes.send({ fileId, size, path }, { ...peerOf(2), peerId: undefined }).number).toBe(1);
  expect(pushes.send({ fileId, size, path }, peerOf(3)).number).toBe(2);
  await clock.flush();
  expect(network.sent).toHaveLength(2);
  sent.events.refused('denied');
  expect(pushes.send({ fileId, size, path }, peerOf(2)).number).toBe(3);
  expect(() => pushes.send({ fileId: fileIdOf(8), size, path }, peerOf(2))).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
});

test('the wait for the end of a push can be aborted, and close ends every push', async () => {
  const { pushes, push, ended } = await started();
  const giveUp = new AbortController();
  const waiting = pushes.pushed(push.number, giveUp.signal);
  giveUp.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(pushes.pushed(77, patient)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await pushes.close();
  await pushes.close();
  expect((await ended).error?.code).toBe('CANCELLED');
});
