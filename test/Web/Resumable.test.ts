import { expect, test } from 'vitest';
import { ApiError } from '../../Web/Api/Client.ts';
import { type PartAnswer, sendResumably } from '../../Web/Api/Resumable.ts';

const answer = (status: number, offset?: number): PartAnswer => ({
  status,
  offset,
  error: new ApiError('CODE', `HTTP ${status}`),
});
const lost = () => Promise.reject(new ApiError('UNREACHABLE', 'lost'));

/** Sends with the given answers of a peer, the last one repeated. @returns sent offsets and pauses, in order */
async function play(answers: (() => Promise<PartAnswer>)[], asksFirst = false) {
  const done: string[] = [];
  let at = 0;
  await sendResumably({
    send: (from) => {
      done.push(from === undefined ? 'ask' : `from ${from}`);
      return (answers[at++] ?? answers.at(-1))?.() ?? lost();
    },
    wait: async (ms) => void done.push(`wait ${ms}`),
    asksFirst,
    onTrouble: () => done.push('trouble'),
  });
  return done;
}

test('the owner sends at once, a guest asks first', async () => {
  const whole = async () => answer(201);
  expect(await play([whole])).toEqual(['from 0']);
  expect(await play([async () => answer(308, 0), whole], true)).toEqual(['ask', 'from 0']);
  expect(await play([whole], true)).toEqual(['ask']); // The peer has the file already.
});

test('after a lost connection it asks for the offset, with growing pauses', async () => {
  const done = await play([lost, lost, lost, async () => answer(308, 500), async () => answer(201)]);
  expect(done.filter((step) => step !== 'trouble')).toEqual([
    'from 0',
    'wait 1000',
    'ask',
    'wait 2000',
    'ask',
    'wait 4000',
    'ask',
    'from 500',
  ]);
});

test('a wrong offset is corrected; a busy peer is retried', async () => {
  expect(
    await play([
      async () => answer(409, 7),
      async () => answer(503),
      async () => answer(308, 9),
      async () => answer(201),
    ]),
  ).toEqual(['from 0', 'from 7', 'trouble', 'wait 2000', 'ask', 'from 9']);
});

test('a refusal ends it with its reason', async () => {
  await expect(play([async () => answer(403)], true)).rejects.toThrow('HTTP 403');
  await expect(play([async () => answer(507)])).rejects.toThrow('HTTP 507');
});

test('an upload without progress ends after a bounded number of attempts', async () => {
  await expect(play([lost])).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await expect(play([async () => answer(308, 3)])).rejects.toThrow('HTTP 308');
});

test('cancelled by the user: not tried again', async () => {
  const cancelled = () => Promise.reject(new ApiError('CANCELLED', 'cancelled'));
  await expect(play([cancelled])).rejects.toMatchObject({ code: 'CANCELLED' });
});
