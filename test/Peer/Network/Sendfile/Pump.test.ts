import { expect, test } from 'vitest';
import { Pump, type StartThread } from '../../../../Peer/Network/Sendfile/Pump.ts';
import { PumpLoop } from '../../../../Peer/Network/Sendfile/PumpLoop.ts';
import type { PumpEnd, PumpOrder } from '../../../../Peer/Network/Sendfile/Sendfile.ts';
import { FakeCalls } from './FakeCalls.ts';

const RUN = { position: 0, pieces: [5], headers: Uint8Array.of(1) };

/** A pump whose thread is run by the test. Duplicated descriptors are numbered from 100 on. */
function made({
  answers = [],
  most = 1_000,
  ready = true,
}: {
  answers?: readonly number[];
  most?: number;
  ready?: boolean;
} = {}) {
  const calls = new FakeCalls(answers);
  const loop = new PumpLoop(calls);
  const open = new Set<number>();
  let next = 100;
  const own = () => {
    if (open.size >= most) return undefined;
    open.add(next);
    return next++;
  };
  const close = (descriptor: number) => {
    if (!open.delete(descriptor)) throw new Error(`${descriptor} is closed twice, or not of the pump`);
  };
  calls.close = close;
  let told: (ends: readonly PumpEnd[]) => void = () => {};
  let stopped: (reason: string) => void = () => {};
  const orders: PumpOrder[] = [];
  let started = 0;
  const start: StartThread = (_event, ended, failed) => {
    started++;
    told = ended;
    stopped = failed;
    return { post: (order) => orders.push(order), gone: async () => turn() };
  };
  const turn = () => {
    for (const order of orders.splice(0)) loop.take(order);
    loop.round();
    told(loop.takeEnds());
  };
  const load = () => ({ duplicate: own, openEvent: own, raise: () => {}, close });
  const pump = new Pump(undefined, load, start);
  if (ready) {
    expect([pump.begin(), pump.send(0, 7, 8, RUN)]).toEqual([false, undefined]); // The thread has not started.
    told([]);
  }
  return {
    pump,
    calls,
    open,
    turn,
    stop: (why: string) => stopped(why),
    starts: () => started,
  };
}

test('each job gets descriptors of its own, and its end is reported', async () => {
  const { pump, calls, open, turn, starts } = made();
  expect(pump.state).toEqual({ path: 'sendfile', reason: undefined });
  const line = pump.newLine();
  const [first, second] = [pump.send(line, 7, 8, RUN), pump.send(line, 7, 9, RUN)];
  expect([starts(), [...open]]).toEqual([1, [100, 101, 102, 103, 104]]);
  turn();
  expect(await Promise.all([first, second])).toEqual([
    { sent: 5, complete: true },
    { sent: 5, complete: true },
  ]);
  expect(calls.sockets()).toEqual([101, 101, 103, 103]);
  expect([...open]).toEqual([100]);
});

test('without free descriptors no job starts, and none stays open', () => {
  for (const most of [0, 1, 2]) {
    const { pump, open } = made({ most });
    expect(pump.send(pump.newLine(), 7, 8, RUN)).toBeUndefined();
    expect([open.size, pump.state.path]).toEqual([Math.min(most, 1), 'sendfile']);
  }
});

test('a thread that cannot start for want of descriptors is tried again later', () => {
  for (const reason of ['EMFILE: too many open files, open', 'Worker initialization failure: EMFILE']) {
    const { pump, open, stop, starts } = made({ ready: false });
    expect(pump.begin()).toBe(false);
    stop(reason);
    expect([open.size, pump.state.path, starts()]).toEqual([0, 'sendfile', 1]);
    for (let job = 0; job < 1_000; job++) pump.begin();
    expect(starts()).toBe(1);
    pump.begin();
    expect(starts()).toBe(2);
    stop('no such module');
    expect([open.size, pump.state]).toEqual([0, { path: 'copy', reason: 'no such module' }]);
  }
});

test('a failed job is reported; a file system without sendfile switches the pump off', async () => {
  const broken = made({ answers: [1, 3, -32] });
  const sent = broken.pump.send(broken.pump.newLine(), 7, 8, RUN);
  broken.turn();
  expect([await sent, broken.pump.state.path]).toEqual([{ sent: 3, complete: false }, 'sendfile']);

  const { pump, open, turn } = made({ answers: [1, -22] });
  const job = pump.send(pump.newLine(), 7, 8, RUN);
  turn();
  expect(await job).toEqual({ sent: 0, complete: false });
  expect(pump.state).toEqual({ path: 'copy', reason: expect.stringContaining('errno 22') });
  expect(pump.send(pump.newLine(), 7, 8, RUN)).toBeUndefined();
  expect(open.size).toBe(1);
});

test('a cancelled connection ends its jobs', async () => {
  const { pump, open, turn } = made();
  const line = pump.newLine();
  const sent = pump.send(line, 7, 8, RUN);
  pump.cancel(line);
  turn();
  expect([await sent, open.size]).toEqual([{ sent: 0, complete: false }, 1]);
});

test('a thread that exits switches the pump off, and descriptors that it may have closed are not closed again', async () => {
  const { pump, open, stop } = made();
  const sent = pump.send(pump.newLine(), 7, 8, RUN);
  stop('out of memory');
  expect(await sent).toEqual({ sent: 0, complete: false });
  expect(pump.state).toEqual({ path: 'copy', reason: 'its thread stopped: out of memory' });
  expect([...open]).toEqual([101, 102]);
  await pump.close();
});

test('closing ends the jobs, and releases every descriptor', async () => {
  const { pump, open, stop } = made();
  const sent = pump.send(pump.newLine(), 7, 8, RUN);
  await pump.close();
  stop('it ended');
  expect(await sent).toEqual({ sent: 0, complete: false });
  expect([...open]).toEqual([]);
  expect(pump.send(pump.newLine(), 7, 8, RUN)).toBeUndefined();
  await made().pump.close();
});

test('a native part that does not load switches it off with the reason', () => {
  const pump = new Pump(undefined, () => {
    throw new Error('no such library');
  });
  expect(pump.begin()).toBe(false);
  expect(pump.state).toEqual({ path: 'copy', reason: 'no such library' });
  expect(new Pump('switched off').state).toEqual({ path: 'copy', reason: 'switched off' });
});
