import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { answerUnread } from '../../../../Peer/Web/Drop/UnreadBody.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

/** A request whose body is still sent, and its answer. */
function refused() {
  const clock = new SimulatedClock();
  const body = new Readable({ read: () => {} });
  const answer: string[] = [];
  const outgoing = { write: (text: string) => answer.push(text), end: () => answer.push('end') };
  void answerUnread(body as IncomingMessage, outgoing as unknown as ServerResponse, 'no', clock);
  return { clock, body, answer };
}

test('the rest of a refused body is awaited for 2 s', async () => {
  const { clock, body, answer } = refused();
  body.push(Buffer.alloc(1_000));
  await clock.advanceAsync(1_999);
  expect(answer).toEqual(['no']);
  await clock.advanceAsync(1);
  expect(answer).toEqual(['no', 'end']);
});

test('at most 1 MiB of a refused body is received', async () => {
  const { clock, body, answer } = refused();
  body.push(Buffer.alloc(1_048_576));
  await clock.advanceAsync(1);
  expect(answer).toEqual(['no']);
  body.push(Buffer.alloc(1));
  await clock.advanceAsync(1);
  expect(answer).toEqual(['no', 'end']);
});

test('a body that ends needs no further wait', async () => {
  const { clock, body, answer } = refused();
  body.push(null);
  await clock.advanceAsync(1);
  expect(answer).toEqual(['no', 'end']);
});
