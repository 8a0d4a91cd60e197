import { createServer } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { LaunchedProgram } from '../../bench/Programs/LaunchedProgram.ts';
import { freePort } from '../Support/launch.ts';
import { lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

test('D1: the tracker takes its port as argument', async ({ lan }) => {
  const port = await freePort();
  const tracker = await lan.launcher.tracker([String(port), '--host', '127.0.0.1']);
  const [address] = await tracker.line(/^127\.0\.0\.1:\d+$/);
  expect(address).toBe(`127.0.0.1:${port}`);
  const anna = await lan.peer('anna', { tracker: address });
  await eventually('anna is connected', async () => (await anna.items('tracker'))[0]?.state === 'connected');
});

test('D2: an address as only argument is the tracker, on its default port', async ({ lan }) => {
  const [flag, argument] = await Promise.all([
    lan.launcher.peer(['--tracker', '127.0.0.1']),
    lan.launcher.peer(['127.0.0.1']),
  ]);
  for (const program of [flag, argument]) {
    const [line] = await program.ask('tracker --json', /^\{"version":.*$/);
    expect(JSON.parse(line).items).toMatchObject([{ host: '127.0.0.1', port: 6_881, foundBy: 'configured' }]);
  }
});

test('D3: the first line of the tracker is its address', async ({ lan }) => {
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', String(await freePort())]);
  await tracker.line(/./);
  expect(tracker.lines[0]).toMatch(/^\d+\.\d+\.\d+\.\d+:\d+$/);
});

test('D4: the tracker names the port, and the peer listens on it; two peers get two', async ({ lan }) => {
  const port = String(await freePort());
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', port, '--verbose']);
  const [address] = await tracker.line(/^127\.0\.0\.1:\d+$/);
  const start = () => lan.launcher.peer(['--port', 'assigned', '--tracker', address]);
  const peers = await Promise.all([start(), start()]);
  const ports = await Promise.all(peers.map(portOf));
  const assigned = [...tracker.stderr.matchAll(/^assigned: port (\d+) to 127/gm)].map((match) =>
    Number(match[1]),
  );
  expect(ports[0]).not.toBe(ports[1]);
  for (const each of ports) expect(assigned).toContain(each);
  await eventually('the tracker hands out these ports', () =>
    ports.every((each) =>
      new RegExp(`^(joined|heartbeat): .* 127\\.0\\.0\\.1:${each} `, 'm').test(tracker.stderr),
    ),
  );
});

test('D4: a port that is taken here is not the last word', async ({ lan }) => {
  const tracker = await lan.tracker();
  const first = await lan.launcher.peer(['--port', 'assigned', '--tracker', tracker]);
  const next = (await portOf(first)) + 1;
  const squatter = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    squatter.once('error', () => resolve(false)).listen(next, () => resolve(true));
  });
  onTestFinished(() => void squatter.close());
  const second = await lan.launcher.peer(['--port', 'assigned', '--tracker', tracker]);
  const port = await portOf(second);
  expect(port).toBeGreaterThan(next);
  expect(isFree || port > next).toBe(true);
});

test.for([
  [['--port', 'assigned'], 1, /--port assigned needs a tracker/],
  [
    ['--port', 'assigned', '--tracker', '127.0.0.1:9'],
    1,
    /no port was assigned: 127\.0\.0\.1:9 does not answer/,
  ],
] as const)('D4: %j is one error with a hint', async ([args, code, message], { lan }) => {
  const program = await lan.launcher.peer(args);
  expect(await program.exitCode()).toBe(code);
  expect(program.stderr).toMatch(message);
  expect(program.stderr).toMatch(/hint: .+\n$/);
});

async function portOf(program: LaunchedProgram): Promise<number> {
  const [line] = await program.ask('whoami --json', /^\{"version":.*$/);
  return JSON.parse(line).port;
}
