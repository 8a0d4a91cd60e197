import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { decodeReply, encodeRequest } from '../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { freePort, Launcher } from '../Support/launch.ts';

const ADDRESS = /^\d+\.\d+\.\d+\.\d+:\d+$/;

test('D1, D3: the port as argument; the first line is the address', async () => {
  const port = await freePort();
  const tracker = await Launcher.forTest().tracker([String(port)]);
  await tracker.line(/./);
  expect(tracker.lines[0]).toMatch(ADDRESS);
  expect(tracker.lines[0]).toMatch(new RegExp(`:${port}$`));
  expect(tracker.lines[0]).not.toMatch(/^0\.0\.0\.0/);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends a tracker with code 0', async (signal) => {
  const { program } = await Launcher.forTest().readyTracker();
  program.signal(signal);
  expect(await program.ended).toEqual({ code: 0, signal: null });
});

test('a taken port is an error with a hint and code 1', async () => {
  const launcher = Launcher.forTest();
  const { address } = await launcher.readyTracker();
  const [host = '', port = ''] = address.split(':');
  const second = await launcher.tracker(['--host', host, '--port', port]);
  expect(await second.ended).toMatchObject({ code: 1 });
  expect(second.stderr).toMatch(new RegExp(`^error: UDP port ${port} is already in use\nhint: .+\n$`));
  expect(second.stdout).toBe('');
});

test('--metrics serves figures over HTTP, and a taken port ends the tracker', async () => {
  const launcher = Launcher.forTest();
  const [udp, http] = [await freePort(), await freePort()];
  const flags = ['--host', '127.0.0.1', '--metrics', String(http)];
  const tracker = await launcher.tracker([...flags, '--port', String(udp)]);
  await tracker.line(ADDRESS);
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.send(encodeRequest('', 1, { type: 'connect' }), udp, '127.0.0.1');
  await once(socket, 'message');
  const shown = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
  expect(shown).toMatch(/^shoal_tracker_requests_total\{kind="connect"\} 1$/m);
  const second = await launcher.tracker([...flags, '--port', String(await freePort())]);
  expect(await second.exitCode()).toBe(1);
  expect(second.stderr).toMatch(/^error: TCP port \d+ for metrics is already in use\nhint: .+\n$/);
});

test.each([
  [['--port', '0'], 'is not a port'],
  [['--port', '65536'], 'is not a port'],
  [['banana'], 'is not a port'],
  [['--host', 'somewhere'], 'is not an IP address'],
  [['--max-peers', '-3'], 'is not a number of peers'],
  [['--nonsense'], 'unknown option'],
  [['1099', '1100'], 'too many arguments'],
  [['--host', '\u001b[31mred'], '\\u{1b}[31mred'],
])('%j is one error, one hint, code 2', async (args, message) => {
  const program = await Launcher.forTest().tracker(args);
  expect(await program.ended).toMatchObject({ code: 2 });
  expect(program.stderr).toContain(message);
  expect(program.stderr).toMatch(/^error: [^\n\u001b]+\nhint: [^\n]+\n$/);
});

test('E9: --interactive takes address and port from a pipe; empty is the default', async () => {
  const launcher = Launcher.forTest();
  const port = await freePort();
  const answered = await launcher.tracker(['--interactive']);
  answered.type('127.0.0.1', String(port));
  await answered.line(ADDRESS);
  expect(answered.lines).toEqual([`127.0.0.1:${port}`]);

  const other = await freePort();
  const preset = await launcher.tracker(['--interactive', '--host', '127.0.0.1', '--port', String(other)]);
  preset.type('', '');
  await preset.line(ADDRESS);
  expect(preset.lines).toEqual([`127.0.0.1:${other}`]);

  preset.signal('SIGTERM');
  expect(await preset.ended).toEqual({ code: 0, signal: null });

  const wrong = await launcher.tracker(['--interactive']);
  wrong.type('127.0.0.1', 'seven');
  expect(await wrong.ended).toMatchObject({ code: 2 });
});

test('--help shows the usage', async () => {
  const program = await Launcher.forTest().tracker(['--help']);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stdout).toMatch(/^Usage: node Tracker\.js/);
});

test('A2: it survives any datagrams, still answers, and writes no file', async () => {
  const launcher = Launcher.forTest();
  const { program, address } = await launcher.readyTracker();
  const [host = '', port = ''] = address.split(':');
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => new Promise((resolve) => socket.close(() => resolve())));
  const random = new SeededRandom(21);
  const connect = encodeRequest('', 5, { type: 'connect' });
  for (let count = 0; count < 2_000; count++) {
    const bytes = random.chance(0.5) ? random.bytes(random.int(0, 1_500)) : damaged(connect, random);
    await new Promise((resolve) => socket.send(bytes, Number(port), host, resolve));
  }
  const answered = once(socket, 'message');
  socket.send(connect, Number(port), host);
  const [reply] = await answered;
  expect(decodeReply(reply).reply.type).toBe('connected');
  expect(program.running).toBe(true);
  expect(program.stderr.replace(/^the system allows only .*\n/, '')).toBe('');
  expect(
    (await readdir(program.home, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()),
  ).toEqual([]);
});

function damaged(bytes: Buffer, random: SeededRandom): Buffer {
  const copy = Buffer.from(bytes);
  copy[random.int(0, 7)] = random.int(0, 255);
  return random.chance(0.5) ? copy : copy.subarray(0, random.int(0, 15));
}
