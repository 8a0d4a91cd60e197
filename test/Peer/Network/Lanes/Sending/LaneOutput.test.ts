import { expect, test } from 'vitest';
import { LaneOutput } from '../../../../../Peer/Network/Lanes/Sending/LaneOutput.ts';
import type { FilePump, PumpOutcome } from '../../../../../Peer/Network/Ports.ts';

const FILE = { descriptor: 8, position: 0, giveBack: () => {} };
const RUN = { position: 0, pieces: [5], headers: undefined };

/** The output of a lane. The test decides when its stream accepts writes and its pump ends jobs. */
function made({ isPlain = true, takesJobs = true, hasPump = true } = {}) {
  const log: string[] = [];
  const accepted: (() => void)[] = [];
  const ends: ((outcome: PumpOutcome) => void)[] = [];
  const stream = {
    remote: { host: '10.0.0.1', port: 1 },
    write: (bytes: Uint8Array, done?: () => void) => {
      log.push(`write ${bytes.join('')}`);
      accepted.push(done ?? (() => {}));
      return true;
    },
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => log.push('destroy'),
    descriptor: () => (isPlain ? 7 : undefined),
  };
  const pump: FilePump = {
    state: { path: 'sendfile', reason: undefined },
    begin: () => takesJobs,
    newLine: () => 3,
    send: (line, socket, file) => {
      log.push(`pump ${line}: ${file}->${socket}`);
      return new Promise((resolve) => ends.push(resolve));
    },
    cancel: (line) => log.push(`cancel ${line}`),
    close: async () => {},
  };
  return { output: new LaneOutput(stream, hasPump ? pump : undefined), log, accepted, ends };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('writes wait for the pump, in order; jobs follow each other at once', async () => {
  const { output, log, ends } = made();
  const jobs = [output.pump(FILE, RUN), output.pump(FILE, RUN)];
  const done: number[] = [];
  expect(output.write(Uint8Array.of(1), () => done.push(1))).toBe(false);
  output.write(Uint8Array.of(2));
  expect(log).toEqual(['pump 3: 8->7', 'pump 3: 8->7']);
  expect(output.pump(FILE, RUN)).toBeUndefined(); // It would overtake the writes.
  ends[0]?.({ sent: 5, complete: true });
  await jobs[0];
  expect(log).toHaveLength(2);
  ends[1]?.({ sent: 5, complete: true });
  expect(await jobs[1]).toEqual({ sent: 5, complete: true });
  expect(log.slice(2)).toEqual(['write 1', 'write 2']);
  expect(done).toEqual([]);
});

test('the pump waits until the system has accepted every write', async () => {
  const { output, log, accepted } = made();
  output.write(Uint8Array.of(1));
  output.write(Uint8Array.of(2));
  let clear = false;
  void output.clear().then(() => {
    clear = true;
  });
  expect([output.pump(FILE, RUN), output.mayPump]).toEqual([undefined, true]);
  accepted[0]?.();
  await settled();
  expect(clear).toBe(false);
  accepted[1]?.();
  await settled();
  expect(clear).toBe(true);
  expect(output.pump(FILE, RUN)).toBeInstanceOf(Promise);
  expect(log).toEqual(['write 1', 'write 2', 'pump 3: 8->7']);
});

test('a destroyed lane cancels its jobs before its socket closes, and releases its waiters', async () => {
  const { output, log } = made();
  void output.pump(FILE, RUN);
  output.write(Uint8Array.of(1));
  const clear = output.clear();
  output.destroy();
  output.destroy();
  await clear;
  expect(log).toEqual(['pump 3: 8->7', 'cancel 3', 'destroy', 'write 1']);
  expect(output.pump(FILE, RUN)).toBeUndefined();
});

test('a failed job destroys the lane: the number of its sent bytes is unknown', async () => {
  const { output, log, ends } = made();
  const job = output.pump(FILE, RUN);
  ends[0]?.({ sent: 1, complete: false });
  await job;
  expect(log).toEqual(['pump 3: 8->7', 'cancel 3', 'destroy']);
});

test('without a plain socket, without a pump, or with the pump off, nothing is pumped', () => {
  for (const off of [{ isPlain: false }, { takesJobs: false }, { hasPump: false }])
    expect(made(off).output.mayPump).toBe(false);
  const { output, log } = made({ isPlain: false });
  expect(output.pump(FILE, RUN)).toBeUndefined();
  output.destroy();
  expect(log).toEqual(['destroy']);
});
