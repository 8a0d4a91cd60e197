import { expect, test } from 'vitest';
import { CHUNK_BYTES_MIN, ENDGAME_DUPLICATE_RATIO } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { Desk } from '../Desk.ts';
import { type FakePeer, MIB } from '../FakePeer.ts';

/** Bytes buffered in the sockets between two programs of a busy machine: sent even if the request is cancelled. */
const SOCKET_BYTES = 6 * MIB;

/** A source on a busy machine, whose rate changes all the time. */
function jitter(peer: FakePeer, random: SeededRandom): void {
  const mean = peer.bytesPerSecond;
  const next = () => {
    peer.bytesPerSecond = mean * (0.2 + 1.6 * random.next());
    peer.clock.after(random.int(20, 600), next);
  };
  next();
}

test.each(seeds(100))(
  'equal sources of a busy machine send no more than the file and the allowance for duplicates (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const desk = new Desk(seed);
    const rate = random.int(8e6, 8e7);
    const peers = Array.from({ length: random.int(2, 3) }, () => desk.network.peer(rate));
    for (const peer of peers) {
      peer.socketBytes = SOCKET_BYTES;
      jitter(peer, random);
    }
    const size = random.int(5, 120) * MIB + random.int(0, MIB);
    desk.downloads.add(desk.wish(size, peers));
    expect(await desk.end()).toMatchObject({ state: 'done', bytes: size });
    const sent = peers.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    expect(sent - size).toBeLessThanOrEqual(Math.max(CHUNK_BYTES_MIN, size * ENDGAME_DUPLICATE_RATIO));
    await desk.close();
  },
);
