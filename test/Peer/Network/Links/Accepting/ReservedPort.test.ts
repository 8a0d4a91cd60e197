import { expect, test } from 'vitest';
import { portsOf, reservePort } from '../../../../../Peer/Network/Links/Accepting/ReservedPort.ts';
import type { ByteStream, Listen, StreamHandler } from '../../../../../Shared/Network/Transport.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { ShoalError } from '../../../../../Shared/ShoalError.ts';

/** A machine on which `taken` ports are in use; `connect` acts as a remote host that dials. */
function machine(taken: (port: number) => boolean) {
  let accept: ((stream: ByteStream) => StreamHandler) | undefined;
  let closed = 0;
  const tried: number[] = [];
  const listen: Listen = async (port, onConnection) => {
    tried.push(port);
    if (taken(port)) throw new ShoalError('PORT_IN_USE', `port ${port} is already in use`);
    accept = onConnection;
    return {
      local: { host: '127.0.0.1', port },
      close: async () => {
        closed++;
      },
    };
  };
  return { listen, tried, closed: () => closed, connect: (stream: ByteStream) => accept?.(stream) };
}

function stream(onDestroy: () => void): ByteStream {
  const nothing = () => {};
  const remote = { host: '127.0.0.1', port: 1 };
  return { remote, write: () => true, pause: nothing, resume: nothing, end: nothing, destroy: onDestroy };
}

test('a fixed port that is taken is an error, not another port', async () => {
  const { listen } = machine(() => true);
  await expect(reservePort(listen, 9_001, Math.random)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});

test('without a port every one of 9000-9999 is tried until one is free', async () => {
  const { listen, tried } = machine((port) => port !== 9_777);
  const reserved = await reservePort(listen, undefined, () => 0.123);
  expect(reserved.port).toBe(9_777);
  expect(new Set(tried).size).toBe(tried.length);
});

test('ports of earlier runs come first, but not before a wanted one', async () => {
  const { listen, tried } = machine((port) => port === 9_007);
  const reserved = await reservePort(listen, undefined, () => 0.123, [9_007, 9_005]);
  expect(reserved.port).toBe(9_005);
  expect(tried).toEqual([9_007, 9_005]);
  expect((await reservePort(listen, 9_001, () => 0.123, [9_005])).port).toBe(9_001);
  const range = { first: 60_000, last: 60_000 };
  expect((await reservePort(listen, range, () => 0.123, [9_005])).port).toBe(60_000);
});

test('without a free port, an error with a hint', async () => {
  const { listen, tried } = machine(() => true);
  await expect(reservePort(listen, undefined, () => 0.5)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  expect(tried.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, at) => 9_000 + at));
});

test('connections before the hand-over are refused, later ones reach the new owner of the port', async () => {
  const host = machine(() => false);
  const reserved = await reservePort(host.listen, 9_001, Math.random);
  let destroyed = 0;
  const early = stream(() => {
    destroyed++;
  });
  host.connect(early);
  expect(destroyed).toBe(1);

  const seen: ByteStream[] = [];
  await reserved.listen(0, (each) => {
    seen.push(each);
    return { closed: () => {} };
  });
  const late = stream(() => {});
  host.connect(late);
  expect(seen).toEqual([late]);
  await reserved.release();
  expect(host.closed()).toBe(0);
});

test('a port that is not handed over is released', async () => {
  const host = machine(() => false);
  await (await reservePort(host.listen, 9_001, Math.random)).release();
  expect(host.closed()).toBe(1);
});

test('the ports of a range are tried in an order that chance decides, each once', () => {
  const range = { first: 9_000, last: 9_004 };
  // Each port changes places with the first one; with itself.
  expect(portsOf(range, () => 0)).toEqual([9_001, 9_002, 9_003, 9_004, 9_000]);
  expect(portsOf(range, () => 0.99)).toEqual([9_000, 9_001, 9_002, 9_003, 9_004]);
  const random = new SeededRandom(1);
  const firsts = new Set(Array.from({ length: 100 }, () => portsOf(range, () => random.next())[0]));
  expect(firsts.size).toBe(5);
});
