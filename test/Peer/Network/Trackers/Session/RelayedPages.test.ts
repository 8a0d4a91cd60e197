import { expect, test } from 'vitest';
import { answerTo } from '../../../../../Peer/Network/Trackers/Session/QueryAnswers.ts';
import { RelayedPages } from '../../../../../Peer/Network/Trackers/Session/RelayedPages.ts';
import type { FileId, PeerId } from '../../../../../Protocol/Ids.ts';
import { encodeRequest, type Hit, type ReplyOf } from '../../../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../../Support/seeds.ts';
import { idOf } from '../TrackerLan.ts';

function hitOf(word: string): Hit {
  return { fileId: idOf(word) as FileId, size: 1, path: word, holderCount: 1, holders: [] };
}

function page(part: ReplyOf<'found'>['part'], ...words: string[]): ReplyOf<'found'> {
  return { type: 'found', total: words.length, next: 0, asked: 2, part, hits: words.map(hitOf) };
}

test('an answer without relayed pages is complete at once', () => {
  expect(new RelayedPages().add(page('whole', 'a'))).toEqual(page('whole', 'a'));
});

test.each(seeds(20))('pages in any order, with duplicates, join to one answer (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const pages = [page('index', 'a'), page('relayed', 'b'), page('relayed', 'c')];
  for (let at = pages.length - 1; at > 0; at--) {
    const other = random.int(0, at);
    [pages[at], pages[other]] = [pages[other] ?? page('index'), pages[at] ?? page('index')];
  }
  const joined = new RelayedPages();
  for (const each of pages) expect(joined.add(each)).toBeUndefined();
  const whole = joined.add(page('last', 'd'));
  if (whole?.type !== 'found') throw new Error('not whole');
  expect(whole.hits.map(({ path }) => path).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(whole).toMatchObject({ total: 4, part: 'whole' });
});

test('a retransmitted index page completes relayed pages', () => {
  const joined = new RelayedPages();
  expect(joined.add(page('relayed', 'b'))).toBeUndefined();
  expect(joined.add(page('last'))).toBeUndefined();
  expect(joined.add(page('whole', 'a'))).toMatchObject({ total: 2, hits: [hitOf('a'), hitOf('b')] });
});

test('relayed holders are added, with the size if the index lacks it', () => {
  const holder = { peerId: idOf('x') as PeerId, name: '', onTrackerHost: false, complete: true };
  const holders = [{ ...holder, address: { host: '10.0.0.1', port: 9_001 } }];
  const located = {
    type: 'located',
    total: 0,
    next: 0,
    asked: 1,
    part: 'index',
    size: 0,
    holders: [],
  } as const;
  const joined = new RelayedPages();
  joined.add(located);
  expect(joined.add({ ...located, total: 1, part: 'last', size: 7, holders })).toEqual({
    ...located,
    part: 'whole',
    total: 1,
    size: 7,
    holders,
  });
});

test('an endless answer does not exhaust memory', () => {
  const joined = new RelayedPages();
  joined.add(page('index'));
  const many = page('relayed', ...Array.from({ length: 32 }, (_, at) => `file ${at}`));
  for (let count = 0; count < 10_000; count++) joined.add(many);
  const whole = joined.add(page('last'));
  expect(whole?.type === 'found' && whole.hits.length).toBeLessThanOrEqual(65_536);
});

test('an answer to a relayed query fits one datagram', () => {
  const token = '0123456789abcdef';
  const query = {
    type: 'query',
    queryToken: '',
    relay: 3,
    question: { words: 'a', fileId: undefined },
  } as const;
  expect(answerTo(query, token, [])).toEqual({ type: 'miss', token, relay: 3 });
  for (const length of [1, 20, 300, 1_000]) {
    const files = Array.from({ length: 50 }, (_, at) => ({
      fileId: idOf(String(at)) as FileId,
      size: at,
      path: 'p'.repeat(length),
      complete: true,
    }));
    const answer = answerTo(query, token, files);
    expect(answer.type).toBe('hit');
    expect(encodeRequest('00'.repeat(8), 1, answer).length).toBeLessThanOrEqual(1_200);
  }
});
