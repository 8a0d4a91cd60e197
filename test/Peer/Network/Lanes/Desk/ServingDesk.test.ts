import { expect, test } from 'vitest';
import { ServingDesk } from '../../../../../Peer/Network/Lanes/Desk/ServingDesk.ts';
import { type Limits, TransferLimits } from '../../../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import type { FilePump } from '../../../../../Peer/Network/Ports.ts';
import { UPLOAD_SLOTS } from '../../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { MemoryShare } from '../../MemoryShare.ts';

const MIB = 1_048_576;
const FILM = new SeededRandom(1).bytes(3 * MIB + 5);
const patient = new AbortController().signal;
const label = (name: string) => ({
  peerId: undefined,
  name,
  address: { host: '10.0.0.9', port: 0 },
});

function desk(limits: Limits = {}) {
  const clock = new SimulatedClock();
  const share = new MemoryShare();
  const { up, classOf } = new TransferLimits(clock, limits);
  const made = new ServingDesk({ provider: share, clock, limiter: up, classOf, memory: Buffer.alloc });
  const bytes = FILM;
  const { fileId } = share.add('film', bytes);
  const enter = (name: string) => made.enter({ key: `http:${name}`, label: () => label(name) });
  return { clock, share, desk: made, fileId, bytes, enter };
}

/** A sink that records its bytes, and accepts them at once or never. */
function sink(reads: 'reads' | 'never reads' = 'reads') {
  const got: Buffer[] = [];
  const write = (bytes: Uint8Array) => {
    got.push(Buffer.from(bytes));
    return reads === 'reads' ? Promise.resolve() : new Promise<void>(() => {});
  };
  return { got, write, host: '10.0.0.9' };
}

test('a range that crosses chunks arrives byte for byte, and is counted', async () => {
  const { desk: made, fileId, bytes, enter } = desk();
  const to = sink();
  const seat = enter('curl');
  await seat.send(fileId, { from: MIB - 3, to: 2 * MIB + 7 }, to, patient);
  expect(Buffer.concat(to.got).equals(bytes.subarray(MIB - 3, 2 * MIB + 7))).toBe(true);
  expect(made.sentBytes).toBe(MIB + 10);
  expect([made.serving(), made.buffers.taken]).toEqual([[], 0]);
  await seat.send(fileId, { from: 5, to: 5 }, to, patient);
  seat.leave();
  expect(made.clients).toBe(0);
});

