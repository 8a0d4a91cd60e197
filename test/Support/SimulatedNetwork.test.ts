import { expect, test } from 'vitest';
import type { ByteStream, StreamHandler } from '../../Shared/Network/Transport.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { sleep } from '../../Shared/Time/Clock.ts';
import { SimulatedNetwork } from './SimulatedNetwork.ts';
import { seeds } from './seeds.ts';

const ONE = '10.0.0.1';
const TWO = '10.0.0.2';

/** Records the events of a stream. */
class Recorder implements StreamHandler {
  readonly parts: Buffer[] = [];
  drains = 0;
  readonly endings: (Error | undefined)[] = [];
  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
  data(bytes: Uint8Array): void {
    this.parts.push(Buffer.from(bytes));
  }
  drained(): void {
    this.drains++;
  }
  closed(error: Error | undefined): void {
    this.endings.push(error);
  }
}

async function connected(network: SimulatedNetwork) {
  const near = new Recorder();
  const far = new Recorder();
  let accepted: ByteStream | undefined;
  const listener = await network.host(TWO).listen(9_000, (stream) => {
    accepted = stream;
    return far;
  });
  const stream = await network.settle(network.host(ONE).dial({ host: TWO, port: 9_000 }, near));
  if (accepted === undefined) throw new Error('not accepted');
  return { near, far, stream, accepted, listener };
}

test('datagrams arrive within the latency, from the sender’s address, at the rates of loss and duplication', async () => {
  const network = new SimulatedNetwork({ seed: 5, latencyMs: [10, 20], lossRatio: 0.3, duplicateRatio: 0.1 });
  const arrivals: number[] = [];
  const receiver = network.socket(TWO, 6_881);
  const sender = network.socket(ONE, 5_000);
  receiver.onMessage((bytes, from) => {
    expect(from).toEqual({ host: ONE, port: 5_000 });
    arrivals.push(network.clock.nowMs() - Buffer.from(bytes).readUInt32BE(0));
  });
  for (let count = 0; count < 10_000; count++) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(network.clock.nowMs());
    sender.send(bytes, { host: TWO, port: 6_881 });
    bytes.fill(0);
    network.clock.advance(1);
  }
  await network.clock.runUntilIdle();
  expect(Math.min(...arrivals)).toBeGreaterThanOrEqual(10);
  expect(Math.max(...arrivals)).toBeLessThanOrEqual(20);
  expect(Math.abs(arrivals.length - 10_000 * 0.7 * 1.1)).toBeLessThan(200);
  expect(network.datagrams.delivered).toBe(arrivals.length);
});

test.each([true, false])('datagrams overtake each other when allowed (%s)', async (reorder) => {
  const network = new SimulatedNetwork({ seed: 1, latencyMs: [1, 50], reorder });
  const order: number[] = [];
  network.socket(TWO, 1).onMessage((bytes) => order.push(bytes[0] ?? -1));
  const sender = network.socket(ONE);
  for (let index = 0; index < 100; index++) sender.send(Uint8Array.of(index), { host: TWO, port: 1 });
  await network.clock.runUntilIdle();
  const sorted = order.toSorted((a, b) => a - b);
  expect(order.length).toBe(100);
  expect(JSON.stringify(order) === JSON.stringify(sorted)).toBe(!reorder);
});

test('a handler that keeps the bytes of a datagram without copying sees them change', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  let kept: Uint8Array = Buffer.alloc(0);
  network.socket(TWO, 1).onMessage((bytes) => {
    kept = bytes;
  });
  network.socket(ONE).send(Buffer.from('abc'), { host: TWO, port: 1 });
  await network.clock.runUntilIdle();
  expect(kept).toEqual(Buffer.from('dddddd', 'hex'));
});

test('loopback stays on its host, and broadcast reaches its /24 only from a socket that may', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const heard: string[] = [];
  for (const ip of [ONE, TWO, '10.0.9.9']) {
    network.socket(ip, 1).onMessage((bytes, from) => heard.push(`${ip} ${from.host} ${Buffer.from(bytes)}`));
  }
  const host = network.host(ONE);
  host.bindNow({ port: 2 }).send(Buffer.from('self'), { host: '127.0.0.1', port: 1 });
  host.bindNow({ port: 3 }).send(Buffer.from('mute'), { host: '255.255.255.255', port: 1 });
  host.bindNow({ port: 4, broadcast: true }).send(Buffer.from('all'), { host: '10.0.0.255', port: 1 });
  await network.clock.runUntilIdle();
  expect(heard.sort()).toEqual([`${ONE} 127.0.0.1 self`, `${ONE} ${ONE} all`, `${TWO} ${ONE} all`].sort());
});

