import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { BODY_BYTES_MAX, readJson } from '../../../../Peer/Web/Api/Body.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

test('a body that takes longer than 10 s ends its connection', async () => {
  const clock = new SimulatedClock();
  const body = new Readable({ read: () => {} });
  const reading = readJson(body, clock).catch(() => 'ended');
  body.push('{"a":');
  await clock.advanceAsync(9_999);
  expect(body.destroyed).toBe(false);
  await clock.advanceAsync(1);
  expect(body.destroyed).toBe(true);
  expect(await reading).toBe('ended');
});

test('a body is JSON of 64 KiB at most; the rest of a longer one is not read', async () => {
  const clock = new SimulatedClock();
  expect(await readJson(Readable.from([Buffer.from('{"a"'), Buffer.from(':1}')]), clock)).toEqual({ a: 1 });
  expect(await readJson(Readable.from([Buffer.from('nonsense')]), clock)).toBeUndefined();
  const long = Readable.from([Buffer.alloc(BODY_BYTES_MAX), Buffer.alloc(1), Buffer.alloc(1)]);
  await expect(readJson(long, clock)).rejects.toThrow(RangeError);
  expect(long.destroyed).toBe(false);
});
