import { expect, test } from 'vitest';
import { laneOpener } from '../../../../../Peer/Network/Lanes/Receiving/OpenLane.ts';
import { encodeLane, encodePreamble } from '../../../../../Protocol/PeerMessages.ts';
import { onAbort } from '../../../../../Shared/Async/OnAbort.ts';
import type { ByteStream, ReadTarget } from '../../../../../Shared/Network/Transport.ts';
import { type ErrorCode, ShoalError } from '../../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

type End = 'opens' | 'never' | ErrorCode;

/** Opens lanes to a peer. The test decides how our dial ends, and that of the peer; undefined: it dials no lanes. */
function opener(ours: End, theirs?: End, isUndialable = false) {
  const clock = new SimulatedClock();
  const ends = { ours, theirs };
  const log: string[] = [];
  const written: Buffer[] = [];
  const stream = { write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)) } as unknown as ByteStream;
  const end = (how: End | undefined, signal: AbortSignal): Promise<ByteStream> =>
    new Promise((resolve, reject) => {
      if (how === 'opens') resolve(stream);
      else if (how !== 'never') reject(new ShoalError(how ?? 'UNREACHABLE', 'x'));
      onAbort(signal, () => reject(new ShoalError('CANCELLED', 'x')));
      if (signal.aborted) reject(new ShoalError('CANCELLED', 'x'));
    });
  const open = laneOpener({
    enter: async () => ({ address: { host: '10.0.0.1', port: 9_001 }, token: 'a'.repeat(32) }),
    dial: (_address, _handler, { signal } = {}) => {
      log.push('dial');
      return end(ends.ours, signal as AbortSignal);
    },
    clock,
    requestBack: () =>
      ends.theirs === undefined
        ? undefined
        : (_handler, _into, signal) => {
            log.push('request');
            return end(ends.theirs, signal);
          },
    isUndialable: () => isUndialable,
    opened: (way) => log.push(way),
  });
  const stop = new AbortController();
  const lane = () => open({ closed: () => {}, drained: () => {} }, {} as ReadTarget, stop.signal);
  return { clock, ends, log, written, stop, lane, code: () => lane().catch(({ code }) => code) };
}

test('our dial is first and shows its token; the way that worked last is the first of the next lane', async () => {
  const { ends, log, written, lane } = opener('opens', 'opens');
  await lane();
  expect(written).toEqual([
    Buffer.concat([encodePreamble('lane'), encodeLane({ type: 'token', token: 'a'.repeat(32) })]),
  ]);
  ends.ours = 'UNREACHABLE';
  await lane();
  await lane();
  ends.theirs = 'TIMEOUT';
  ends.ours = 'opens';
  await lane();
  await lane();
  expect(log.join(', ')).toBe(
    'dial, by us, dial, request, by them, request, by them, request, dial, by us, dial, by us',
  );
});

test('a peer that can hardly be dialled is asked first', async () => {
  const { log, lane } = opener('opens', 'opens', true);
  await lane();
  expect(log).toEqual(['request', 'by them']);
});

test('while the peer could dial instead, our dial has 2 s; otherwise it has no such limit', async () => {
  const both = opener('never', 'opens');
  void both.lane();
  await both.clock.advanceAsync(1_999);
  expect(both.log).toEqual(['dial']);
  await both.clock.advanceAsync(1);
  expect(both.log).toEqual(['dial', 'request', 'by them']);
  const alone = opener('never');
  const code = alone.code();
  await alone.clock.advanceAsync(60_000);
  alone.stop.abort();
  expect(await code).toBe('CANCELLED');
});

test.each<[End, End | undefined, string]>([
  ['UNREACHABLE', 'NOT_FOUND', 'BLOCKED'],
  ['UNREACHABLE', 'TIMEOUT', 'UNREACHABLE'],
  ['REFUSED', 'TIMEOUT', 'TIMEOUT'],
  ['REFUSED', 'REFUSED', 'REFUSED'],
  ['never', 'TIMEOUT', 'TIMEOUT'],
  ['BAD_FRAME', 'opens', 'BAD_FRAME'],
  ['UNREACHABLE', undefined, 'UNREACHABLE'],
])('our dial ends with %s, that of the peer with %s: %s', async (ours, theirs, expected) => {
  const { clock, code } = opener(ours, theirs);
  expect(await clock.settle(code())).toBe(expected);
});

test('a peer behind a firewall stays blocked while it refuses to dial again, until a lane opens', async () => {
  const { ends, lane, code } = opener('UNREACHABLE', 'NOT_FOUND');
  await expect(lane()).rejects.toMatchObject({ hint: expect.stringContaining('firewall') });
  ends.theirs = 'REFUSED';
  expect(await code()).toBe('BLOCKED');
  ends.theirs = 'opens';
  await lane();
  ends.theirs = 'REFUSED';
  expect(await code()).toBe('UNREACHABLE');
});

test('an abort ends the attempt without a second one', async () => {
  const { log, stop, code } = opener('never', 'opens');
  const ended = code();
  stop.abort();
  expect(await ended).toBe('CANCELLED');
  expect(log).not.toContain('request');
});