test('a partition loses datagrams and dials until it is healed', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  let heard = 0;
  network.socket(TWO, 1).onMessage(() => heard++);
  const sender = network.socket(ONE);
  await network.host(TWO).listen(9_000, () => new Recorder());
  network.partition([ONE], [TWO]);
  sender.send(Buffer.from('x'), { host: TWO, port: 1 });
  const dial = () => network.settle(network.host(ONE).dial({ host: TWO, port: 9_000 }, new Recorder()));
  await expect(dial()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  network.heal();
  sender.send(Buffer.from('x'), { host: TWO, port: 1 });
  expect((await dial()).remote).toEqual({ host: TWO, port: 9_000 });
  await network.clock.runUntilIdle();
  expect(heard).toBe(1);
});

test('a dial is refused without a listener, ended by its signal, and a taken port is PORT_IN_USE', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const host = network.host(ONE);
  network.host(TWO);
  const dial = (signal?: AbortSignal) =>
    host.dial({ host: TWO, port: 9 }, new Recorder(), signal === undefined ? {} : { signal });
  await expect(network.settle(dial())).rejects.toMatchObject({ code: 'UNREACHABLE' });
  const giveUp = new AbortController();
  const dialling = network.settle(dial(giveUp.signal));
  giveUp.abort();
  await expect(dialling).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(network.settle(dial(AbortSignal.abort()))).rejects.toMatchObject({ code: 'CANCELLED' });
  await host.listen(7, () => new Recorder());
  await expect(host.listen(7, () => new Recorder())).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await host.bindDatagram({ port: 7 });
  await expect(host.bindDatagram({ port: 7 })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});

test.each(seeds(30))(
  'a stream carries every byte once and in order, then ends both sides (seed %i)',
  async (seed) => {
    const network = new SimulatedNetwork({ seed, latencyMs: [0, 40], bytesPerSecond: 2_000_000 });
    const { near, far, stream, accepted } = await connected(network);
    const random = new SeededRandom(seed);
    const up = random.bytes(700_000);
    const down = random.bytes(50_000);
    let sentParts = 0;
    for (let at = 0; at < up.length; ) {
      const part = up.subarray(at, at + random.int(1, 120_000));
      at += part.length;
      stream.write(part, () => sentParts++);
    }
    accepted.write(down);
    const startMs = network.clock.nowMs();
    stream.end();
    await network.clock.runUntilIdle();
    expect(far.bytes.equals(up)).toBe(true);
    expect(near.bytes.equals(down)).toBe(true);
    expect(sentParts).toBeGreaterThan(0);
    expect(near.drains).toBe(1);
    expect([near.endings, far.endings]).toEqual([[undefined], [undefined]]);
    expect(network.clock.nowMs() - startMs).toBeGreaterThan(350);
  },
);

test('bytes changed before they are sent are sent with the change', async () => {
  const network = new SimulatedNetwork({ seed: 1, bytesPerSecond: 1_000 });
  const { far, stream } = await connected(network);
  const bytes = Buffer.from('first');
  stream.write(bytes);
  bytes.write('wrong');
  await network.clock.runUntilIdle();
  expect(far.bytes.toString()).toBe('wrong');
});

test('a read target gets the bytes in its own memory, and pausing holds the sender back', async () => {
  const network = new SimulatedNetwork({ seed: 3, latencyMs: [1, 5] });
  const content = new SeededRandom(3).bytes(3_000_000);
  let sentBytes = 0;
  const sent = () => {
    sentBytes += 100_000;
  };
  await network.host(TWO).listen(9_000, (stream) => {
    for (let at = 0; at < content.length; at += 100_000)
      stream.write(content.subarray(at, at + 100_000), sent);
    return new Recorder();
  });
  const memory = Buffer.alloc(content.length);
  let filled = 0;
  const into = {
    nextBuffer: () => memory.subarray(filled, filled + 64_000),
    filled: (count: number) => {
      filled += count;
      return filled < 1_000_000 || filled > 1_100_000;
    },
  };
  const stream = await network.settle(
    network.host(ONE).dial({ host: TWO, port: 9_000 }, new Recorder(), { into }),
  );
  await network.clock.advanceAsync(60_000);
  expect(filled).toBeGreaterThanOrEqual(1_000_000);
  expect(filled).toBeLessThan(1_100_000);
  expect(sentBytes).toBeLessThan(filled + 300_000);
  for (let resumes = 0; resumes < 100; resumes++) {
    stream.resume();
    await network.clock.advanceAsync(1_000);
  }
  expect(filled).toBe(content.length);
  expect(memory.equals(content)).toBe(true);
});

