import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { within } from '../Support/Slowdown.ts';
import { lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

test('B1: the tracker listens on UDP 6881 by default', async ({ lan }) => {
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1']);
  const isListening = await tracker.line(/./).catch(() => undefined);
  expect(await isTaken(6_881)).toBe(true);
  if (isListening !== undefined) {
    expect(tracker.lines[0]).toBe('127.0.0.1:6881');
    return;
  }
  // Another tracker runs on this machine: the error proves that the default port was tried.
  expect(await tracker.exitCode()).toBe(1);
  expect(tracker.stderr).toContain('UDP port 6881 is already in use');
});

test('B2: without a port a first start takes a random one of 9000-9999', async ({ lan }) => {
  const ports: number[] = [];
  for (let round = 0; round < 4; round++) {
    const programs = await Promise.all(Array.from({ length: 5 }, () => lan.launcher.peer()));
    for (const program of programs) {
      const [line] = await program.ask('whoami --json', /^\{"version":.*$/);
      ports.push(JSON.parse(line).port);
    }
    await Promise.all(programs.map((program) => program.kill()));
  }
  expect(ports).toHaveLength(20);
  expect(ports.every((port) => port >= 9_000 && port <= 9_999)).toBe(true);
  expect(new Set(ports).size).toBeGreaterThan(10);
});

test('B3: the port as argument is listened on', async ({ lan }) => {
  const peer = await lan.peer('anna', { tracker: undefined });
  await peer.items('list');
  await new Promise<void>((resolve, reject) => {
    const socket = connect(peer.port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    }).on('error', reject);
  });
});

test('B4: the tracker by flag, by environment, by config file', async ({ lan }) => {
  const tracker = await lan.tracker();
  const config = await lan.launcher.folder();
  await config.write('.config/shoal/shoal.conf', `tracker = ${tracker}\n`);
  const peers = await Promise.all([
    lan.peer('flag', { tracker }),
    lan.peer('environment', { tracker: undefined, env: { SHOAL_TRACKER: tracker } }),
    lan.peer('file', { tracker: undefined, home: config.path, args: [] }),
  ]);
  for (const peer of peers) {
    await eventually(`${peer.name} is connected`, async () => {
      const [item] = await peer.items('tracker');
      return item?.state === 'connected' && `${item.host}:${item.port}` === tracker;
    });
  }
});

test.concurrent('B18: heartbeats keep a peer on the list; one that is stopped expires, and returns', async ({
  lan,
}) => {
  const port = String(await freePort());
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', port, '--verbose']);
  const [address] = await tracker.line(/^127\.0\.0\.1:\d+$/);
  const anna = await lan.peer('anna', { tracker: address });
  const berta = await lan.peer('berta', { tracker: address });
  const names = async () => (await berta.items('peers')).map(({ name }) => name);
  await eventually('anna is seen', async () => (await names()).includes('anna'));
  await tracker.line(/^heartbeat: "anna"/, { output: 'stderr' });
  anna.program.signal('SIGSTOP');
  await eventually('anna expires', async () => (await names()).length === 0);
  expect(tracker.stderr).toMatch(/^expired: "anna"/m);
  anna.program.signal('SIGCONT');
  await eventually('anna is back', async () => (await names()).includes('anna'));
});

test.concurrent('B19: a peer that starts before its tracker is registered within 10 s of its start', async ({
  lan,
}) => {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const anna = await lan.peer('anna', { tracker: address });
  const [before] = await anna.items('tracker');
  expect(before?.state).not.toBe('connected');
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', String(port), '--verbose']);
  await tracker.line(/^127\.0\.0\.1:\d+$/);
  await within(10_000, () => tracker.line(/^joined: "anna"/, { output: 'stderr' }));
});

function isTaken(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(true));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(false)));
  });
}
