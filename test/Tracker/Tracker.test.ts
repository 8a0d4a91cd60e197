import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeReply, encodeRequest, type TrackerReply } from '../../Protocol/TrackerMessages.ts';
import { silentLog } from '../../Shared/Log.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { bindDatagramTelling } from '../../Shared/Network/DatagramSockets.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';
import { MemoryBus } from '../../Tracker/Cluster/MemoryBus.ts';
import { Tracker, type TrackerOptions } from '../../Tracker/Tracker.ts';
import { keyOf, proven } from '../Support/keys.ts';
import { SimulatedNetwork } from '../Support/SimulatedNetwork.ts';
import { heartbeatOf } from './peers.ts';

const HOME = { host: '10.0.0.1', port: 6_881 };

function simulated(changes: Partial<TrackerOptions> = {}) {
  const network = new SimulatedNetwork({ seed: 1 });
  const random = new SeededRandom(2);
  const tracker = new Tracker({
    bind: network.host(HOME.host).bindDatagram,
    clock: network.clock,
    wallClock: network.clock.wallMs,
    randomBytes: (count) => random.bytes(count),
    log: silentLog,
    ...changes,
  });
  return { network, tracker };
}

const KEY = keyOf('peer 1');
const BEAT = heartbeatOf(1, { peerId: KEY.peerId });

/** A socket on a simulated host, and all replies to it. */
function listener(network: SimulatedNetwork, host: string) {
  const socket = network.host(host).bindNow({ port: 4_000 });
  const replies: TrackerReply[] = [];
  socket.onMessage((bytes) => replies.push(decodeReply(bytes).reply));
  return { socket, replies };
}

async function join(network: SimulatedNetwork, host: string, key = KEY, beat = BEAT) {
  const { socket, replies } = listener(network, host);
  socket.send(encodeRequest('', 1, { type: 'connect' }), HOME);
  await network.clock.advanceAsync(10);
  const [connected] = replies;
  const cookie = connected?.type === 'connected' ? connected.connectionId : '';
  socket.send(encodeRequest(cookie, 2, beat), HOME);
  await network.clock.advanceAsync(10);
  socket.send(encodeRequest(cookie, 3, proven(key, cookie, beat, replies.at(-1))), HOME);
  await network.clock.advanceAsync(10);
  return { socket, replies, cookie };
}

