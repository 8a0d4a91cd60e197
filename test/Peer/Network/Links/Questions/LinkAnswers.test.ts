import { expect, test } from 'vitest';
import {
  LinkAnswers,
  type LinkAnswersOptions,
} from '../../../../../Peer/Network/Links/Questions/LinkAnswers.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import { SEARCH_HITS_PER_PEER_MAX } from '../../../../../Protocol/Limits.ts';
import type { ControlMessage } from '../../../../../Protocol/PeerMessages.ts';
import { MemoryShare } from '../../MemoryShare.ts';

const FILE = '1'.repeat(64) as FileId;

function desk(change: Partial<LinkAnswersOptions> = {}) {
  const sent: ControlMessage[] = [];
  const provider = new MemoryShare();
  const answers = new LinkAnswers({
    provider,
    send: (message) => sent.push(message),
    writable: async () => {},
    matching: () => [],
    ...change,
  });
  return { sent, provider, answers };
}

test('64 questions of a peer that does not read are pending, further ones are refused as busy', () => {
  const { sent, answers } = desk({ writable: () => new Promise(() => {}) });
  for (let requestId = 0; requestId < 70; requestId++)
    answers.ask({ type: 'list', requestId, folder: '', cursor: 0 });
  // One more is being answered.
  expect(sent.map((message) => 'requestId' in message && message.requestId)).toEqual([65, 66, 67, 68, 69]);
});

test('a list page has 1,000 files at most, and fits into a frame', async () => {
  const { sent, provider, answers } = desk();
  const file = (path: string) => ({ path, size: 1, modifiedMs: 0, fileId: FILE });
  provider.list = () => Array.from({ length: 1_100 }, (_, index) => file(`${index}`));
  answers.ask({ type: 'list', requestId: 1, folder: '', cursor: 0 });
  answers.ask({ type: 'list', requestId: 2, folder: '', cursor: 1_000 });
  await new Promise(setImmediate);
  const pages = sent.map((message) => message.type === 'listPage' && [message.files.length, message.next]);
  expect(pages).toEqual([
    [1_000, 1_000],
    [100, 0],
  ]);
});

test('the answer to a search is cut at the limits of the protocol', async () => {
  const hit = { fileId: FILE, size: 1, path: 'film', complete: true };
  const { sent, answers } = desk({ matching: () => Array.from({ length: 1_000 }, () => hit) });
  answers.ask({ type: 'query', requestId: 1, question: { words: 'film', fileId: undefined } });
  await new Promise(setImmediate);
  expect(sent[0]).toMatchObject({ type: 'hits' });
  expect(sent[0]?.type === 'hits' && sent[0].files).toHaveLength(SEARCH_HITS_PER_PEER_MAX);
});
