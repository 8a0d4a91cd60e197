import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { encodeReply, encodeRequest } from '../../Protocol/TrackerMessages.ts';
import { silentLog } from '../../Shared/Log.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { serveMetrics } from '../../Tracker/Metrics/MetricsServer.ts';
import { trackerMetrics } from '../../Tracker/Metrics/TrackerMetrics.ts';
import { Tracker } from '../../Tracker/Tracker.ts';
import { SimulatedNetwork } from '../Support/SimulatedNetwork.ts';

const HOME = { host: '10.0.0.1', port: 6_881 };
const ANYWHERE = { host: '127.0.0.1', port: 0 };

function value(metrics: string, name: string): number {
  const [, text] = new RegExp(`^${name.replace(/[{}"=]/g, '\\$&')} (\\S+)$`, 'm').exec(metrics) ?? [];
  return Number(text);
}

test('datagrams are counted by kind and outcome, with bytes, time and relays', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const random = new SeededRandom(2);
  const metrics = trackerMetrics();
  const tracker = new Tracker({
    bind: network.host(HOME.host).bindDatagram,
    clock: network.clock,
    wallClock: network.clock.wallMs,
    randomBytes: (count) => random.bytes(count),
    log: silentLog,
    meter: metrics.meter,
    foreignDatagrams: () => 4,
  });
  await tracker.start();
  const socket = network.host('10.0.0.2').bindNow({ port: 4_000 });
  const sent = [
    encodeRequest('', 1, { type: 'connect' }),
    encodeRequest('0'.repeat(16), 2, { type: 'peers', cursor: 0 }),
    Buffer.from('no request'),
  ];
  for (const bytes of sent) socket.send(bytes, HOME);
  await network.clock.advanceAsync(10);
  const shown = await metrics.text(tracker);
  expect(value(shown, 'shoal_tracker_requests_total{kind="connect"}')).toBe(1);
  expect(value(shown, 'shoal_tracker_requests_total{kind="peers"}')).toBe(1);
  expect(value(shown, 'shoal_tracker_requests_total{kind="other"}')).toBe(1);
  expect(value(shown, 'shoal_tracker_datagrams_total{outcome="served"}')).toBe(1);
  expect(value(shown, 'shoal_tracker_datagrams_total{outcome="refused"}')).toBe(1);
  expect(value(shown, 'shoal_tracker_datagrams_total{outcome="malformed"}')).toBe(1);
  expect(value(shown, 'shoal_tracker_datagrams_total{outcome="foreign"}')).toBe(4);
  expect(value(shown, 'shoal_tracker_received_bytes_total')).toBe(Buffer.concat(sent).length);
  expect(value(shown, 'shoal_tracker_sent_bytes_total')).toBeGreaterThan(20);
  expect(value(shown, 'shoal_tracker_request_seconds_count')).toBe(3);
  expect(value(shown, 'shoal_tracker_relays_total')).toBe(0);
  metrics.meter.sent(
    encodeReply(0, {
      type: 'query',
      queryToken: '00'.repeat(8),
      relay: 1,
      question: { words: 'a film', fileId: undefined },
    }),
  );
  metrics.meter.sent(encodeReply(0, { type: 'left' }));
  expect(value(await metrics.text(tracker), 'shoal_tracker_relays_total')).toBe(1);
  await tracker.close();
});

async function served(make: () => Promise<string> = async () => 'shoal_tracker_peers 3\n') {
  const server = await serveMetrics(ANYWHERE, { contentType: 'text/plain; version=0.0.4', text: make });
  onTestFinished(() => server.close());
  return { server, base: `http://127.0.0.1:${server.local.port}` };
}

test('/metrics and /healthz answer, and nothing else does', async () => {
  const { base } = await served();
  const metrics = await fetch(`${base}/metrics?x`);
  expect([metrics.status, metrics.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4']);
  expect(await metrics.text()).toBe('shoal_tracker_peers 3\n');
  expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok\n');
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
});

test('a failure while metrics are read is an error status, and does not end the tracker', async () => {
  const { base } = await served(() => Promise.reject(new Error('no')));
  expect((await fetch(`${base}/metrics`)).status).toBe(500);
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
});

test('garbage and huge headers are refused', async () => {
  const { server } = await served();
  const answerTo = async (request: string) => {
    const socket = connect(server.local.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(request);
    return (await text(socket)).split('\r\n')[0];
  };
  expect(await answerTo('\u0016\u0003\u0001\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
  expect(await answerTo(`GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`)).toMatch(
    /431/,
  );
});

test('a taken port and an address of another machine are errors with a hint', async () => {
  const { server } = await served();
  const metrics = { contentType: '', text: async () => '' };
  await expect(serveMetrics({ ...ANYWHERE, port: server.local.port }, metrics)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    hint: expect.stringContaining('--metrics'),
  });
  await expect(serveMetrics({ host: '192.0.2.1', port: 9_469 }, metrics)).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--metrics'),
  });
});

test('a crowd of silent connections is bounded', async () => {
  const { server } = await served();
  const sockets = Array.from({ length: 40 }, () => connect(server.local.port, '127.0.0.1'));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let closed = 0;
  for (const socket of sockets) socket.on('error', () => {}).on('close', () => closed++);
  await expect.poll(() => closed).toBe(8);
});