test('destroy notifies both owners once, and returns the unsent bytes', async () => {
  const network = new SimulatedNetwork({ seed: 1, bytesPerSecond: 1_000 });
  const { near, far, stream, accepted } = await connected(network);
  let given = 0;
  stream.write(Buffer.alloc(5_000), () => given++);
  stream.destroy();
  stream.destroy();
  expect(near.endings).toEqual([]);
  await network.clock.runUntilIdle();
  expect(given).toBe(1);
  expect(near.endings).toEqual([undefined]);
  expect(far.endings).toMatchObject([{ code: 'ECONNRESET' }]);
  expect(accepted.write(Buffer.from('late'), () => given++)).toBe(false);
  await network.clock.runUntilIdle();
  expect(given).toBe(2);
});

test('a side destroyed inside accept is still notified of the close', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const far = new Recorder();
  const near = new Recorder();
  await network.host(TWO).listen(9_000, (stream) => {
    stream.destroy();
    return far;
  });
  await network.settle(network.host(ONE).dial({ host: TWO, port: 9_000 }, near));
  await network.clock.runUntilIdle();
  expect([near.endings, far.endings]).toEqual([[undefined], [undefined]]);
});

test('a stream outlives a short partition and breaks in a long one', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const { near, far, stream } = await connected(network);
  network.partition([ONE], [TWO]);
  stream.write(Buffer.from('hello'));
  await network.clock.advanceAsync(20_000);
  expect(far.bytes.length).toBe(0);
  network.heal();
  await network.clock.advanceAsync(1_000);
  expect(far.bytes.toString()).toBe('hello');
  network.partition([ONE], [TWO]);
  stream.write(Buffer.from('again'));
  await network.clock.advanceAsync(70_000);
  expect(near.endings).toMatchObject([{ code: 'ETIMEDOUT' }]);
  expect(far.endings).toEqual([]);
});

test('a killed host is silent, its streams are reset, its ports free; the dead program reaches nobody', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  const dead = network.host(TWO);
  const deadSocket = dead.bindNow({ port: 5 });
  dead.kill();
  let heard = 0;
  network.socket(ONE, 1).onMessage(() => heard++);
  deadSocket.send(Buffer.from('x'), { host: ONE, port: 1 });
  await network.clock.runUntilIdle();
  expect([heard, far.endings]).toEqual([0, []]);
  expect(near.endings).toMatchObject([{ code: 'ECONNRESET' }]);
  await expect(network.settle(dead.dial({ host: ONE, port: 1 }, new Recorder()))).rejects.toThrow(
    'never ends',
  );
  await network.host(TWO).listen(9_000, () => new Recorder());
  expect((await network.settle(network.host(ONE).dial({ host: TWO, port: 9_000 }, near))).remote.host).toBe(
    TWO,
  );
});

test('streams can be broken by the test', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  network.breakStreams(TWO, ONE);
  await network.clock.runUntilIdle();
  expect([...near.endings, ...far.endings]).toMatchObject([{ code: 'ECONNRESET' }, { code: 'ECONNRESET' }]);
});

test('one seed, one history', async () => {
  const history = async (seed: number) => {
    const network = new SimulatedNetwork({ seed, latencyMs: [1, 90], lossRatio: 0.2, duplicateRatio: 0.2 });
    const lines: string[] = [];
    const sockets = [1, 2, 3].map((last) => network.socket(`10.0.0.${last}`, 1));
    for (const socket of sockets) {
      socket.onMessage((bytes, from) => {
        lines.push(`${network.clock.nowMs()} ${from.host} ${bytes[0]}`);
        const next = bytes[0] ?? 0;
        if (next > 0)
          socket.send(Uint8Array.of(next - 1), { host: `10.0.0.${network.random.int(1, 3)}`, port: 1 });
      });
    }
    for (const socket of sockets) socket.send(Uint8Array.of(40), { host: TWO, port: 1 });
    await network.settle(sleep(network.clock, 60_000));
    return lines;
  };
  const first = await history(11);
  expect(first.length).toBeGreaterThan(10);
  expect(await history(11)).toEqual(first);
  expect(await history(12)).not.toEqual(first);
});
