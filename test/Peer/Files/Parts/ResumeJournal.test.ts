import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeRecord, readRecords } from '../../../../Peer/Files/Parts/JournalRecords.ts';
import {
  encodeForgotten,
  encodeJournalStart,
  encodePaused,
  encodeSynced,
  encodeVerified,
  encodeWantedPath,
  readJournal,
} from '../../../../Peer/Files/Parts/ResumeJournal.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../../../Protocol/FileId.ts';
import type { ChunkHash } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

const MIB = 1_024 * 1_024;

function describeFile(chunks: number, random = new SeededRandom(1)) {
  // From 16 GiB on every chunk has 16 MiB.
  const size = chunks * (chunks > 1_024 ? 16 : 1) * MIB - 7;
  const chunkHashes = Array.from({ length: chunks }, () => random.hex(32) as ChunkHash);
  return { fileId: fileIdOf(size, chunkHashes), layout: chunkLayout(size), chunkHashes };
}

const description = describeFile(5);
const start = encodeJournalStart(description, 'films/a film.mkv');

test('a path of more than 1,000 bytes is not written', () => {
  expect(() => encodeWantedPath(description, 'p'.repeat(1_000))).not.toThrow();
  expect(() => encodeWantedPath(description, 'p'.repeat(1_001))).toThrow(RangeError);
});

test('golden bytes of a journal', () => {
  const chunkHashes = [1, 2, 3].map((n) => `${n}`.repeat(64) as ChunkHash);
  const golden = { fileId: fileIdOf(3 * MIB, chunkHashes), layout: chunkLayout(3 * MIB), chunkHashes };
  const journal = Buffer.concat([
    encodeJournalStart(golden, 'a/é.bin'),
    encodeVerified(2),
    encodeVerified(0),
    encodeSynced(2),
    encodePaused(true),
    encodeForgotten(0),
    encodeVerified(1),
  ]);
  const text = readFileSync(new URL('../../../Golden/journal-v1.hex', import.meta.url), 'utf8');
  expect(journal.toString('hex')).toBe(text.replaceAll(/#.*|\s/g, ''));
  expect(readJournal(journal)).toEqual({
    description: golden,
    path: 'a/é.bin',
    attributes: {},
    paused: true,
    durable: [2],
    unsure: [1],
    records: 3,
    bytes: journal.length,
  });
});

test('synced records are durable, later ones are unsure', () => {
  const journal = Buffer.concat([
    start,
    encodeVerified(4),
    encodeVerified(2),
    encodeVerified(3),
    encodeSynced(2),
    encodeVerified(1),
  ]);
  expect(readJournal(journal)).toMatchObject({
    durable: [2, 4],
    unsure: [1, 3],
    records: 4,
    paused: false,
  });
});

test('a chunk that was dropped and received again counts from its new record', () => {
  const again = Buffer.concat([
    start,
    encodeVerified(2),
    encodeSynced(1),
    encodeForgotten(2),
    encodeVerified(2),
  ]);
  expect(readJournal(again)).toMatchObject({ durable: [], unsure: [2], records: 2 });
  expect(readJournal(Buffer.concat([again, encodeSynced(2)]))).toMatchObject({ durable: [2], unsure: [] });
});

test('the last record of a wanted path, a pause or a resume counts', () => {
  const journal = Buffer.concat([
    start,
    encodePaused(true),
    encodeWantedPath(description, 'b'),
    encodePaused(false),
  ]);
  expect(readJournal(journal)).toMatchObject({ path: 'b', paused: false });
});

test('a list of many chunks takes several records', () => {
  const large = describeFile(4_096);
  const read = readJournal(encodeJournalStart(large, 'x'));
  expect(read?.description).toEqual(large);
  const records = (chunks: number) => [...readRecords(encodeJournalStart(describeFile(chunks), 'x'), 8)];
  expect([2_000, 2_001].map((chunks) => records(chunks).length)).toEqual([2, 3]);
});

test('records of an unknown kind or of chunks beyond the file are skipped', () => {
  const journal = Buffer.concat([
    start,
    encodeRecord(99, Buffer.from('later')),
    encodeVerified(7),
    encodeVerified(0),
  ]);
  expect(readJournal(journal)).toMatchObject({ unsure: [0], bytes: journal.length });
});

test.each(seeds(20))('cut at every byte: a beginning of the history, nothing else (seed %i)', (seed) => {
  const { journal, states } = randomJournal(new SeededRandom(seed));
  for (let cut = 0; cut <= journal.length; cut++) {
    const read = readJournal(journal.subarray(0, cut));
    const expected = cut < start.length ? undefined : states.findLast((state) => state.endsAt <= cut)?.read;
    expect(read, `cut at ${cut}`).toEqual(expected);
  }
});

test.each(seeds(20))(
  'with any flipped bit the journal is read up to there, or not at all (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const { journal, states } = randomJournal(random);
    for (let round = 0; round < 40; round++) {
      const damaged = Buffer.from(journal);
      const at = random.int(0, damaged.length - 1);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.int(0, 7));
      const read = readJournal(damaged);
      const possible = states.filter((state) => state.endsAt <= at).map((state) => state.read);
      if (read !== undefined) expect(possible).toContainEqual(read);
      else expect(at).toBeLessThan(start.length);
    }
  },
);

test('random bytes are rejected', () => {
  const random = new SeededRandom(9);
  for (let round = 0; round < 500; round++)
    expect(readJournal(random.bytes(random.int(0, 400)))).toBeUndefined();
});

test('a journal whose chunk list does not match its FileId is rejected', () => {
  const other = describeFile(5, new SeededRandom(2));
  expect(
    readJournal(encodeJournalStart({ ...description, chunkHashes: other.chunkHashes }, 'x')),
  ).toBeUndefined();
});

/** A journal of random records, with the expected state after each. */
function randomJournal(random: SeededRandom) {
  let journal = start;
  let records = 0;
  const states = [{ endsAt: journal.length, read: readJournal(journal) }];
  for (let count = random.int(1, 20); count > 0; count--) {
    const kind = random.int(0, 5);
    if (kind <= 2) {
      records++;
      journal = Buffer.concat([journal, encodeVerified(random.int(0, 4))]);
    } else if (kind === 3) journal = Buffer.concat([journal, encodeSynced(random.int(0, records))]);
    else if (kind === 4) journal = Buffer.concat([journal, encodeForgotten(random.int(0, 4))]);
    else journal = Buffer.concat([journal, encodePaused(random.chance(0.5))]);
    states.push({ endsAt: journal.length, read: readJournal(journal) });
  }
  return { journal, states };
}
