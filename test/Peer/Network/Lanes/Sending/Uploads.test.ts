import { expect, test } from 'vitest';
import { ServingDesk } from '../../../../../Peer/Network/Lanes/Desk/ServingDesk.ts';
import { TransferLimits } from '../../../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import { LaneTokens } from '../../../../../Peer/Network/Lanes/Sending/LaneTokens.ts';
import { Uploads } from '../../../../../Peer/Network/Lanes/Sending/Uploads.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import { encodeLane, LANE_DATA_HEADER_BYTES } from '../../../../../Protocol/PeerMessages.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { peerIdOf } from '../../links.ts';
import { MemoryShare } from '../../MemoryShare.ts';

/** Lanes over streams that accept everything at once, or nothing. */
function made() {
  const clock = new SimulatedClock();
  const share = new MemoryShare();
  const { up, classOf } = new TransferLimits(clock, {});
  const desk = new ServingDesk({ provider: share, clock, limiter: up, classOf, memory: Buffer.alloc });
  const tokens = new LaneTokens();
  const uploads = new Uploads({
    desk,
    tokens,
    contactOf: () => undefined,
    placed: () => {},
    heldOf: () => 0,
    demand: { asked: () => {}, dropped: () => {}, sent: () => {} },
    served: () => {},
    servedBundle: () => {},
    misbehaved: (_, reason) => expect.fail(String(reason)),
  });
  const lane = (peer: number, reads: 'reads' | 'never reads' = 'reads') => {
    const seen = { writes: [] as number[], destroyed: false };
    const stream = {
      remote: { host: '10.0.0.9', port: 1 },
      write: (bytes: Uint8Array, done?: () => void) => {
        seen.writes.push(bytes.length);
        if (reads === 'reads') done?.();
        return true;
      },
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {
        seen.destroyed = true;
      },
    };
    const token = String(peer).padStart(32, '0');
    tokens.grant(token, peerIdOf(peer), stream.remote.host, clock.nowMs());
    const { handler } = uploads.accept(stream, false, () => {});
    handler.data(encodeLane({ type: 'token', token }));
    const request = (files: readonly FileId[], chunks: readonly number[] = [0]) => {
      const wishes = files.flatMap((fileId) => chunks.map((chunk) => ({ fileId, chunk })));
      handler.data(
        Buffer.concat(wishes.map((wish, index) => encodeLane({ type: 'request', id: index + 1, ...wish }))),
      );
      return clock.flush();
    };
    return { seen, request };
  };
  const files = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, n) => share.add(`${n}`, Buffer.alloc(bytes, n)).fileId);
  return { clock, uploads, tokens, lane, files };
}

test('small files share a write: 64 of them, or 512 KiB', async () => {
  const { lane, files } = made();
  const tiny = lane(1);
  await tiny.request(files(100, 100));
  expect(tiny.seen.writes).toEqual([64, 36].map((count) => count * (LANE_DATA_HEADER_BYTES + 100)));
  const larger = lane(2);
  await larger.request(files(20, 60_000));
  expect(larger.seen.writes).toEqual([8, 8, 4].map((count) => count * (LANE_DATA_HEADER_BYTES + 60_000)));
});

test('lanes that accept nothing pass their slots on after 10 s', async () => {
  const { clock, lane, files } = made();
  const film = files(1, 1_000_000);
  for (let peer = 1; peer <= 10; peer++) await lane(peer, 'never reads').request(film);
  const late = lane(11);
  await late.request(film);
  await clock.advanceAsync(9_000);
  expect(late.seen.writes).toEqual([]);
  await clock.advanceAsync(5_000);
  expect(late.seen.writes.length).toBeGreaterThan(0);
});

test('the end of a link ends the lanes of its peer, and its tokens', () => {
  const { uploads, tokens, lane } = made();
  const [gone, other] = [lane(1), lane(2)];
  for (const peer of [1, 2]) tokens.grant(`token ${peer}`, peerIdOf(peer), '10.0.0.9', 0);
  uploads.drop(peerIdOf(1));
  expect([gone.seen.destroyed, other.seen.destroyed]).toEqual([true, false]);
  const redeemed = ['token 1', 'token 2'].map((token) => tokens.redeem(token, '10.0.0.9', 1));
  expect(redeemed).toEqual([undefined, peerIdOf(2)]);
});