describe('on a simulated network', () => {
  test('serves, expires by its own timer, and counts', async () => {
    const { network, tracker } = simulated();
    await tracker.start();
    const { replies } = await join(network, '10.0.0.2');
    expect(replies.map((reply) => reply.type)).toEqual(['connected', 'unproven', 'alive']);
    expect(tracker.stats).toMatchObject({ peers: 1, served: 3, malformed: 0 });

    await network.clock.advanceAsync(22_000);
    expect(tracker.stats.peers).toBe(0);
    await tracker.close();
  });

  test('ends a question to other trackers on time, also while peers have longer', async () => {
    let isOpen = true;
    const bus = new MemoryBus((_from, _to, bytes, arrive) => isOpen && queueMicrotask(() => arrive(bytes)));
    const at = (host: string) => ({ name: 'lab', bus, address: { host, port: 6_881 } });
    const { network, tracker } = simulated({ cluster: at(HOME.host) });
    const sibling = simulated({ cluster: at('10.0.0.9'), wallClock: () => 77 }).tracker;
    await Promise.all([tracker.start(), sibling.start()]);
    const unlisted = keyOf('peer 2');
    const beat = heartbeatOf(2, { peerId: unlisted.peerId, unlisted: true });
    await join(network, '10.0.0.3', unlisted, beat);
    const registered = await join(network, '10.0.0.2');
    const stranger = listener(network, '10.0.0.4');
    stranger.socket.send(encodeRequest('', 1, { type: 'connect' }), HOME);
    await network.clock.advanceAsync(10);
    const [connected] = stranger.replies;
    const cookie = connected?.type === 'connected' ? connected.connectionId : '';
    const search = { type: 'search', words: 'song', cursor: 0 } as const;
    bus.fail();
    // Of peers, for 800 ms; then of the other tracker, for 300 ms, and its answer is lost.
    registered.socket.send(encodeRequest(registered.cookie, 8, search), HOME);
    await network.clock.advanceAsync(50);
    bus.restore();
    await network.clock.advanceAsync(50);
    isOpen = false;
    stranger.socket.send(encodeRequest(cookie, 9, search), HOME);
    await network.clock.advanceAsync(290);
    const parts = () => stranger.replies.flatMap((reply) => (reply.type === 'found' ? [reply.part] : []));
    expect(parts()).toEqual(['index']);
    await network.clock.advanceAsync(30);
    expect(parts()).toEqual(['index', 'last']);
    await Promise.all([tracker.close(), sibling.close()]);
  });

  test('a verbose log shows the counts once a minute and at the end', async () => {
    const lines: string[] = [];
    const { network, tracker } = simulated({ log: { ...silentLog, debug: (line) => lines.push(line) } });
    await tracker.start();
    await join(network, '10.0.0.2');
    network.host('10.0.0.2').bindNow({ port: 5_000 }).send(Buffer.from('no request'), HOME);
    await network.clock.advanceAsync(60_000);
    const counts = '0 files; datagrams: 3 served, 0 refused, 0 over a limit, 1 malformed, 0 forged, 0 late';
    expect(lines).toEqual([`status: 0 peers, ${counts}`]);
    await tracker.close();
    expect(lines).toHaveLength(2);
  });

  test('closing names a successor, frees the port and leaves no timer', async () => {
    const { network, tracker } = simulated();
    await tracker.start();
    const { replies } = await join(network, '10.0.0.2');
    await tracker.close({ host: '10.0.0.3', port: 6_881 });
    await tracker.close();
    await network.clock.advanceAsync(10);
    expect(replies.at(-1)).toEqual({
      type: 'moved',
      queryToken: BEAT.queryToken,
      trackerInstance: tracker.instanceId,
      successor: { host: '10.0.0.3', port: 6_881 },
      onTrackerHost: false,
    });
    expect(() => tracker.local).toThrow('not running');
    expect(network.clock.pending).toBe(0);
    network.host(HOME.host).bindNow({ port: HOME.port });
  });

  test('closed while it starts, it does not run', async () => {
    const { network, tracker } = simulated();
    const started = tracker.start();
    const closed = tracker.close();
    await expect(started).rejects.toMatchObject({ code: 'CANCELLED' });
    await closed;
    expect(network.clock.pending).toBe(0);
    network.host(HOME.host).bindNow({ port: HOME.port });
  });

  test('an aborted start takes no port', async () => {
    const { tracker, network } = simulated();
    await expect(tracker.start({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    network.host(HOME.host).bindNow({ port: HOME.port });
  });

  test('verbose prints every event, otherwise nothing is printed', async () => {
    for (const verbose of [true, false]) {
      const lines: string[] = [];
      const log = { ...silentLog, debug: (line: string) => lines.push(line) };
      const { network, tracker } = simulated({ log, verbose });
      await tracker.start();
      await join(network, '10.0.0.2');
      expect(lines.some((line) => line.startsWith('joined: "peer 1" 10.0.0.2:9001'))).toBe(verbose);
      await tracker.close();
    }
  });
});

describe('on real sockets', () => {
  const options = {
    bind: bindDatagramTelling(silentLog),
    clock: systemClock,
    wallClock: Date.now,
    randomBytes: (count: number) => new SeededRandom(3).bytes(count),
    log: silentLog,
    host: '127.0.0.1',
    port: 0,
  };

  test('answers, also between malformed datagrams', async () => {
    const tracker = new Tracker(options);
    onTestFinished(() => tracker.close());
    await tracker.start();
    const { ask, send } = await client(tracker.local);
    const random = new SeededRandom(8);
    for (let count = 0; count < 200; count++) send(random.bytes(random.int(0, 1_400)));
    const connected = await ask(encodeRequest('', 1, { type: 'connect' }));
    const cookie = connected.type === 'connected' ? connected.connectionId : '';
    const challenge = await ask(encodeRequest(cookie, 2, BEAT));
    const alive = await ask(encodeRequest(cookie, 2, proven(KEY, cookie, BEAT, challenge)));
    expect(alive).toMatchObject({ type: 'alive', peers: 1, observed: { host: '127.0.0.1', port: 9_001 } });
    const listed = await ask(encodeRequest(cookie, 3, { type: 'peers', cursor: 0 }));
    expect(listed).toMatchObject({ type: 'peerList', peers: [{ onTrackerHost: true }] });
    expect(tracker.stats.malformed).toBe(200);
  });

  test('a taken port is an error with a hint', async () => {
    const first = new Tracker(options);
    onTestFinished(() => first.close());
    await first.start();
    const second = new Tracker({ ...options, port: first.local.port });
    await expect(second.start()).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      hint: expect.stringContaining('port'),
    });
    await second.close();
  });
});

async function client(tracker: Address) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => new Promise((resolve) => socket.close(() => resolve())));
  await once(socket, 'listening');
  const send = (bytes: Buffer) => socket.send(bytes, tracker.port, tracker.host);
  const ask = async (bytes: Buffer): Promise<TrackerReply> => {
    const answer = once(socket, 'message');
    send(bytes);
    const [reply] = await answer;
    return decodeReply(reply).reply;
  };
  return { ask, send };
}
