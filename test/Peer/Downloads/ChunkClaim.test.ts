import { expect, test } from 'vitest';
import { ChunkClaim } from '../../../Peer/Downloads/ChunkClaim.ts';
import type { ChunkWriter } from '../../../Peer/Downloads/Wanted.ts';
import { SeededRandom } from '../../Support/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';

const PIECES = 3;
const RIGHT = Uint8Array.of(0);
const WRONG = Uint8Array.of(1);

/** A place on disk whose writes land in any order, some turns later. */
class Place {
  readonly bytes = new Uint8Array(PIECES).fill(9);
  verified = false;
  #live = 0;
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  open = (): ChunkWriter => {
    expect(this.#live++).toBe(0);
    let at = 0;
    let right = true;
    return {
      write: async (piece) => {
        const place = at++;
        right &&= piece[0] === 0;
        for (let turns = this.#random.int(0, 5); turns > 0; turns--) await Promise.resolve();
        expect(this.verified).toBe(false);
        this.bytes[place] = piece[0] ?? 9;
      },
      finish: async () => {
        this.#live--;
        this.verified = right && at === PIECES;
        return this.verified;
      },
      abandon: () => void this.#live--,
    };
  };
}

/** A source that sends its pieces, or gives up half-way. */
async function send(
  writer: ChunkWriter,
  piece: Uint8Array,
  random: SeededRandom,
  pieces: number,
): Promise<boolean> {
  for (let sent = 0; sent < pieces; sent++) {
    for (let turns = random.int(0, 12); turns > 0; turns--) await Promise.resolve();
    await writer.write(piece);
  }
  if (pieces === PIECES) return writer.finish();
  writer.abandon();
  return false;
}

test.each(seeds(100))(
  'two copies, one wrong: what is verified stays right on disk (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const place = new Place(random);
    const claim = new ChunkClaim(place.open);
    let right = false;
    while (!right) {
      const copies = [RIGHT, WRONG].map(async (piece) => {
        const pieces = random.chance(0.3) ? random.int(0, PIECES - 1) : PIECES;
        const writer = claim.writer(() => {});
        const verified = await send(writer, piece, random, pieces);
        if (verified && piece === WRONG) expect(place.verified).toBe(true);
        return verified;
      });
      right = (await Promise.all(copies)).includes(true);
    }
    await claim.settled;
    expect(place.verified).toBe(true);
    expect([...place.bytes]).toEqual([0, 0, 0]);
  },
);

test('a writer that was overtaken says so: its outcome blames nobody', async () => {
  const place = new Place(new SeededRandom(1));
  const claim = new ChunkClaim(place.open);
  const slow = claim.writer(() => {});
  const fast = claim.writer(() => {});
  await slow.write(WRONG);
  for (let piece = 0; piece < PIECES; piece++) await fast.write(RIGHT);
  expect(await fast.finish()).toBe(true);
  expect(slow.overtaken).toBe(true);
  await slow.write(WRONG);
  expect(await slow.finish()).toBe(false);
  expect([...place.bytes]).toEqual([0, 0, 0]);
});

test('every piece is told, written or held', async () => {
  const claim = new ChunkClaim(new Place(new SeededRandom(1)).open);
  let arrived = 0;
  const count = (bytes: number) => {
    arrived += bytes;
  };
  const [one, other] = [claim.writer(count), claim.writer(count)];
  await one.write(RIGHT);
  await other.write(RIGHT);
  expect(arrived).toBe(2);
});
