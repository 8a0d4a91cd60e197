import { expect, test } from 'vitest';
import { hitsOf, validFiles } from '../../../../Peer/Network/Known/PeerAnswers.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { FILE_BYTES_MAX, SEARCH_HITS_PER_PEER_MAX } from '../../../../Protocol/Limits.ts';
import { idOf } from '../Trackers/TrackerLan.ts';

const fileId = idOf('film') as FileId;
const film = { fileId, size: 7, path: 'film.mkv', complete: true };

test('a peer cannot add files that were not queried or cannot exist', () => {
  const byWords = { words: 'film', fileId: undefined };
  expect(validFiles(byWords, [film, { ...film, path: 'song.flac' }])).toEqual([film]);
  expect(validFiles(byWords, [{ ...film, size: FILE_BYTES_MAX + 1 }])).toEqual([]);
  const byId = { words: '', fileId };
  expect(validFiles(byId, [{ ...film, path: '' }])).toEqual([]);
  expect(validFiles(byId, [{ ...film, fileId: idOf('other') as FileId }])).toEqual([]);
});

test('a peer gets at most its share of the hits', () => {
  const many = Array.from({ length: SEARCH_HITS_PER_PEER_MAX + 50 }, (_, index) => ({
    ...film,
    fileId: idOf(`film ${index}`) as FileId,
  }));
  expect(validFiles({ words: 'film', fileId: undefined }, many)).toHaveLength(SEARCH_HITS_PER_PEER_MAX);
});

test('a hit has the attributes of the earliest file of its name', () => {
  const answer = (name: string, path: string, modifiedMs: number) => ({
    peer: { peerId: idOf(name) as PeerId, name, address: { host: '10.0.0.2', port: 9_001 } },
    files: [{ ...film, path, modifiedMs }],
  });
  const { hits } = hitsOf('film', [
    answer('Ann', 'film.mkv', 50),
    answer('Ben', 'film.mkv', 30),
    answer('Cid', 'an older film.mkv', 10),
  ]);
  expect(hits).toMatchObject([{ path: 'film.mkv', modifiedMs: 30 }]);
});