test('a missing file, or a range beyond its end, is refused', async () => {
  const { fileId, share, enter } = desk();
  const seat = enter('curl');
  for (const range of [{ from: 0, to: 4 * MIB }])
    await expect(seat.send(fileId, range, sink(), patient)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  share.changedAt = { chunk: 1, offset: 0 };
  const to = sink();
  await expect(seat.send(fileId, { from: 0, to: 2 * MIB }, to, patient)).rejects.toMatchObject({
    code: 'FILE_CHANGED',
  });
  expect(Buffer.concat(to.got)).toHaveLength(MIB);
});

test('pieces of other peers are sent within the limits, without a slot, and are shown', async () => {
  const { clock, desk: made, fileId, enter } = desk({ up: { total: MIB } });
  const to = sink();
  const seat = enter('curl');
  const film = { fileId, path: 'a/film.mkv' };
  async function* pieces() {
    for (let count = 0; count < 4; count++) yield Buffer.alloc(MIB, count);
  }
  const relayed = seat.relay(film, pieces(), to, patient);
  await clock.advanceAsync(500);
  expect(made.serving()).toMatchObject([{ fileId, path: 'a/film.mkv', label: { name: 'curl' } }]);
  expect(made.slots.serving).toEqual([]);
  await clock.settle(relayed);
  // 4 MiB at 1 MiB/s, of which the limit grants a little at once.
  expect(clock.nowMs()).toBeGreaterThan(3_000);
  expect(Buffer.concat(to.got)).toHaveLength(4 * MIB);
  expect([made.sentBytes, made.serving()]).toEqual([4 * MIB, []]);

  const gone = new AbortController();
  const cut = seat.relay(film, pieces(), sink('never reads'), gone.signal);
  clock.after(2_000, () => gone.abort());
  await expect(clock.settle(cut)).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('a further client is queued, and gets a slot when one is released', async () => {
  const { clock, desk: made, fileId, enter } = desk();
  const stops = Array.from({ length: UPLOAD_SLOTS }, (_, number) => {
    const stop = new AbortController();
    const sending = enter(`${number}`).send(fileId, { from: 0, to: MIB }, sink('never reads'), stop.signal);
    sending.catch(() => {});
    return stop;
  });
  const late = sink();
  const sent = enter('late').send(fileId, { from: 0, to: MIB }, late, patient);
  await clock.flush();
  expect(late.got).toEqual([]);
  expect(made.serving()).toHaveLength(UPLOAD_SLOTS);
  stops[0]?.abort();
  await clock.flush();
  expect(Buffer.concat(late.got)).toHaveLength(MIB);
  await sent;
});

test('clients that read nothing lose their slots after 10 s to a queued one', async () => {
  const { clock, fileId, enter } = desk();
  for (let number = 0; number < 20; number++)
    void enter(`${number}`).send(fileId, { from: 0, to: 3 * MIB }, sink('never reads'), patient);
  const late = sink();
  void enter('late').send(fileId, { from: 0, to: 3 * MIB }, late, patient);
  await clock.advanceAsync(9_000);
  expect(late.got).toEqual([]);
  // One more slot a second would reach it after 17 s.
  await clock.advanceAsync(5_000);
  expect(Buffer.concat(late.got)).toHaveLength(3 * MIB);
});

test('clients that read nothing are cut after 30 s when they hold all send buffers', async () => {
  const { clock, fileId, enter } = desk();
  const cut: string[] = [];
  for (let number = 0; number < 40; number++) {
    let drop = () => {};
    const write = () =>
      new Promise<void>((_, reject) => {
        drop = () => reject(new Error('closed'));
      });
    enter(`${number}`)
      .send(fileId, { from: 0, to: 3 * MIB }, { host: '10.0.0.9', write }, patient)
      .catch((failure: { code: string }) => {
        cut.push(failure.code);
        drop();
      });
  }
  const late = sink();
  void enter('late').send(fileId, { from: 0, to: 3 * MIB }, late, patient);
  await clock.advanceAsync(29_000);
  expect(cut).toEqual([]);
  await clock.advanceAsync(60_000);
  expect(new Set(cut)).toEqual(new Set(['TIMEOUT']));
  expect(Buffer.concat(late.got)).toHaveLength(3 * MIB);
});

test('a cancelled transfer ends at once, and its buffer is free when the sink releases it', async () => {
  const { clock, desk: made, fileId, enter } = desk();
  const stop = new AbortController();
  let letGo = () => {};
  const slow = {
    host: '10.0.0.9',
    write: () =>
      new Promise<void>((resolve) => {
        letGo = resolve;
      }),
  };
  const sending = enter('curl').send(fileId, { from: 0, to: MIB }, slow, stop.signal);
  await clock.flush();
  stop.abort();
  await expect(sending).rejects.toMatchObject({ code: 'CANCELLED' });
  expect([made.serving().length, made.buffers.taken]).toEqual([0, 1]);
  letGo();
  await clock.flush();
  expect(made.buffers.taken).toBe(0);
});

test('ranges obey the upload limit', async () => {
  const { clock, fileId, enter } = desk({ up: MIB });
  const to = sink();
  void enter('curl').send(fileId, { from: 0, to: 3 * MIB }, to, patient);
  await clock.advanceAsync(1_000);
  const sent = Buffer.concat(to.got).length;
  expect(sent).toBeGreaterThan(0.8 * MIB);
  expect(sent).toBeLessThan(1.3 * MIB);
});

test('a range that is cancelled while it waits for the limit sends nothing more', async () => {
  const { clock, fileId, enter } = desk({ up: MIB });
  const to = sink();
  const stop = new AbortController();
  const sent = enter('curl').send(fileId, { from: 0, to: 3 * MIB }, to, stop.signal);
  const cancelled = expect(sent).rejects.toMatchObject({ code: 'CANCELLED' });
  await clock.advanceAsync(500);
  const { length } = to.got;
  expect(length).toBeGreaterThan(0);
  stop.abort();
  await clock.advanceAsync(2_000);
  await cancelled;
  expect(to.got).toHaveLength(length);
});

test('a client with a slot is called to serve only while it has demand', () => {
  const { desk: made } = desk();
  const demand = { one: 5, two: 5 };
  let served = '';
  const [one, two] = (['one', 'two'] as const).map((key) => {
    const client = { key, label: () => undefined, demandBytes: () => demand[key] };
    return made.enter({ ...client, serve: () => (served += `${key} `) });
  });
  one?.changed();
  demand.one = 0; // Its requests were answered; the desk learns of it at the next change.
  two?.changed();
  expect(served).toBe('one two ');
});

test('several requests of one client share its seat', async () => {
  const { desk: made, fileId, enter } = desk();
  const [one, other] = [enter('curl'), enter('curl')];
  expect([one === other, made.clients]).toEqual([true, 1]);
  one.leave();
  const to = sink();
  await other.send(fileId, { from: 0, to: 9 }, to, patient);
  expect(Buffer.concat(to.got)).toHaveLength(9);
  other.leave();
  expect(made.clients).toBe(0);
});

/** A pump that sends from memory, one job per call of the test, and a share that lends files. */
function pumping(share: MemoryShare, bytes: Buffer) {
  const got: Buffer[] = [];
  const seen = { loans: 0, cancelled: 0, fails: false, held: false };
  const ends: (() => void)[] = [];
  const pump: FilePump = {
    state: { path: 'sendfile', reason: undefined },
    begin: () => true,
    newLine: () => 1,
    send: (_line, _socket, _file, { position, pieces: [count = 0] }) => {
      got.push(bytes.subarray(position, position + count));
      const outcome = { sent: count, complete: !seen.fails };
      return new Promise((resolve) => {
        if (seen.held) ends.push(() => resolve(outcome));
        else setImmediate(() => resolve(outcome));
      });
    },
    cancel: () => seen.cancelled++,
    close: async () => {},
  };
  const lend = (_: unknown, chunk: number, offset: number) => {
    seen.loans++;
    return { descriptor: 8, position: chunk * MIB + offset, giveBack: () => seen.loans-- };
  };
  Object.assign(share, { lend });
  const plain = { ready: async () => {}, descriptor: (): number | undefined => 7 };
  const write = async (piece: Uint8Array) => {
    got.push(Buffer.from(piece));
  };
  return { pump, got, seen, ends, sink: { write, host: '10.0.0.9', plain } };
}

test('a range is pumped except its end, which is read and verified', async () => {
  const { desk: made, share, fileId, bytes, enter } = desk();
  const { pump, got, seen, sink: to } = pumping(share, bytes);
  Object.assign(made.options, { pump });
  const range = { from: 1_000, to: 3 * MIB };
  await enter('curl').send(fileId, range, to, patient);
  expect(Buffer.concat(got).equals(bytes.subarray(range.from, range.to))).toBe(true);
  expect(got.at(-1)).toHaveLength(64 * 1_024);
  expect([seen.loans, seen.cancelled, made.sentBytes, share.reads.length]).toEqual([
    0,
    1,
    3 * MIB - 1_000,
    0,
  ]);
});

test('jobs grow for a fast client and shrink for a slow one', async () => {
  const { clock, desk: made, share, enter } = desk();
  const long = Buffer.alloc(20 * MIB, 3);
  const { fileId } = share.add('long', long);
  const { pump, got, seen, ends, sink: to } = pumping(share, long);
  Object.assign(made.options, { pump });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const sizes = () => got.map(({ length }) => length / MIB);
  await enter('fast').send(fileId, { from: 0, to: 20 * MIB }, to, patient);
  expect(sizes()).toEqual([2, 4, 8, 6 - 1 / 16, 1 / 16]);
  got.length = 0;
  seen.held = true;
  const stop = new AbortController();
  const sent = enter('slow').send(fileId, { from: 0, to: 20 * MIB }, to, stop.signal);
  for (let job = 0; job < 5; job++) {
    await turn();
    clock.advance(1_001);
    ends.shift()?.();
  }
  await turn();
  expect(sizes()).toEqual([2, 1, 1 / 2, 1 / 4, 1 / 4, 1 / 4]);
  stop.abort();
  await expect(sent).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('a file that changes while it is pumped ends the range before its end', async () => {
  const { desk: made, share, fileId, bytes, enter } = desk();
  const { pump, got, sink: to } = pumping(share, bytes);
  Object.assign(made.options, { pump });
  share.changedAt = { chunk: 2, offset: 0 };
  const sent = enter('curl').send(fileId, { from: 0, to: 3 * MIB }, to, patient);
  await expect(sent).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  expect(Buffer.concat(got).length).toBeLessThan(3 * MIB);
});

test('a cancelled range cancels the pump and returns the loan, also during a job', async () => {
  const { desk: made, share, fileId, bytes, enter } = desk();
  const { pump, seen, sink: to } = pumping(share, bytes);
  Object.assign(made.options, { pump });
  seen.held = true;
  const stop = new AbortController();
  const sent = enter('curl').send(fileId, { from: 0, to: 3 * MIB }, to, stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toMatchObject({ loans: 1, cancelled: 0 });
  stop.abort();
  await expect(sent).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(seen).toMatchObject({ loans: 0, cancelled: 1 });
});

test('a failed pump ends the range; without a plain socket bytes are written', async () => {
  const { desk: made, share, fileId, bytes, enter } = desk();
  const { pump, got, seen, sink: to } = pumping(share, bytes);
  Object.assign(made.options, { pump });
  seen.fails = true;
  await expect(enter('a').send(fileId, { from: 0, to: MIB }, to, patient)).rejects.toMatchObject({
    code: 'CLOSED',
  });
  got.length = 0;
  const encrypted = { ...to, plain: { ...to.plain, descriptor: () => undefined } };
  await enter('b').send(fileId, { from: 0, to: MIB }, encrypted, patient);
  expect([Buffer.concat(got).equals(bytes.subarray(0, MIB)), seen.cancelled]).toEqual([true, 1]);
});
