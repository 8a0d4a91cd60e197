import { describe, expect, test } from 'vitest';
import { PumpLoop, SLICE_BYTES } from '../../../../Peer/Network/Sendfile/PumpLoop.ts';
import type { PumpJob } from '../../../../Peer/Network/Sendfile/Sendfile.ts';
import { FakeCalls } from './FakeCalls.ts';

const [EINTR, EAGAIN, EIO, EPIPE, ECONNRESET] = [-4, -11, -5, -32, -104];

/** A job, by default of line 1: 3 bytes of header, 10 bytes from position 100 on. */
function job(id: number, options: Partial<PumpJob> = {}): { readonly job: PumpJob } {
  const run = { position: 100, pieces: [10], headers: Uint8Array.of(id, id, id) };
  return { job: { id, line: 1, socket: 10 + id, file: 50 + id, run, ...options } };
}

function made(answers: readonly number[] = []) {
  const calls = new FakeCalls(answers);
  return { calls, loop: new PumpLoop(calls) };
}

test('header and bytes go out in order, then both descriptors are closed and the job ends', () => {
  const { calls, loop } = made();
  loop.take(job(1, { run: { position: 7, pieces: [5, 2], headers: Uint8Array.of(1, 2, 3, 4) } }));
  expect([loop.busy, loop.ready]).toEqual([true, true]);
  loop.round();
  const sent = ['header 11: 1,2', 'file 51->11: 7+5', 'header 11: 3,4', 'file 51->11: 12+2'];
  expect(calls.log).toEqual([...sent, 'close 11', 'close 51']);
  expect(loop.takeEnds()).toEqual([{ id: 1, sent: 7, failure: undefined }]);
  expect([loop.busy, loop.takeEnds()]).toEqual([false, []]);
});

test('a short count is continued at its end, also within a header', () => {
  const { calls, loop } = made([2, 1, 4, 3, 3]);
  loop.take(job(1));
  loop.round();
  expect(calls.log).toEqual([
    'header 11: 1,1,1',
    'header 11: 1',
    'file 51->11: 100+10',
    'file 51->11: 104+6',
    'file 51->11: 107+3',
    'close 11',
    'close 51',
  ]);
  expect(loop.takeEnds()).toEqual([{ id: 1, sent: 10, failure: undefined }]);
});

test('an interrupted call is repeated; a full socket is polled until it is writable', () => {
  const { calls, loop } = made([EINTR, 3, EINTR, 4, EAGAIN]);
  loop.take(job(1));
  loop.round();
  expect([loop.ready, loop.busy, loop.full()]).toEqual([false, true, [{ line: 1, socket: 11 }]]);
  const before = calls.log.length;
  loop.round();
  expect(calls.log).toHaveLength(before);
  loop.writable(1);
  loop.round();
  expect(calls.log.slice(before)).toEqual(['file 51->11: 104+6', 'close 11', 'close 51']);
  expect(loop.takeEnds()).toEqual([{ id: 1, sent: 10, failure: undefined }]);
  expect([loop.full(), loop.busy]).toEqual([[], false]);
});

describe.each([
  ['the connection was reset', ECONNRESET, 104],
  ['nobody reads any more', EPIPE, 32],
  ['the disk fails', EIO, 5],
  ['the file ends early', 0, 'cut short'],
])('%s', (_, answer, failure) => {
  test('the job and those behind it end, and all of their descriptors are closed once', () => {
    const { calls, loop } = made([3, 4, answer]);
    loop.take(job(1));
    loop.take(job(2));
    loop.round();
    expect(loop.takeEnds()).toEqual([
      { id: 1, sent: 4, failure },
      { id: 2, sent: 0, failure },
    ]);
    expect(calls.closed).toEqual([11, 51, 12, 52]);
    expect(loop.busy).toBe(false);
  });

  test('later jobs of the connection are not sent, until it is cancelled', () => {
    const { calls, loop } = made([answer]);
    loop.take(job(1));
    loop.round();
    loop.take(job(2));
    loop.take(job(3, { line: 2 }));
    loop.round();
    expect(loop.takeEnds()).toEqual([
      { id: 1, sent: 0, failure },
      { id: 2, sent: 0, failure: 'cancelled' },
      { id: 3, sent: 10, failure: undefined },
    ]);
    expect(calls.log.filter((line) => line.includes('12'))).toEqual(['close 12']);
    loop.take({ cancel: 1 });
    loop.take(job(4));
    loop.round();
    expect(loop.takeEnds()).toEqual([{ id: 4, sent: 10, failure: undefined }]);
  });
});

test('a cancelled connection sends nothing more; others go on', () => {
  const { calls, loop } = made([3, 4, EAGAIN]);
  loop.take(job(1));
  loop.round();
  loop.take(job(2));
  loop.take(job(3, { line: 2 }));
  loop.take({ cancel: 1 });
  const before = calls.log.length;
  loop.round();
  expect(calls.log.slice(before)).toEqual([
    'header 13: 3,3,3',
    'file 53->13: 100+10',
    'close 13',
    'close 53',
  ]);
  expect(loop.takeEnds()).toEqual([
    { id: 1, sent: 4, failure: 'cancelled' },
    { id: 2, sent: 0, failure: 'cancelled' },
    { id: 3, sent: 10, failure: undefined },
  ]);
  loop.take({ cancel: 9 });
  loop.writable(9);
  expect(loop.busy).toBe(false);
});

test('connections send a slice each in turns; jobs of one connection keep their order', () => {
  const { calls, loop } = made();
  const run = { position: 0, pieces: [2 * SLICE_BYTES], headers: undefined };
  loop.take(job(1, { run }));
  loop.take(job(2));
  loop.take(job(3, { line: 2, run }));
  loop.round();
  expect(calls.sockets()).toEqual([11, 13]);
  expect(loop.ready).toBe(true);
  loop.round();
  loop.round();
  expect(calls.sockets()).toEqual([11, 13, 11, 13, 12, 12]);
  expect(loop.takeEnds().map(({ id }) => id)).toEqual([1, 3, 2]);
});

test('a piece as long as a slice goes out in one call, despite its header', () => {
  const { calls, loop } = made();
  const run = { position: 0, pieces: [SLICE_BYTES, SLICE_BYTES], headers: Uint8Array.of(1, 2) };
  loop.take(job(1, { run }));
  loop.round();
  expect(calls.log).toEqual(['header 11: 1', `file 51->11: 0+${SLICE_BYTES}`]);
  loop.round();
  expect(loop.takeEnds()).toEqual([{ id: 1, sent: 2 * SLICE_BYTES, failure: undefined }]);
});

test('closing ends every job and closes every descriptor', () => {
  const { calls, loop } = made([EAGAIN]);
  for (const id of [1, 2, 3]) loop.take(job(id, { line: id === 3 ? 2 : 1 }));
  loop.round();
  loop.take('close');
  expect(loop.takeEnds().map(({ id }) => id)).toEqual([3, 1, 2]);
  expect(calls.closed.toSorted()).toEqual([11, 12, 13, 51, 52, 53]);
  expect(loop.busy).toBe(false);
});
